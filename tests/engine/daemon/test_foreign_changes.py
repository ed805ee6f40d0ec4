"""Somebody else moves the account: the exchange's own top-up, or its owner by hand. It is told, and decided anew."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from marginbot.domain.policy import Do
from marginbot.engine.events import Decided
from marginbot.paper.books.actions import act
from tests.engine.daemon.test_chores import looked_at
from tests.engine.stage import BTCUSDT, ORDER, a_stage
from tests.engine.watching import Watching, a_policy, level_rule, watching
from tests.virtual_time import in_virtual_time

# The stage's long: 0.05 BTC against 4000 USDT: level 1.075 at 86,000. Margin call at 1.09, initial ratio 1.11.
LESS = level_rule("sell some", "1.08", Do.DELEVERAGE, target_level=D("1.10"))
OUT = level_rule("get out", "1.07", Do.UNWIND)


def blocked(watch: Watching) -> bool:
    return any(isinstance(event, Decided) and event.plan.capped for _, event in watch.told)


async def holding(watch: Watching) -> None:
    """The rung fired and has its order ready, but the book is 4 % off the index: it waits for a price inside its cap."""
    await looked_at(watch)
    act(watch.stage.world, "set_book", {"symbol": "BTCUSDT", "half_spread_bps": "400"})
    await watch.price("86000")
    await watch.until(lambda: blocked(watch))
    assert (watch.fired(), watch.stage.writes()) == (["sell some"], [])


@in_virtual_time
async def test_the_exchanges_own_top_up_ends_what_was_in_preparation_and_protection_stays_armed():
    async with a_stage("long") as stage, watching(stage, a_policy(LESS, OUT)) as watch:
        await holding(watch)
        before = (await stage.account()).quote.total
        act(stage.world, "auto_topup", {"symbol": "BTCUSDT"})
        came = (await stage.account()).quote.total - before
        assert came > 0
        began = stage.clock.monotonic()
        await watch.until(lambda: watch.ended() == [("sell some", "reached")], 5)
        assert stage.clock.monotonic() - began < 2
        text = f"BTCUSDT: USDT moved by {came.normalize():f} without us; everything is decided again from what is there"
        assert watch.alarms().count(text) == 1
        assert stage.writes() == [], "what was in preparation is not sent"
        act(stage.world, "auto_topup", {"symbol": "BTCUSDT", "on": False})
        act(stage.world, "set_book", {"symbol": "BTCUSDT", "state": "normal"})
        await watch.rest(6)
        await watch.price("80000")
        await watch.until(lambda: watch.ended()[-1] == ("get out", "flat"))


@pytest.mark.parametrize(
    ("deed", "values", "says"),
    [
        ("owner_trade", {"side": "SELL", "quantity": "0.03"}, "BTC moved by -0.03 without us"),
        ("owner_transfer", {"asset": "USDT", "amount": "300", "way": "in"}, "USDT moved by 300 without us"),
    ],
)
@in_virtual_time
async def test_what_a_person_does_on_the_pair_drops_the_order_that_was_ready(deed, values, says):
    async with a_stage("long") as stage, watching(stage, a_policy(LESS)) as watch:
        await holding(watch)
        act(stage.world, "set_book", {"symbol": "BTCUSDT", "half_spread_bps": "0.5"})
        act(stage.world, deed, {"symbol": "BTCUSDT", **values})
        await watch.until(lambda: watch.ended() == [("sell some", "reached")], 5)
        assert any(f"BTCUSDT: {says}" in alarm for alarm in watch.alarms())
        placed = len([order for order in stage.world.account(1).orders.values() if order.symbol == "BTCUSDT"])
        assert (len(stage.sent("POST", ORDER)), placed) == (0, int(deed == "owner_trade"))


@in_virtual_time
async def test_a_person_who_trades_a_pair_that_nobody_works_on_is_told_at_once_and_the_rules_stay_armed():
    async with a_stage("long") as stage, watching(stage, a_policy(LESS, OUT)) as watch:
        await looked_at(watch)
        await watch.rest(1)
        act(stage.world, "owner_trade", {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.01"})
        watch.daemon.watch.changed(BTCUSDT)
        await watch.rest(0.1)
        assert [alarm.split(" moved")[0] for alarm in watch.alarms()] == ["BTCUSDT: BTC", "BTCUSDT: USDT"]
        assert (watch.fired(), stage.writes()) == ([], [])
        await watch.price("81500")
        await watch.until(lambda: watch.ended() == [("get out", "flat")])
