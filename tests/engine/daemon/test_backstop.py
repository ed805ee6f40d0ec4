"""The backstop over a daemon's life: placed once, moved with the position, found again, out of the way of every rung."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal as D
from urllib.parse import parse_qsl

import pytest

from marginbot.domain.policy import Do, LevelAbove, OpenOrders, Policy, Rule
from marginbot.engine.alerts.alerts import left_alone
from marginbot.engine.alerts.numbers import pictures
from marginbot.engine.daemon.desk import Desk
from marginbot.engine.events import Notice
from marginbot.paper.books import matching
from tests.engine.stage import BTCUSDT, ORDER, Stage, a_stage
from tests.engine.watching import ACCOUNT, Watching, a_policy, level_rule, watching
from tests.virtual_time import in_virtual_time

# 0.05 BTC at 100,000 against 4000 USDT: level 1.25; 1.15 at 92,000, 1.10 at 88,000, liquidation (1.05) at 84,000.
# Half-way is 86,000; there the level is 1.075, so the limit is the full 3 % lower: 83,420.
NO_MORE = '{"code": -1013, "msg": "Filter failure: MAX_NUM_ALGO_ORDERS"}'
LESS = level_rule("sell some", "1.15", Do.DELEVERAGE, target_level=D("1.22"))
OUT = level_rule("get out", "1.10", Do.UNWIND)


def with_backstop(*rules: Rule, digest: str = "tested") -> Policy:
    policy = a_policy(*rules, digest=digest)
    return replace(policy, ladders=(replace(policy.ladders[0], backstop=True),))


def resting(stage: Stage) -> list[tuple[str, D, D, D]]:
    """Side, quantity, stop and limit of every backstop at the exchange."""
    orders = [order for account in stage.world.accounts.values() for order in account.open_orders.values()]
    return [(one.side, one.quantity, one.stop_price, one.price) for one in orders if one.client_id.startswith("bs-")]


@asynccontextmanager
async def a_wide_stage() -> AsyncIterator[Stage]:
    """The exchange does not limit the prices of this pair."""
    async with a_stage("long") as stage:
        stage.world.config.band_on_isolated = False
        yield stage


async def placed(watch: Watching) -> None:
    await watch.until(lambda: resting(watch.stage) != [])
    await watch.rest(1)


async def fills_unheard(watch: Watching) -> None:
    """The price goes through the stop at 86,000 and its order trades; no tick tells of it."""
    for price in ("86500", "85900"):
        await watch.price(price, ticks=False)
    assert resting(watch.stage) == []


@in_virtual_time
async def test_it_is_placed_once_half_way_between_the_last_rung_and_liquidation_and_repays_with_what_it_receives():
    async with a_wide_stage() as stage, watching(stage, with_backstop(OUT)) as watch:
        await placed(watch)
        await watch.rest(30)
        assert resting(stage) == [("SELL", D("0.05"), D("86000.00"), D("83420.00"))]
        (sent,) = stage.sent("POST", ORDER)
        params = dict(parse_qsl(sent.body.decode()))
        assert (params["type"], params["sideEffectType"]) == ("STOP_LOSS_LIMIT", "AUTO_REPAY")
        assert watch.alarms() == []


@in_virtual_time
async def test_it_follows_a_position_that_is_topped_up_and_does_not_chase_the_price():
    async with a_wide_stage() as stage, watching(stage, with_backstop(OUT)) as watch:
        await placed(watch)
        await watch.price("99500")
        await watch.rest(12)
        assert len(stage.sent("POST", ORDER)) == 1
        # 1000 USDT more: liquidation at (4200 - 1000) / 0.05 = 64,000, the last rung at 68,000.
        await stage.exchange.top_up(BTCUSDT, "USDT", D(1000))
        await watch.until(lambda: [stop for _, _, stop, _ in resting(stage)] == [D("66000.00")], 30)


@in_virtual_time
async def test_the_next_process_finds_it_and_places_no_second_one():
    async with a_wide_stage() as stage:
        async with watching(stage, with_backstop(OUT)) as watch:
            await placed(watch)
        before = resting(stage)
        async with watching(stage, with_backstop(OUT)) as watch:
            await watch.rest(20)
        assert resting(stage) == before
        assert len(stage.sent("POST", ORDER)) == 1
        assert stage.sent("DELETE", ORDER) == []


@pytest.mark.parametrize(("executed", "states"), [(True, ["done"]), (False, ["absent", "done"])])
@in_virtual_time
async def test_a_lost_answer_to_placing_it_is_settled_by_its_client_id_and_one_order_rests(executed: bool, states: list[str]):
    async with a_wide_stage() as stage:
        stage.fault(kind="read_error", method="POST", path=ORDER, executed=executed)
        async with watching(stage, with_backstop(OUT)) as watch:
            await placed(watch)
            await watch.rest(20)
        assert len(resting(stage)) == 1
        assert [intent.state.value for intent in stage.journal.history()] == states


@in_virtual_time
async def test_a_process_that_ended_before_its_answer_was_settled_leaves_one_order():
    async with a_wide_stage() as stage:
        stage.fault(kind="read_error", method="POST", path=ORDER, executed=True)
        stage.fault(kind="answer", method="GET", path=ORDER, status=503, count=None)
        async with watching(stage, with_backstop(OUT)) as watch:
            await placed(watch)
        assert [intent.state.value for intent in stage.journal.history()] == ["unknown"]
        stage.paper.faults.clear()
        async with watching(stage, with_backstop(OUT)) as watch:
            await watch.rest(30)
        assert len(resting(stage)) == 1
        assert [intent.state.value for intent in stage.journal.history()] == ["done"]


@in_virtual_time
async def test_an_unwind_cancels_it_and_sells_everything_itself():
    async with a_wide_stage() as stage, watching(stage, with_backstop(OUT)) as watch:
        await placed(watch)
        await watch.price("87500")
        await watch.until(lambda: watch.ended() == [("get out", "flat")])
        await watch.rest(10)
        assert (await stage.account()).is_empty
        assert resting(stage) == []
        assert watch.ended() == [("get out", "flat")]


@in_virtual_time
async def test_a_rung_that_needs_its_coins_takes_it_back_though_the_owners_orders_are_left_and_puts_it_back():
    less = replace(LESS, open_orders=OpenOrders.LEAVE)
    async with a_wide_stage() as stage, watching(stage, with_backstop(less, OUT)) as watch:
        await placed(watch)
        await watch.price("91500")
        await watch.until(lambda: watch.ended() == [("sell some", "reached")])
        await watch.until(lambda: resting(stage) != [], 20)
        account = await stage.account()
        assert resting(stage)[0][1] == account.base.locked
        assert account.base.total < D("0.05")


@in_virtual_time
async def test_one_that_fills_while_nobody_listens_is_told_and_the_rest_comes_home():
    async with a_wide_stage() as stage:
        async with watching(stage, with_backstop(OUT)) as watch:
            await placed(watch)
        await fills_unheard(watch)
        async with watching(stage, with_backstop(OUT)) as watch:
            await watch.until(lambda: watch.ended() == [("backstop", "flat")])
            assert any("the backstop was executed: it sold 0.05 BTC" in alarm for alarm in watch.alarms())
        assert (await stage.account()).is_empty


@in_virtual_time
async def test_where_the_exchange_limits_prices_its_limit_stands_nearer_until_the_price_has_come():
    async with a_stage("long") as stage, watching(stage, with_backstop(OUT)) as watch:
        await placed(watch)
        assert resting(stage) == [("SELL", D("0.05"), D("86000.00"), D("85500.00"))], "14.5 % under the index"
        assert watch.alarms() == []
        await watch.price("95000")
        await watch.until(lambda: [limit for _, _, _, limit in resting(stage)] == [D("83420.00")], 30)


@in_virtual_time
async def test_one_that_a_wick_triggered_and_nothing_filled_is_taken_back_with_an_alarm_and_placed_anew():
    async with a_wide_stage() as stage, watching(stage, with_backstop(OUT)) as watch:
        await placed(watch)
        stage.world.set_price("BTCUSDT", "83000", index="100000")
        await watch.rest(1)
        assert len(resting(stage)) == 1, "triggered, and no price down to 83,420 is bid"
        watch.daemon.watch.changed(BTCUSDT)
        await watch.until(lambda: resting(stage) == [], 30)
        assert any("was triggered at 86000 and not filled at 83420 or better" in text for text in watch.alarms())
        assert watch.fired() == []
        stage.world.set_price("BTCUSDT", "100000")
        await watch.until(lambda: resting(stage) != [], 90)
        assert (await stage.account()).base.total == D("0.05")


@in_virtual_time
async def test_a_pause_leaves_it_and_a_policy_without_one_takes_it_away():
    async with a_wide_stage() as stage, watching(stage, with_backstop(OUT)) as watch:
        await placed(watch)
        before = resting(stage)
        watch.daemon.outfit.held_back = lambda _symbol: "protection is paused"
        await watch.rest(10)
        assert resting(stage) == before
        watch.daemon.outfit.held_back = lambda _symbol: None
        watch.daemon.reload(a_policy(OUT, digest="without"))
        await watch.until(lambda: resting(stage) == [], 30)
        await watch.rest(10)
        assert resting(stage) == []


@in_virtual_time
async def test_a_pair_whose_debt_was_paid_by_hand_has_none():
    async with a_wide_stage() as stage, watching(stage, with_backstop(OUT)) as watch:
        await placed(watch)
        await stage.exchange.top_up(BTCUSDT, "USDT", D(1000))
        stage.world.config.loan_gap_ms = 0
        wallet = next(iter(stage.world.accounts.values())).isolated["BTCUSDT"].quote
        wallet.free = wallet.debt
        await stage.exchange.repay(BTCUSDT, "USDT", wallet.debt)
        await watch.until(lambda: resting(stage) == [], 30)


@in_virtual_time
async def test_one_that_cannot_rest_is_an_alarm_and_red_and_is_tried_again():
    async with a_wide_stage() as stage:
        stage.fault(kind="answer", method="POST", path=ORDER, status=400, body=NO_MORE)
        async with watching(stage, with_backstop(OUT)) as watch:
            await watch.until(lambda: "backstop BTCUSDT" in watch.daemon.health.troubles())
            assert ["backstop absent" in text and "MAX_NUM_ALGO_ORDERS" in text for text in watch.alarms()] == [True]
            await watch.rest(30)
            assert len(stage.sent("POST", ORDER)) == 1
            await watch.until(lambda: resting(stage) != [])
            await watch.rest(6)
            assert watch.daemon.health.troubles() == {}


@in_virtual_time
async def test_a_dry_run_says_what_it_would_place_and_sends_nothing():
    async with a_wide_stage() as stage, watching(stage, with_backstop(OUT)) as watch:
        watch.daemon.outfit.dry_run = True
        await watch.rest(30)
        assert stage.writes() == []
        assert [(intent.kind, intent.state.value) for intent in stage.journal.history()] == [("backstop", "planned")]
        assert any("a dry run: 'backstop' would send 1 steps" in text for text in watch.alarms())


@in_virtual_time
async def test_one_whose_answer_nobody_heard_and_that_filled_since_is_told_and_the_rest_comes_home():
    async with a_wide_stage() as stage:
        stage.fault(kind="read_error", method="POST", path=ORDER, executed=True)
        stage.fault(kind="answer", method="GET", path=ORDER, status=503, count=None)
        async with watching(stage, with_backstop(OUT)) as watch:
            await placed(watch)
        stage.paper.faults.clear()
        await watch.price("85900", ticks=False)
        async with watching(stage, with_backstop(OUT)) as watch:
            await watch.until(lambda: watch.ended() == [("backstop", "flat")])
        assert (await stage.account()).is_empty


@in_virtual_time
async def test_auto_repay_that_did_nothing_leaves_a_debt_that_is_repaid_by_the_rung_that_fires_then():
    async with a_wide_stage() as stage, watching(stage, with_backstop(OUT)) as watch:
        stage.world.config.auto_repay_share = D(0)
        await placed(watch)
        stage.world.set_price("BTCUSDT", "85900", index="100000")
        await watch.until(lambda: watch.ended() == [("get out", "flat"), ("backstop", "flat")], 30)
        assert any("the backstop was executed: it sold 0.05 BTC" in text for text in watch.alarms())
        assert (await stage.account()).is_empty
        kinds = [intent.kind for intent in stage.journal.history() if intent.state.value == "done"]
        assert kinds == ["backstop", "repay", "sweep"]


@in_virtual_time
async def test_half_a_fill_is_an_execution_the_rest_is_cancelled_and_sold():
    async with a_wide_stage() as stage, watching(stage, with_backstop(OUT)) as watch:
        await placed(watch)
        (order,) = [one for account in stage.world.accounts.values() for one in account.open_orders.values()]
        account, market = next(iter(stage.world.accounts.values())), stage.world.market("BTCUSDT")
        order.working = True
        matching.fill(stage.world, account, order, market, D(86000), D("0.02"), maker=True)
        await watch.until(lambda: watch.ended() == [("backstop", "flat")], 30)
        assert any("it sold 0.02 of 0.05 BTC for 1720 USDT" in text for text in watch.alarms())
        assert (await stage.account()).is_empty


@in_virtual_time
async def test_a_stop_of_the_daemon_leaves_it_and_the_last_words_say_so():
    async with a_wide_stage() as stage, watching(stage, with_backstop(OUT)) as watch:
        await placed(watch)
        _, _, text = left_alone(pictures(watch.daemon))
        assert text.endswith("A backstop goes on resting at the exchange for BTCUSDT.")


@in_virtual_time
async def test_excess_goes_home_though_it_locks_every_coin_and_it_is_put_back_for_what_is_left():
    # At 200,000 the level is 2.5; 10,000 - 2.2 x 4000 = 1200 may go, 0.006 BTC.
    home = Rule("excess home", LevelAbove(D("2.4")), Do.SWEEP, target_level=D("2.2"))
    async with a_wide_stage() as stage, watching(stage, with_backstop(home, OUT)) as watch:
        await placed(watch)
        await watch.price("200000")
        await watch.until(lambda: watch.ended() == [("excess home", "reached")], 30)
        await watch.until(lambda: [one[1] for one in resting(stage)] == [D("0.044")], 30)


@in_virtual_time
async def test_a_pause_says_that_it_stays():
    async with a_wide_stage() as stage, watching(stage, with_backstop(OUT)) as watch:
        await placed(watch)
        Desk(stage.journal.file, ACCOUNT).ask("pause", BTCUSDT, {}, stage.clock.now())
        stays = "in a pause the backstop goes on resting at the exchange: BTCUSDT"
        await watch.until(lambda: any(isinstance(one, Notice) and one.text == stays for _, one in watch.told), 2)


@in_virtual_time
async def test_without_a_journal_on_disk_none_is_placed_until_there_is_one():
    async with a_wide_stage() as stage, watching(stage, with_backstop(OUT)) as watch:
        watch.daemon.outfit.spare.stand_in("the disk is full")
        await watch.rest(4)
        assert stage.sent("POST", ORDER) == []
        await placed(watch)


@in_virtual_time
async def test_a_short_has_one_above_the_price_and_it_repays_what_it_buys_back():
    # 5000 USDT against 0.04 BTC: level 1.10 at 113,636.36, liquidation at 119,047.62, half-way 116,341.99.
    async with a_stage("short") as stage:
        stage.world.config.band_on_isolated = False
        async with watching(stage, with_backstop(OUT)) as watch:
            await placed(watch)
            assert resting(stage) == [("BUY", D("0.04005"), D("116341.99"), D("119832.24"))]
            await watch.price("105000")
            await watch.rest(6)
            stage.world.set_price("BTCUSDT", "116500", index="105000")
            await watch.until(lambda: watch.ended() == [("backstop", "flat")], 30)
            assert any("the backstop was executed: it bought 0.04005 BTC" in text for text in watch.alarms())
        assert (await stage.account()).is_empty


@in_virtual_time
async def test_a_stop_that_is_out_of_reach_is_told_once_and_placed_when_the_price_has_come():
    async with a_stage("long") as stage, watching(stage, with_backstop(OUT)) as watch:
        stage.world.set_price("BTCUSDT", "110000")
        await watch.rest(130)
        assert resting(stage) == [], "86,000 is 21.8 % under 110,000"
        assert ["backstop absent" in text and "-3064" in text for text in watch.alarms()] == [True]
        assert watch.daemon.health.troubles() == {}
        await watch.price("98000")
        await watch.until(lambda: resting(stage) != [], 70)


@in_virtual_time
async def test_a_rung_that_fires_while_one_is_being_placed_takes_over_and_runs_to_flat():
    async with a_wide_stage() as stage:
        stage.fault(kind="read_error", method="POST", path=ORDER, executed=False)
        async with watching(stage, with_backstop(OUT)) as watch:
            await watch.until(lambda: stage.sent("POST", ORDER) != [])
            await watch.price("87500")
            await watch.until(lambda: watch.ended() == [("get out", "flat")], 30)
        assert (await stage.account()).is_empty
        assert resting(stage) == []


@in_virtual_time
async def test_what_became_of_one_that_is_gone_does_not_hold_up_a_rung():
    async with a_wide_stage() as stage, watching(stage, with_backstop(OUT)) as watch:
        await placed(watch)
        stage.fault(kind="answer", method="GET", path=ORDER, status=503, count=None)
        await stage.exchange.cancel_orders(BTCUSDT)
        await watch.price("87500")
        began = stage.clock.monotonic()
        await watch.until(lambda: watch.ended() == [("get out", "flat")], 30)
        assert stage.clock.monotonic() - began < 10
