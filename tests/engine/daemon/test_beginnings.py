"""What a rule wants begins as a whole or not at all: that it fired is kept with what it began, and not without."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal as D

import pytest

from marginbot.domain.amounts import Symbol
from marginbot.domain.policy import Cron, Do, Rule
from marginbot.domain.situation import Ruling
from marginbot.engine.events import Event, Fired, StepStarted
from marginbot.engine.journal.entries import State
from marginbot.engine.journal.journal import Journal
from marginbot.engine.lock import pair_lock
from tests.engine.journal.test_journal import AN_INTENT
from tests.engine.journal.test_unwritable_journal import Disk
from tests.engine.stage import BTCUSDT, ORDER, a_stage
from tests.engine.watching import Watching, a_policy, level_rule, watching
from tests.virtual_time import in_virtual_time

# The stage's long: 0.05 BTC at 100,000 against 4000 USDT: level 1.25, 1.15 at 92,000.
POLICY = a_policy(level_rule("sell some", "1.15", Do.DELEVERAGE, target_level=D("1.22")))


def is_seen(watch: Watching) -> bool:
    pair = watch.daemon.watch.pairs.get(BTCUSDT)
    return pair is not None and pair.known.assigned is not None


def _stops_it(watch: Watching):
    """The signal comes when a look was judged, before anything of it is begun."""

    def judged(_symbol: Symbol, ruling: Ruling) -> None:
        if ruling.fires is not None:
            watch.daemon.stop.set()

    return judged


@in_virtual_time
async def test_a_rule_fires_again_after_a_crash_between_its_firing_and_its_first_step(tmp_path):
    async with a_stage("long", directory=tmp_path) as stage:
        with pytest.MonkeyPatch.context() as patch:
            async with watching(stage, POLICY) as first:
                await first.until(lambda: is_seen(first))

                def die(_self: Journal, *_given: object) -> int:
                    raise asyncio.CancelledError

                patch.setattr(Journal, "intend", die)
                await first.price("91500")
                await first.until(lambda: first.fired() == ["sell some"])
                first.daemon.watch.pairs.clear()  # what it knew dies with it
        assert (stage.sent("POST", ORDER), stage.journal.open_episodes("1")) == ([], ()), "nothing was begun"
        async with watching(stage, POLICY) as second:
            await second.until(lambda: second.ended() == [("sell some", "reached")])
        assert second.fired() == ["sell some"]


@in_virtual_time
async def test_a_rule_that_began_is_not_fired_a_second_time_by_the_next_process(tmp_path):
    async with a_stage("long", directory=tmp_path) as stage:
        async with watching(stage, POLICY) as first:
            await first.until(lambda: is_seen(first))
            await first.price("91500")
            await first.until(lambda: any(isinstance(event, StepStarted) for _, event in first.told))
        async with watching(stage, POLICY) as second:
            await second.rest(10)
        assert (first.fired(), second.fired()) == (["sell some"], [])


@in_virtual_time
async def test_a_rule_that_a_signal_keeps_from_its_first_step_fires_again_in_the_next_process(tmp_path):
    async with a_stage("long", directory=tmp_path) as stage:
        async with watching(stage, POLICY) as first:
            await first.until(lambda: is_seen(first))
            first.daemon.outfit.judged = _stops_it(first)
            await first.price("91500")
            await first.until(lambda: first.ended() == [("sell some", "stopped")])
        assert stage.sent("POST", ORDER) == []
        async with watching(stage, POLICY) as second:
            await second.until(lambda: second.ended() == [("sell some", "reached")], within=5)


@in_virtual_time
async def test_a_rule_fires_again_when_the_exchange_goes_away_before_its_first_step():
    """Somebody else worked on the pair since the look, so there is one more look before the first step: nobody answers it."""
    async with a_stage("long") as stage, watching(stage, POLICY, deadline=5) as watch:

        def leave(_symbol: Symbol, ruling: Ruling) -> None:
            if ruling.fires is not None:
                watch.daemon.outfit.judged = lambda *_: None
                number = stage.journal.intend("1", replace(AN_INTENT, started_at=stage.clock.now()))
                stage.journal.outcome(number, State.DONE, stage.clock.now())
                stage.fault(kind="answer", status=503, count=None)

        await watch.until(lambda: is_seen(watch))
        watch.daemon.outfit.judged = leave
        await watch.price("91500")
        await watch.until(lambda: watch.ended() == [("sell some", "stopped")])
        assert stage.sent("POST", ORDER) == []
        stage.paper.faults.clear()
        await watch.until(lambda: watch.ended() == [("sell some", "stopped"), ("sell some", "reached")], within=10)


@in_virtual_time
async def test_a_rule_of_the_clock_that_cannot_be_written_down_is_not_lost(tmp_path):
    by_the_clock = Rule("tidy", Cron("* * * * *"), Do.DELEVERAGE, target_level=D("1.3"))
    async with a_stage("long", directory=tmp_path) as stage:
        disk = Disk(stage, tmp_path)
        async with watching(stage, a_policy(by_the_clock)) as watch:
            await watch.until(lambda: is_seen(watch))
            disk.hold()
            watch.daemon.watch.pairs[BTCUSDT].known.cron_due.add("tidy")
            watch.daemon.watch.look_now()
            await watch.until(lambda: ("tidy", "reached") in watch.ended())
            disk.let_go()
            await watch.until(lambda: watch.daemon.health.troubles() == {})


@in_virtual_time
async def test_a_rule_that_finds_its_pair_held_by_another_process_acts_as_soon_as_that_lets_go(tmp_path):
    def hold(symbol: Symbol):
        return pair_lock(tmp_path, "paper", "1", symbol)

    async with a_stage("long", directory=tmp_path) as stage, watching(stage, POLICY) as watch:
        watch.daemon.outfit.lock = hold
        await watch.until(lambda: is_seen(watch))
        with hold(BTCUSDT):
            await watch.price("91500")
            await watch.until(lambda: ("sell some", "refused") in watch.ended())
            assert stage.sent("POST", ORDER) == []
        await watch.until(lambda: ("sell some", "reached") in watch.ended())


@pytest.mark.parametrize("latency_ms", [0, 20, 45])
@in_virtual_time
async def test_the_order_is_sent_before_anybody_is_told_and_no_tick_is_read_until_then(tmp_path, latency_ms):
    sent: list[int] = []
    async with a_stage("long", directory=tmp_path, latency_ms=latency_ms) as stage:

        def hear(_symbol: Symbol, event: Event) -> None:
            if isinstance(event, Fired):
                sent.append(len(stage.sent("POST", ORDER)))

        async with watching(stage, POLICY, tell=hear) as watch:
            await watch.until(lambda: is_seen(watch))
            await watch.price("91500")
            await watch.rest(0.001 if latency_ms else 0)
            assert not watch.daemon.watch.fences.calm.is_set()
            await watch.until(lambda: sent != [])
            assert watch.daemon.watch.fences.calm.is_set()
    assert sent == [1]
