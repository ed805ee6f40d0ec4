"""The operator's hand: what a person asks of a running daemon is heard within a second and goes before every rule."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal as D

from marginbot.domain.amounts import Symbol
from marginbot.domain.policy import Do
from marginbot.engine.daemon.desk import Desk, Request
from tests.engine.stage import ACCOUNT, BTCUSDT, ORDER, Stage, a_stage
from tests.engine.watching import Watching, a_policy, level_rule, watching
from tests.virtual_time import in_virtual_time

# The stage's long: level 1.25 at 100,000, 1.20 at 96,000, 1.10 at 88,000, 1.05 at 84,000.
WARN = level_rule("warn", "1.20", Do.ALERT)
LESS = level_rule("sell some", "1.15", Do.DELEVERAGE, target_level=D("1.22"))
OUT = level_rule("unwind", "1.10", Do.UNWIND)
POLICY = a_policy(WARN, OUT)


def desk_of(stage: Stage) -> Desk:
    return Desk(stage.journal.file, "1")


async def asked(watch: Watching, kind: str, symbol: Symbol | None = BTCUSDT, **arguments: str) -> Request:
    """Ask, and wait until the daemon has seen it."""
    desk = desk_of(watch.stage)
    number = desk.ask(kind, symbol, arguments, watch.stage.clock.now())
    await watch.until(lambda: found(desk, number).taken_at is not None, 1.0)
    return found(desk, number)


async def over(watch: Watching, request: Request, within: float = 60.0) -> str:
    """What the person is told in the end."""
    desk = desk_of(watch.stage)
    await watch.until(lambda: found(desk, request.id).ended_at is not None, within)
    return found(desk, request.id).answer or ""


def found(desk: Desk, number: int) -> Request:
    request = desk.one(number)
    assert request is not None
    return request


async def begun(watch: Watching) -> None:
    await watch.until(
        lambda: BTCUSDT in watch.daemon.watch.pairs and watch.daemon.watch.pairs[BTCUSDT].known.assigned is not None
    )


@in_virtual_time
async def test_a_pause_holds_rules_back_says_so_once_and_resume_lets_them_act():
    async with a_stage("long") as stage, watching(stage, POLICY) as watch:
        await begun(watch)
        await asked(watch, "pause")
        await watch.price("87000")
        await watch.rest(30)
        assert (stage.writes(), watch.ended()) == ([], [])
        held = [text for text in watch.alarms() if "fires" in text]
        assert len(held) == 1, "a notice while held back is said once, not at each look"
        assert "'unwind' fires" in held[0]
        assert "until `marginbot resume` is said" in held[0]
        assert await over(watch, await asked(watch, "resume")) == "1 pause ended"
        await watch.until(lambda: watch.ended() == [("unwind", "flat")])


@in_virtual_time
async def test_a_second_pause_is_told_again():
    async with a_stage("long") as stage, watching(stage, POLICY) as watch:
        await begun(watch)
        await asked(watch, "pause")
        await watch.price("87000")
        await watch.rest(10)
        await watch.price("100000")
        await asked(watch, "resume")
        await watch.rest(10)
        await asked(watch, "pause")
        await watch.price("87000")
        await watch.rest(10)
        assert len([text for text in watch.alarms() if "'unwind' fires" in text]) == 2


@in_virtual_time
async def test_a_pause_of_another_pair_holds_nothing_back():
    async with a_stage("default") as stage, watching(stage, POLICY) as watch:
        await begun(watch)
        await asked(watch, "pause", Symbol("ETHUSDT"))
        await watch.price("87000")
        await watch.until(lambda: ("unwind", "flat") in watch.ended())


@in_virtual_time
async def test_a_pause_with_an_end_is_told_when_it_is_over_and_protection_works_again():
    async with a_stage("long") as stage, watching(stage, POLICY) as watch:
        await begun(watch)
        until = stage.clock.now() + timedelta(minutes=2)
        paused = await asked(watch, "pause", None, until=until.isoformat())
        await watch.price("87000")
        await watch.rest(115)
        assert stage.writes() == []
        assert await over(watch, paused) == "its time is over"
        assert "the pause of every pair is over: protection works again" in watch.alarms()
        await watch.until(lambda: watch.ended() == [("unwind", "flat")])


@in_virtual_time
async def test_a_pause_in_the_middle_of_an_errand_stops_it_there_and_it_goes_on_after_the_pause():
    async with a_stage("long") as stage, watching(stage, POLICY) as watch:
        await begun(watch)
        await watch.price("87000")
        stage.fault(kind="slow", method="POST", path=ORDER, after_ms=3_000)
        await watch.until(lambda: stage.journal.open_intents("1", BTCUSDT) != ())
        await asked(watch, "pause")
        await watch.rest(20)
        assert [path for _, path in stage.writes()] == [ORDER]
        assert [outcome for _, outcome in watch.ended()] == ["stopped"]
        await asked(watch, "resume")
        await watch.until(lambda: ("unwind", "flat") in watch.ended())
        assert (await stage.account()).is_empty


@in_virtual_time
async def test_a_pause_does_not_hold_back_what_a_person_asks_for():
    async with a_stage("long") as stage, watching(stage, POLICY) as watch:
        await begun(watch)
        await asked(watch, "pause", None)
        told = await over(watch, await asked(watch, "unwind"))
        assert told.startswith("BTCUSDT: flat")
        assert watch.ended() == [("unwind by hand", "flat")]
        assert (await stage.account()).is_empty


@in_virtual_time
async def test_resume_of_one_pair_says_that_all_are_still_paused():
    async with a_stage("long") as stage, watching(stage, POLICY) as watch:
        await begun(watch)
        await asked(watch, "pause", None)
        told = await over(watch, await asked(watch, "resume"))
        assert told.startswith("nothing was paused, but every pair is still paused")
        assert watch.daemon.pauses.of(BTCUSDT) is not None
        assert await over(watch, await asked(watch, "resume", None)) == "1 pause ended"
        assert watch.daemon.pauses.of(BTCUSDT) is None


@in_virtual_time
async def test_a_pause_of_a_pair_that_the_account_does_not_have_is_refused():
    async with a_stage("long") as stage, watching(stage, POLICY) as watch:
        await begun(watch)
        told = await over(watch, await asked(watch, "pause", Symbol("NOUSDT")))
        assert told == "there is no isolated margin account of NOUSDT: nothing is paused"


@in_virtual_time
async def test_ack_reaches_whoever_repeats_alarms():
    async with a_stage("long") as stage, watching(stage, POLICY) as watch:
        heard: list[Symbol | None] = []
        watch.daemon.operator.acknowledge = heard.append
        assert await over(watch, await asked(watch, "ack")) == "acknowledged for BTCUSDT"
        assert await over(watch, await asked(watch, "ack", None)) == "acknowledged for every pair"
        assert heard == [BTCUSDT, None]


@in_virtual_time
async def test_panic_brings_every_pair_home():
    async with a_stage("default") as stage, watching(stage, POLICY) as watch:
        told = await over(watch, await asked(watch, "panic", None))
        for symbol, row in (await stage.exchange.isolated_accounts()).items():
            assert row.is_empty, symbol
        assert told.count(": flat") == 3
        assert {rule for rule, _ in watch.ended()} == {"panic by hand"}


@in_virtual_time
async def test_a_panic_is_not_over_before_the_account_was_read():
    async with a_stage("default") as stage:
        stage.fault(kind="answer", status=503, method="GET", path=ACCOUNT, count=5)
        async with watching(stage, POLICY) as watch:
            request = await asked(watch, "panic", None)
            assert request.ended_at is None
            assert (await over(watch, request)).count(": flat") == 3


@in_virtual_time
async def test_an_unwind_asked_for_while_a_rule_works_takes_its_errand_over():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN, LESS)) as watch:
        await begun(watch)
        await watch.price("91500")
        stage.fault(kind="slow", method="POST", path=ORDER, after_ms=2_000)
        await watch.until(lambda: stage.journal.open_intents("1", BTCUSDT) != ())
        told = await over(watch, await asked(watch, "unwind"))
        assert told.startswith("BTCUSDT: flat")
        assert (await stage.account()).is_empty
        assert ("sell some", "reached") not in watch.ended()


@in_virtual_time
async def test_an_unwind_that_a_daemon_took_is_ended_by_the_next_one_after_its_death():
    async with a_stage("long") as stage:
        async with watching(stage, POLICY) as watch:
            await begun(watch)
            stage.fault(kind="slow", method="POST", path=ORDER, after_ms=2_000)
            request = await asked(watch, "unwind")
            await watch.until(lambda: stage.journal.open_intents("1", BTCUSDT) != ())
        assert found(desk_of(stage), request.id).ended_at is None
        async with watching(stage, POLICY) as watch:
            assert (await over(watch, request)).startswith("BTCUSDT: flat")


@in_virtual_time
async def test_an_unwind_of_a_pair_that_is_not_open_sends_nothing_and_ends():
    async with a_stage("long") as stage, watching(stage, POLICY) as watch:
        told = await over(watch, await asked(watch, "unwind", Symbol("NOUSDT")))
        assert told == "there is no open isolated margin account of NOUSDT: nothing was sent"
        assert stage.writes() == []


@in_virtual_time
async def test_the_cap_and_the_coin_that_were_asked_for_reach_the_errand():
    async with a_stage("long") as stage, watching(stage, POLICY) as watch:
        await begun(watch)
        stage.fault(kind="slow", method="POST", path=ORDER, after_ms=2_000)
        await asked(watch, "unwind", into="keep", sweep="false", cap_bps="37")
        await watch.until(lambda: stage.journal.open_intents("1", BTCUSDT) != ())
        (episode,) = stage.journal.open_episodes("1")
        assert episode.goal == {"goal": "flat", "into": "keep", "sweep": "false", "cap_bps": "37", "widens": "false"}


@in_virtual_time
async def test_what_this_version_does_not_know_is_answered_and_left():
    async with a_stage("long") as stage, watching(stage, POLICY) as watch:
        assert await over(watch, await asked(watch, "dance")) == "this marginbot does not know how to dance"
        assert stage.writes() == []


@in_virtual_time
async def test_a_dry_run_refuses_to_unwind():
    async with a_stage("long") as stage, watching(stage, POLICY) as watch:
        watch.daemon.outfit.dry_run = True
        for kind in ("unwind", "panic"):
            assert await over(watch, await asked(watch, kind)) == "this `marginbot run` is a dry run and sends nothing"
        assert (stage.writes(), stage.journal.open_episodes("1")) == ([], ())
