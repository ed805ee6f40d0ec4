"""The watch: what fires acts once, a crossing is looked at at once, the most severe rule runs, an unwind goes to flat."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal as D

from marginbot.domain.policy import AgeAbove, Do, Rule
from tests.engine.stage import ACCOUNT, BTCUSDT, a_stage
from tests.engine.watching import a_policy, level_rule, watching
from tests.virtual_time import in_virtual_time

# The stage's long: 0.05 BTC at 100,000 against 4000 USDT: level 1.25, 1.20 at 96,000, 1.10 at 88,000, 1.05 at 84,000.
WARN = level_rule("warn", "1.20", Do.ALERT)
LESS = level_rule("sell some", "1.15", Do.DELEVERAGE, target_level=D("1.22"))
OUT = level_rule("get out", "1.10", Do.UNWIND)


@in_virtual_time
async def test_a_quiet_pair_is_looked_at_every_five_seconds_and_nothing_is_sent():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN, OUT)) as watch:
        await watch.until(lambda: len(stage.sent("GET", ACCOUNT)) >= 10)
        assert 35 <= stage.clock.monotonic() <= 50
        assert (watch.fired(), stage.writes()) == ([], [])


@in_virtual_time
async def test_an_alert_fires_once_while_the_level_oscillates_and_again_after_it_was_back():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN, OUT)) as watch:
        await watch.until(lambda: BTCUSDT in watch.daemon.watch.pairs)
        for _ in range(3):
            for price in ("95500", "96300"):
                await watch.price(price)
                await watch.rest(7)
        assert watch.fired() == ["warn"]
        await watch.price("99000")
        await watch.rest(7)
        await watch.price("95500")
        await watch.until(lambda: watch.fired() == ["warn", "warn"])


@in_virtual_time
async def test_a_fall_through_every_rung_between_two_looks_runs_the_most_severe_to_flat():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN, LESS, OUT)) as watch:
        await watch.until(lambda: BTCUSDT in watch.daemon.watch.pairs)
        await watch.price("87000")
        await watch.until(lambda: watch.ended() == [("get out", "flat")])
        account = await stage.account()
        assert account.is_empty
        assert watch.fired() == ["warn", "sell some", "get out"]


@in_virtual_time
async def test_a_tick_beyond_the_fence_is_acted_on_within_the_second():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN, OUT)) as watch:
        await watch.until(lambda: BTCUSDT in watch.daemon.watch.pairs)
        watch.tick()
        await watch.until(lambda: watch.daemon.watch.pairs[BTCUSDT].known.fence.below is not None, 20)
        await watch.price("87900", ticks=False)
        before = stage.clock.monotonic()
        watch.tick()
        await watch.until(lambda: stage.writes() != [])
        assert stage.clock.monotonic() - before < 1.0


@in_virtual_time
async def test_a_crossing_that_comes_right_after_a_visit_is_served_a_moment_later_and_not_lost():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN, OUT)) as watch:
        await watch.until(lambda: BTCUSDT in watch.daemon.watch.pairs)
        watch.tick()
        await watch.until(lambda: watch.daemon.watch.pairs[BTCUSDT].known.fence.below is not None, 20)
        visits = watch.daemon.watch.visits
        await watch.price("95500")
        await watch.rest(0.15)
        assert (watch.daemon.watch.visits, watch.fired()) == (visits + 1, ["warn"])
        await watch.price("87900")
        before = stage.clock.monotonic()
        assert watch.daemon.watch.visits == visits + 1, "it is too soon"
        await watch.until(lambda: stage.writes() != [])
        assert stage.clock.monotonic() - before < 0.2


@in_virtual_time
async def test_deleverage_sells_just_enough_and_fires_once():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN, LESS, OUT)) as watch:
        await watch.until(lambda: BTCUSDT in watch.daemon.watch.pairs)
        await watch.price("91500")
        await watch.until(lambda: watch.ended() == [("sell some", "reached")])
        row = watch.daemon.watch.pairs[BTCUSDT].known.row
        assert row is not None
        assert row.owes
        level = (row.base.total * row.index_price + row.quote.total) / row.quote.liability
        assert D("1.212") < level < D("1.225")


@in_virtual_time
async def test_an_unwind_that_lifts_the_level_still_runs_to_flat_and_a_recovery_does_not_stop_it():
    async with a_stage("long") as stage, watching(stage, a_policy(OUT)) as watch:
        await watch.until(lambda: BTCUSDT in watch.daemon.watch.pairs)
        await watch.price("87900")
        await watch.until(lambda: stage.writes() != [])
        stage.world.set_price("BTCUSDT", D("100000"))
        await watch.until(lambda: watch.ended() == [("get out", "flat")])
        assert (await stage.account()).is_empty


@in_virtual_time
async def test_one_absurd_print_with_a_calm_index_decides_nothing():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN, OUT)) as watch:
        await watch.until(lambda: BTCUSDT in watch.daemon.watch.pairs)
        for _ in range(20):
            watch.daemon.watch.fences.tick("BTCUSDT", 100.0, 101.0)
        await watch.rest(20)
        assert (watch.fired(), stage.writes()) == ([], [])


@in_virtual_time
async def test_a_daemon_that_died_in_an_unwind_is_followed_by_one_that_finishes_it_though_the_price_is_back():
    async with a_stage("long") as stage:
        async with watching(stage, a_policy(OUT)) as watch:
            await watch.until(lambda: BTCUSDT in watch.daemon.watch.pairs)
            await watch.price("87900")
            await watch.until(lambda: stage.writes() != [])
        assert not (await stage.account()).is_empty
        stage.world.set_price("BTCUSDT", D("100000"))
        async with watching(stage, a_policy(OUT)) as watch:
            await watch.until(lambda: ("get out", "flat") in watch.ended())
        assert (await stage.account()).is_empty


@in_virtual_time
async def test_a_rule_that_waits_for_time_fires_at_its_moment_and_not_at_the_next_poll():
    old = Rule("old", AgeAbove(timedelta(seconds=62)), Do.ALERT)
    async with a_stage("long") as stage, watching(stage, a_policy(old)) as watch:
        await watch.until(lambda: watch.fired() == ["old"], 80)
        debt = watch.daemon.watch.pairs[BTCUSDT].known.debt
        assert debt is not None
        assert timedelta(seconds=62) <= stage.clock.now() - debt.owing_since < timedelta(seconds=63)
