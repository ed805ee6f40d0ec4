"""Lists of two orders (OCO) on BTCUSDT at 100,000: one lock, and the first leg to act ends the other."""

from decimal import Decimal as D

import pytest

from marginbot.paper.books import order_lists, trading
from marginbot.paper.books.records import Scope
from marginbot.paper.books.refusal import DUPLICATE, Refusal
from marginbot.paper.books.ticket import Ticket
from tests.paper.books.builders import a_world, account, pair


def place(world, side="SELL", price="110000", stop_price="90000", stop_limit="89000", quantity="0.02", names=("", "")):
    shared = (Scope.ISOLATED, "BTCUSDT", side)
    limit = Ticket(*shared, "LIMIT_MAKER", D(quantity), price=D(price), client_id=names[0])
    kind = "STOP_LOSS" if stop_limit is None else "STOP_LOSS_LIMIT"
    stop_price, price = D(stop_price), None if stop_limit is None else D(stop_limit)
    stop = Ticket(*shared, kind, D(quantity), price=price, stop_price=stop_price, client_id=names[1])
    return order_lists.place(world, account(world), limit, stop)


def legs(world, orders):
    return [account(world).orders[number] for number in orders.legs]


def states(world, orders):
    return [(leg.status, leg.expiry_reason) for leg in legs(world, orders)]


def test_a_sell_list_locks_its_coins_once():
    world = a_world("long")
    place(world)
    assert (pair(world).base.free, pair(world).base.locked) == (D("0.03"), D("0.02"))


def test_a_buy_list_locks_what_its_dearer_leg_costs():
    world = a_world("short")
    place(world, "BUY", price="90000", stop_price="110000", stop_limit="111000")
    assert pair(world).quote.locked == D("0.02") * 111_000


def test_cancelling_one_leg_cancels_both_and_unlocks():
    for number in (0, 1):
        world = a_world("long")
        orders = place(world)
        trading.cancel(world, account(world), legs(world, orders)[number])
        assert states(world, orders) == [("CANCELED", None)] * 2
        assert pair(world).base.locked == 0
        with pytest.raises(Refusal, match=r"^-2011"):
            order_lists.cancel(world, account(world), orders)


def test_the_limit_leg_fills_and_the_stop_leg_expires():
    world = a_world("long")
    orders = place(world)
    world.set_price("BTCUSDT", "111000")
    assert states(world, orders) == [("FILLED", None), ("EXPIRED", "OCO_TRIGGER")]
    assert (pair(world).base.locked, pair(world).base.free) == (0, D("0.03"))


def test_the_stop_leg_triggers_takes_the_lock_over_and_the_limit_leg_expires():
    world = a_world("long")
    orders = place(world)
    world.set_price("BTCUSDT", "89500")
    assert states(world, orders) == [("EXPIRED", "OCO_TRIGGER"), ("FILLED", None)]
    assert (pair(world).base.locked, pair(world).base.free) == (0, D("0.03"))


def test_a_triggered_stop_limit_leg_that_rests_keeps_the_lock():
    world = a_world("long")
    orders = place(world, stop_limit="89990")
    world.set_price("BTCUSDT", "89500")
    assert states(world, orders) == [("EXPIRED", "OCO_TRIGGER"), ("NEW", None)]
    assert pair(world).base.locked == D("0.02")


def test_a_stop_leg_without_limit_sells_at_the_market():
    world = a_world("long")
    orders = place(world, stop_limit=None)
    world.set_price("BTCUSDT", "89999")
    assert states(world, orders)[1] == ("FILLED", None)


def test_a_triggered_buy_list_gives_back_what_it_did_not_need():
    world = a_world("short")
    orders = place(world, "BUY", price="90000", stop_price="110000", stop_limit="111000")
    world.set_price("BTCUSDT", "110500")
    assert states(world, orders) == [("EXPIRED", "OCO_TRIGGER"), ("FILLED", None)]
    assert (pair(world).quote.locked, pair(world).quote.free) == (0, 5000 - D("0.02") * 110_500)


def test_a_partial_fill_of_the_limit_leg_ends_the_stop_leg_for_good():
    world = a_world("long")
    world.market("BTCUSDT").level_quantity, world.market("BTCUSDT").levels = D("0.005"), 1
    orders = place(world)
    world.set_price("BTCUSDT", "110000")
    assert states(world, orders) == [("PARTIALLY_FILLED", None), ("EXPIRED", "OCO_TRIGGER")]
    assert pair(world).base.locked == D("0.015")


@pytest.mark.parametrize(
    ("side", "price", "stop"), [("SELL", "99000", "90000"), ("SELL", "110000", "105000"), ("BUY", "110000", "90000")]
)
def test_prices_on_the_wrong_side_are_refused(side, price, stop):
    with pytest.raises(Refusal, match=r"^-2010 The relationship"):
        place(a_world("long"), side, price=price, stop_price=stop)


def test_two_legs_may_not_share_a_client_id():
    world = a_world("long")
    with pytest.raises(Refusal, match=DUPLICATE):
        place(world, names=("mine", "mine"))
    assert (pair(world).base.locked, account(world).open_orders) == (0, {})


def test_a_list_needs_its_coins():
    world = a_world("long")
    with pytest.raises(Refusal, match=r"^-2010 Account has insufficient"):
        place(world, quantity="0.06")
    assert not account(world).lists


def test_a_liquidation_ends_both_legs():
    world = a_world("long")
    orders = place(world, stop_price="70000", stop_limit=None)
    world.set_price("BTCUSDT", "83000")
    assert [status for status, _ in states(world, orders)] == ["CANCELED"] * 2
    assert pair(world).base.locked == 0
