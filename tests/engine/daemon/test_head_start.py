"""The head start of an act: what it takes while the look is still on its way, and that nobody is kept out without need."""

from __future__ import annotations

import asyncio
from decimal import Decimal as D

import pytest

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import Asset
from marginbot.domain.policy import Do
from marginbot.engine.daemon.backstop import Backstop
from marginbot.engine.journal.journal import Journal
from marginbot.engine.lock import pair_lock
from marginbot.errors import JournalUnavailable, SafetyRefused
from tests.engine.daemon.test_beginnings import is_seen
from tests.engine.journal.test_journal import AN_INTENT
from tests.engine.stage import BTCUSDT, ORDER, a_stage
from tests.engine.watching import Watching, a_policy, level_rule, watching
from tests.virtual_time import in_virtual_time

# The stage's long: 0.05 BTC at 100,000 against 4000 USDT: level 1.25, 1.15 at 92,000.
POLICY = a_policy(level_rule("sell some", "1.15", Do.DELEVERAGE, target_level=D("1.22")))


def locks_in(watch: Watching, tmp_path) -> None:
    watch.daemon.outfit.lock = lambda symbol: pair_lock(tmp_path, "paper", "1", symbol)


def is_held(tmp_path) -> bool:
    try:
        with pair_lock(tmp_path, "paper", "1", BTCUSDT):
            return False
    except SafetyRefused:
        return True


async def held_when_judged(watch: Watching, tmp_path) -> bool:
    """Look at the pair once; answers whether it was held when the look was judged."""
    held: list[bool] = []
    watch.daemon.outfit.judged = lambda _symbol, _ruling: held.append(is_held(tmp_path))
    watch.daemon.watch.crossed(BTCUSDT)
    await watch.until(lambda: len(held) == 1 and not watch.daemon.watch.pairs[BTCUSDT].busy)
    return held[0]


@in_virtual_time
async def test_the_pair_is_held_before_a_look_is_complete_and_let_go_when_nothing_fires(tmp_path):
    async with a_stage("long", directory=tmp_path) as stage, watching(stage, POLICY) as watch:
        locks_in(watch, tmp_path)
        await watch.until(lambda: is_seen(watch))
        assert await held_when_judged(watch, tmp_path)
        assert not is_held(tmp_path)


@in_virtual_time
async def test_a_dry_run_holds_nobody_out(tmp_path):
    async with a_stage("long", directory=tmp_path) as stage, watching(stage, POLICY) as watch:
        locks_in(watch, tmp_path)
        watch.daemon.outfit.dry_run = True
        await watch.until(lambda: is_seen(watch))
        assert not await held_when_judged(watch, tmp_path)


@in_virtual_time
async def test_in_a_pause_nobody_is_held_out(tmp_path):
    async with a_stage("long", directory=tmp_path) as stage, watching(stage, POLICY) as watch:
        locks_in(watch, tmp_path)
        watch.daemon.outfit.held_back = lambda _symbol: "paused"
        await watch.until(lambda: is_seen(watch))
        assert not await held_when_judged(watch, tmp_path)


@in_virtual_time
async def test_a_look_that_cannot_be_finished_lets_go_of_the_pair_before_it_is_tried_again(tmp_path):
    async with a_stage("long", directory=tmp_path) as stage, watching(stage, POLICY, deadline=30) as watch:
        locks_in(watch, tmp_path)
        await watch.until(lambda: is_seen(watch))
        stage.fault(kind="answer", status=503, count=None, path="/api/v3/depth")
        pair = watch.daemon.watch.pairs[BTCUSDT]
        watch.daemon.watch.crossed(BTCUSDT)
        await watch.until(lambda: pair.busy)
        seen: list[bool] = []
        for _ in range(20):
            await watch.rest(0.5)
            seen.append(is_held(tmp_path))
        assert (pair.busy, set(seen)) == (True, {False})
        stage.paper.faults.clear()
        await watch.until(lambda: not pair.busy)


@in_virtual_time
async def test_a_stale_look_lets_go_of_the_pair_before_it_is_repeated(tmp_path):
    async with a_stage("long", directory=tmp_path) as stage, watching(stage, POLICY) as watch:
        locks_in(watch, tmp_path)
        await watch.until(lambda: is_seen(watch))
        pair = watch.daemon.watch.pairs[BTCUSDT]
        assert pair.eyes.looker is not None
        pair.eyes.looker.steps.repaid(Asset("USDT"), D(10))  # no answer shows it
        watch.daemon.watch.crossed(BTCUSDT)
        seen: list[bool] = []
        for _ in range(5):
            await watch.rest(1)
            seen.append(is_held(tmp_path))
        assert (pair.busy, set(seen)) == (True, {False})
        await watch.until(lambda: not pair.busy)


