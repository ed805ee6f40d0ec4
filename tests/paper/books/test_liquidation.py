"""Forced liquidation: at the ratio, with its fee, in the order of its steps."""

from decimal import Decimal as D

import pytest

from marginbot.paper.books.refusal import Refusal
from tests.paper.books.builders import a_world, account, after, conserved, market, order, pair, repay


def test_a_long_is_taken_over_at_its_liquidation_price_and_not_above():
    world = a_world("long")
    world.set_price("BTCUSDT", "84000.01")
    assert pair(world).liquidating_until is None
    world.set_price("BTCUSDT", "84000")
    assert pair(world).liquidating_until is not None


def test_a_liquidated_long_pays_its_debt_and_two_percent_and_keeps_the_rest():
    world = a_world("long")
    world.set_price("BTCUSDT", "84000")
    after(world, 1000)
    assert (pair(world).base.total, pair(world).owes()) == (D(0), False)
    assert pair(world).quote.free == 4200 - 4000 - 84
    assert world.house.insurance == {"BTC": D(0), "USDT": D(84)}


def test_a_liquidated_short_buys_back_what_it_owes():
    world = a_world("short")
    world.set_price("BTCUSDT", "120000")
    after(world, 1000)
    assert (pair(world).base.total, pair(world).owes()) == (D(0), False)
    assert pair(world).quote.free == 5000 - 4800 - 100


def test_the_insurance_fund_pays_what_the_position_cannot():
    world = a_world("long")
    world.set_price("BTCUSDT", "70000")
    after(world, 1000)
    assert pair(world).is_empty()
    assert world.house.insurance["USDT"] == -500


def test_open_orders_vanish_first():
    world = a_world("open-orders")
    world.set_price("SOLUSDT", "90")
    assert not account(world).open_orders
    assert pair(world, "SOLUSDT").base.locked == pair(world, "SOLUSDT").quote.locked == 0


def test_the_account_refuses_writes_while_it_is_liquidated():
    world = a_world("long")
    world.set_price("BTCUSDT", "84000")
    with pytest.raises(Refusal, match=r"^-3004"):
        order(world, "SELL", "0.01")
    with pytest.raises(Refusal, match=r"^-3036"):
        repay(world, "USDT", "1")


def test_it_leaves_a_record_an_order_and_a_trade_nobody_asked_for():
    world = a_world("long")
    world.set_price("BTCUSDT", "84000")
    after(world, 1000)
    record = account(world).liquidations[0]
    assert (record.side, record.quantity, record.average_price) == ("SELL", D("0.05"), D(84_000))
    assert account(world).orders[record.order_id].client_id.startswith("autoclose-")
    assert account(world).trades[-1].order_id == record.order_id


def test_interest_alone_can_bring_an_account_to_the_ratio():
    world = a_world("long")
    world.set_price("BTCUSDT", "84000.5")
    after(world, 3_600_000)
    assert pair(world).liquidating_until is not None


def test_what_the_book_does_not_hold_is_sold_at_its_worst_price():
    world = a_world("long")
    market(world).levels, market(world).level_quantity = 2, D("0.01")
    world.set_price("BTCUSDT", "84000")
    after(world, 1000)
    worst = D(84_000) - D("8.4")
    assert account(world).liquidations[0].average_price == (84_000 + 4 * worst) / 5


def test_the_fee_is_that_of_the_moment_it_began():
    world = a_world("long")
    world.set_price("BTCUSDT", "84000")
    with conserved(world):
        world.set_price("BTCUSDT", "90000")
        after(world, 1000)
    assert world.house.insurance["USDT"] == 84
    assert pair(world).quote.free == 4500 - 4000 - 84


def test_its_rows_tell_every_movement_and_add_up_to_what_changed():
    world = a_world("long")
    before = pair(world).base.free, pair(world).quote.free
    world.set_price("BTCUSDT", "70000")
    with conserved(world):
        after(world, 1000)
    rows = [(row.type, row.asset, row.amount) for row in account(world).seizures]
    assert rows == [
        ("SELL_LIQUIDATION", "BTC", D("-0.05")),
        ("SELL_LIQUIDATION", "USDT", D(3500)),
        ("OTHER_LIQUIDATION", "USDT", D(500)),
        ("REPAY_LIQUIDATION", "USDT", D(-4000)),
    ]
    sums = [sum(amount for _, asset, amount in rows if asset == one) for one in ("BTC", "USDT")]
    assert sums == [pair(world).base.free - before[0], pair(world).quote.free - before[1]]


def test_what_is_left_pays_the_fee_last():
    world = a_world("short")
    world.set_price("BTCUSDT", "124000")
    with conserved(world):
        after(world, 1000)
    last = account(world).seizures[-1]
    assert (last.type, last.asset, last.amount) == ("LIQUIDATION_FEE", "USDT", D(-40))
    assert pair(world).is_empty()


def test_what_is_repaid_can_be_lent_again():
    world = a_world("long")
    world.assets["USDT"].inventory = D(0)
    world.set_price("BTCUSDT", "84000")
    after(world, 1000)
    assert world.assets["USDT"].inventory == 4000


def test_orders_may_stay_until_the_end_where_nobody_cancels_them_first():
    world = a_world("open-orders")
    world.config.liquidation_cancels_first = False
    world.set_price("SOLUSDT", "90")
    assert account(world).open_orders
    with conserved(world):
        after(world, 1000)
    assert not account(world).open_orders
    assert not pair(world, "SOLUSDT").owes()


def test_other_refusals_may_meet_the_owner_meanwhile():
    world = a_world("long")
    world.config.liquidation_order_code, world.config.liquidation_loan_code = -3022, -3010
    world.set_price("BTCUSDT", "84000")
    with pytest.raises(Refusal, match=r"^-3022"):
        order(world, "SELL", "0.01")
    with pytest.raises(Refusal, match=r"^-3010"):
        repay(world, "USDT", "1")
