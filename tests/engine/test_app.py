"""The wiring: settings in, a working marginbot out, over the embedded paper world, under virtual time."""

from __future__ import annotations

import asyncio
import re
from decimal import Decimal as D
from pathlib import Path

import pytest

from marginbot.app import App, open_app
from marginbot.app.demo import open_demo
from marginbot.domain.amounts import Symbol
from marginbot.domain.plan import Goal, Limits
from marginbot.engine.journal.journal import Journal
from marginbot.engine.patience import Interrupted
from marginbot.engine.report import Outcome
from marginbot.errors import ConfigError, JournalUnavailable, SafetyRefused
from tests.empty_folder import emptied
from tests.empty_folder import typed_settings as settings
from tests.virtual_time import VirtualClock, in_virtual_time

BTCUSDT = Symbol("BTCUSDT")
TO_FLAT = Goal(BTCUSDT)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return emptied(tmp_path, monkeypatch)


@in_virtual_time
async def test_paper_without_a_key_unwinds_and_the_world_remembers_it():
    async with open_app(settings(), clock=VirtualClock()) as app:
        report = await app.unwind(TO_FLAT).run()
        assert (app.venue, report.outcome) == ("paper", Outcome.FLAT)
    async with open_app(settings(), clock=VirtualClock()) as app:
        again = await app.unwind(TO_FLAT).run()
        assert (again.outcome, again.steps) == (Outcome.FLAT, [])
        assert [intent.kind for intent in app.journal.history()] == ["close", "repay", "sweep"]


@in_virtual_time
async def test_the_plan_is_what_the_run_then_does():
    async with open_app(settings(), clock=VirtualClock()) as app:
        planned = await app.plan(TO_FLAT)
        report = await app.unwind(TO_FLAT).run()
        assert [step.amount for step in planned.steps] == [step.amount for step in report.steps]


@in_virtual_time
async def test_status_shows_the_account_and_leaves_the_reserve_of_the_budgets_alone():
    async with open_app(settings(), clock=VirtualClock()) as app:
        survey = await app.status()
        assert survey.pairs[0].account.symbol == BTCUSDT
        assert [pair.account.symbol for pair in (await app.status((Symbol("ADAUSDT"),))).pairs] == ["ADAUSDT"]


@in_virtual_time
async def test_limits_and_deadline_come_from_the_settings():
    typed = settings(unwind__max_slippage_bps="7", unwind__topup_crumb="3.5", unwind__deadline="45")
    async with open_app(typed, clock=VirtualClock()) as app:
        assert app.limits == Limits(D(7), D("3.5"))
        assert app.unwind(TO_FLAT).patience.left == 45


@in_virtual_time
async def test_client_ids_are_what_the_exchange_takes_and_never_the_same():
    async with open_app(settings(), clock=VirtualClock()) as app:
        ids = {app.new_id() for _ in range(1000)}
        assert len(ids) == 1000
        assert all(re.fullmatch(r"mb-[0-9a-zA-Z_-]{1,33}", name) for name in ids)


@in_virtual_time
async def test_a_second_run_on_the_pair_is_refused_before_it_writes_and_another_pair_is_free():
    async with open_app(settings(), clock=VirtualClock()) as app:
        with app.hold("1", BTCUSDT):
            refused = await app.unwind(TO_FLAT).run()
            assert (refused.outcome, refused.exit_code, refused.steps) == (Outcome.REFUSED, 3, [])
            assert "another marginbot" in refused.reason
            assert (await app.unwind(Goal(Symbol("ETHUSDT"))).run()).outcome is Outcome.FLAT
        assert (await app.unwind(TO_FLAT).run()).outcome is Outcome.FLAT


@in_virtual_time
async def test_of_two_runs_at_the_same_time_one_is_refused_and_the_other_reaches_the_goal():
    async with open_app(settings(), clock=VirtualClock()) as app:
        reports = await asyncio.gather(app.unwind(TO_FLAT).run(), app.unwind(TO_FLAT).run())
        assert sorted(report.exit_code for report in reports) == [0, 3]
        assert [intent.kind for intent in app.journal.history()] == ["close", "repay", "sweep"]


@in_virtual_time
async def test_a_run_that_looked_before_another_ended_looks_again_before_it_decides():
    async with open_app(settings(), clock=VirtualClock()) as app:
        late = app.unwind(TO_FLAT)
        first_look = late._looker.first

        class Meanwhile:
            """The other run works after our first look and before we hold the pair."""

            async def first(self):
                seen = await first_look()
                assert (await app.unwind(TO_FLAT).run()).outcome is Outcome.FLAT
                return seen

            def __getattr__(self, name):
                return getattr(looker, name)

        looker = late._looker
        late._looker = Meanwhile()
        report = await late.run()
        assert (report.outcome, report.steps) == (Outcome.FLAT, [])


@in_virtual_time
async def test_a_stop_before_the_start_ends_every_command():
    async with open_app(settings(), clock=VirtualClock()) as app:
        app.stop.set()
        report = await app.unwind(TO_FLAT).run()
        assert (report.outcome, report.exit_code) == (Outcome.STOPPED, 1)
        assert (await app.plan(TO_FLAT)).outcome is Outcome.STOPPED
        with pytest.raises(Interrupted):
            await app.pause(5)


@in_virtual_time
async def test_the_journal_lies_where_the_settings_say(folder):
    async with open_app(settings(state__url=f"sqlite:///{folder}/own place/j.sqlite"), clock=VirtualClock()) as app:
        await app.unwind(TO_FLAT).run()
    journal = Journal.in_file(folder / "own place" / "j.sqlite")
    assert len(list(journal.history())) == 3
    journal.close()


@in_virtual_time
async def test_a_journal_that_is_none_is_an_error_before_anything_is_opened(folder):
    (folder / "notes.txt").write_text("not a database, but long enough to be looked at" * 50)
    with pytest.raises(JournalUnavailable, match="notes"):
        async with open_app(settings(state__url=f"sqlite:///{folder}/notes.txt"), clock=VirtualClock()):
            pass


@in_virtual_time
async def test_the_live_venue_needs_a_key():
    with pytest.raises((ConfigError, SafetyRefused)):
        async with open_app(settings(venue="live"), clock=VirtualClock()) as app:
            await app.plan(TO_FLAT)


def test_the_demo_lives_in_memory_and_leaves_nothing_behind(folder):
    async def look() -> tuple[App, str]:
        async with open_demo(settings()) as demo:
            (pair,) = (await demo.app.status()).pairs
            return demo.app, pair.account.symbol

    app, symbol = asyncio.run(look())
    assert symbol == BTCUSDT
    assert not app.locks.exists()
    assert not (folder / "state").exists()
