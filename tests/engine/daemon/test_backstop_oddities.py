"""The backstop where answers are late or odd, or the owner went on trading: one order, no churn, nothing sold that is new."""

from __future__ import annotations

from decimal import Decimal as D

from marginbot.domain.policy import Do
from marginbot.engine.events import Notice
from tests.engine.daemon.test_backstop import OUT, a_wide_stage, fills_unheard, placed, resting, with_backstop
from tests.engine.stage import ACCOUNT as LOOK
from tests.engine.stage import BTCUSDT, OPEN_ORDERS, ORDER, Stage, a_stage
from tests.engine.watching import ACCOUNT, level_rule, watching
from tests.virtual_time import in_virtual_time


def the_order(stage: Stage):
    (order,) = [one for account in stage.world.accounts.values() for one in account.open_orders.values()]
    return order


@in_virtual_time
async def test_one_that_is_said_to_work_while_the_price_is_far_from_it_was_not_triggered_and_stays():
    async with a_wide_stage() as stage, watching(stage, with_backstop(OUT)) as watch:
        await placed(watch)
        the_order(stage).working = True
        watch.daemon.watch.pairs[BTCUSDT].backstop.suspect()
        await watch.rest(20)
        assert len(resting(stage)) == 1
        assert watch.alarms() == []
        assert len(stage.sent("POST", ORDER)) == 1


@in_virtual_time
async def test_open_orders_that_lag_behind_make_no_second_one():
    # 5000 USDT, of which the first locks 4799: what is left would do for another.
    async with a_stage("short") as stage:
        stage.world.config.band_on_isolated = False
        stage.fault(kind="answer", method="GET", path=OPEN_ORDERS, status=200, body="[]", count=None)
        async with watching(stage, with_backstop(OUT)) as watch:
            await watch.rest(20)
            stage.paper.faults.clear()
            await watch.rest(10)
            assert len(stage.sent("POST", ORDER)) == 1
            assert len(resting(stage)) == 1
            assert watch.alarms() == []


@in_virtual_time
async def test_one_that_is_gone_while_another_order_locks_as_much_is_placed_again():
    async with a_stage("short") as stage:
        stage.world.config.band_on_isolated = False
        async with watching(stage, with_backstop(OUT)) as watch:
            await placed(watch)
            account = next(iter(stage.world.accounts.values()))
            await stage.exchange.cancel_orders(BTCUSDT)
            account.isolated["BTCUSDT"].quote.locked += D(4800)  # an order that is not shown, and leaves 200
            account.isolated["BTCUSDT"].quote.free -= D(4800)
            watch.daemon.watch.changed(BTCUSDT)
            await watch.until(lambda: len(stage.sent("POST", ORDER)) == 2, 20)
            assert [one[1] for one in resting(stage)] == [D("0.00166")]


@in_virtual_time
async def test_a_dry_run_does_not_begin_to_bring_home_what_one_of_an_earlier_process_left():
    async with a_wide_stage() as stage:
        async with watching(stage, with_backstop(OUT)) as watch:
            await placed(watch)
        await watch.price("85900", ticks=False)
        async with watching(stage, with_backstop(OUT)) as watch:
            watch.daemon.outfit.dry_run = True
            await watch.rest(20)
        assert stage.journal.open_episodes(ACCOUNT) == ()
        async with watching(stage, with_backstop(OUT)) as watch:
            await watch.until(lambda: watch.ended() == [("backstop", "flat")])


@in_virtual_time
async def test_a_position_that_was_opened_after_one_had_filled_is_not_brought_home():
    async with a_wide_stage() as stage:
        async with watching(stage, with_backstop(OUT)) as watch:
            await placed(watch)
        await fills_unheard(watch)
        wallet = next(iter(stage.world.accounts.values())).isolated["BTCUSDT"]
        wallet.base.free, wallet.quote.free, wallet.quote.borrowed = D("0.05"), D(0), D(3000)
        async with watching(stage, with_backstop(OUT)) as watch:
            await watch.rest(20)
            (told,) = [one for _, one in watch.told if isinstance(one, Notice) and one.critical]
            assert "it sold 0.05 BTC for 4294.5705 USDT; the position there is now is another one" in told.text
            assert watch.ended() == []
        assert (await stage.account()).base.total == D("0.05")


@in_virtual_time
async def test_while_nobody_tells_what_became_of_the_last_one_that_is_what_is_wrong_and_the_pair_is_guarded():
    async with a_wide_stage() as stage, watching(stage, with_backstop(OUT)) as watch:
        await placed(watch)
        stage.fault(kind="answer", method="GET", path=ORDER, status=503, count=None)
        await stage.exchange.cancel_orders(BTCUSDT)
        await watch.rest(120)
        assert list(watch.daemon.health.troubles()) == ["backstop BTCUSDT"]
        assert ["nobody tells what became of the last one" in text for text in watch.alarms()] == [True]
        assert len(stage.sent("POST", ORDER)) == 1
        stage.paper.faults.clear()
        await watch.until(lambda: len(resting(stage)) == 1, 70)
        await watch.rest(6)
        assert watch.daemon.health.troubles() == {}


@in_virtual_time
async def test_a_daemon_that_is_told_to_stop_in_the_middle_of_a_replacement_leaves_the_new_one_behind():
    async with a_wide_stage() as stage:
        async with watching(stage, with_backstop(OUT)) as watch:
            await placed(watch)
            (before,) = resting(stage)
            await stage.exchange.top_up(BTCUSDT, "USDT", D(1000))
            stage.fault(kind="slow", method="GET", path=LOOK, after_ms=300, count=None)
            await watch.until(lambda: bool(stage.sent("DELETE", ORDER)), 30)
        (after,) = resting(stage)
        assert after != before


@in_virtual_time
async def test_a_fill_that_was_dealt_with_is_not_told_again_by_a_later_process_that_acts():
    pay = level_rule("pay", "1.90", Do.REPAY)
    async with a_wide_stage() as stage:
        async with watching(stage, with_backstop(OUT)) as watch:
            await placed(watch)
        await fills_unheard(watch)
        async with watching(stage, with_backstop(OUT)) as watch:
            await watch.until(lambda: watch.ended() == [("backstop", "flat")])
        wallet = next(iter(stage.world.accounts.values())).isolated["BTCUSDT"]
        wallet.base.free, wallet.quote.free, wallet.quote.borrowed = D("0.05"), D(100), D(3000)
        async with watching(stage, with_backstop(pay, OUT)) as watch:
            await watch.until(lambda: bool(watch.ended()))
            await watch.rest(20)
            assert watch.ended() == [("pay", "reached")]
            assert [one for _, one in watch.told if isinstance(one, Notice) and one.critical] == []