@in_virtual_time
async def test_nobody_is_held_out_while_a_backstop_is_accounted_for(tmp_path, monkeypatch):
    held: list[bool] = []

    async def account_for(_backstop: Backstop, _account: IsolatedAccount) -> bool:
        held.append(is_held(tmp_path))
        return False

    async with a_stage("long", directory=tmp_path) as stage, watching(stage, POLICY) as watch:
        locks_in(watch, tmp_path)
        await watch.until(lambda: is_seen(watch))
        monkeypatch.setattr(Backstop, "account_for", account_for)
        assert await held_when_judged(watch, tmp_path)
        assert held == [False]


@in_virtual_time
async def test_a_look_that_fails_within_a_run_does_not_let_go_of_the_pair(tmp_path):
    async with a_stage("long", directory=tmp_path) as stage, watching(stage, POLICY, deadline=30) as watch:
        locks_in(watch, tmp_path)
        await watch.until(lambda: is_seen(watch))
        down = lambda: stage.fault(kind="answer", status=503, count=None, path="/api/v3/depth")  # noqa: E731
        stage.transport.after = lambda request, _: down() if (request.method, request.url.path) == ("POST", ORDER) else None
        await watch.price("91500")
        await watch.until(lambda: stage.sent("POST", ORDER) != [])
        await watch.rest(5)
        assert is_held(tmp_path)
        stage.transport.after = None
        stage.paper.faults.clear()
        await watch.until(lambda: watch.ended() == [("sell some", "reached")])
        await watch.until(lambda: not is_held(tmp_path))


@in_virtual_time
async def test_a_damaged_row_is_no_trouble_before_somebody_needs_it(tmp_path):
    async with a_stage("long", directory=tmp_path) as stage, watching(stage, POLICY) as watch:
        await watch.until(lambda: is_seen(watch))
        stage.journal.intend("1", AN_INTENT)
        with stage.journal.file.writing(durable=False) as connection:
            connection.exec_driver_sql("UPDATE intents SET step = 'no JSON'")
        await held_when_judged(watch, tmp_path)
        assert watch.daemon.health.troubles() == {}


@in_virtual_time
async def test_a_look_at_a_pair_that_somebody_else_holds_is_a_look_all_the_same(tmp_path):
    async with a_stage("long", directory=tmp_path) as stage, watching(stage, POLICY) as watch:
        locks_in(watch, tmp_path)
        await watch.until(lambda: is_seen(watch))
        with pair_lock(tmp_path, "paper", "1", BTCUSDT):
            visits = watch.daemon.watch.visits
            watch.daemon.watch.crossed(BTCUSDT)
            await watch.until(lambda: watch.daemon.watch.visits > visits and not watch.daemon.watch.pairs[BTCUSDT].busy)
            assert (watch.alarms(), watch.daemon.health.troubles()) == ([], {})


@in_virtual_time
async def test_a_journal_that_cannot_be_asked_ahead_is_asked_again_when_it_is_needed(tmp_path, monkeypatch):
    def fail(*_: object) -> None:
        raise JournalUnavailable("the disk is slow today")

    async with a_stage("long", directory=tmp_path) as stage, watching(stage, POLICY) as watch:
        await watch.until(lambda: is_seen(watch))
        monkeypatch.setattr(Journal, "read_ahead", fail)
        await watch.price("91500")
        await watch.until(lambda: watch.ended() == [("sell some", "reached")])


@in_virtual_time
async def test_a_look_that_fails_half_way_lets_go_of_the_pair(tmp_path):
    async with a_stage("long", directory=tmp_path) as stage, watching(stage, POLICY) as watch:
        locks_in(watch, tmp_path)
        await watch.until(lambda: is_seen(watch))
        pair = watch.daemon.watch.pairs[BTCUSDT]

        def break_off() -> None:
            pair.head_start.begin()
            raise asyncio.CancelledError

        assert pair.eyes.looker is not None
        pair.eyes.looker.meanwhile = break_off
        with pytest.raises(asyncio.CancelledError):
            await pair.visit()
        assert not is_held(tmp_path)
        pair.eyes.looker.meanwhile = pair.head_start.begin
