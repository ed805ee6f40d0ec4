"""What happens without being asked: the actions one by one, when they happen, and how they are written down."""

from decimal import Decimal as D

import pytest

from marginbot.paper.books import actions
from marginbot.paper.books.events import at, event_from_row, on
from tests.paper.books.builders import HOUR, a_world, account, after, market, order, pair, spot

ORDER = "/sapi/v1/margin/order"


def request(world, method="POST", path=ORDER, **params):
    """A request that the shell carries out, with nothing behind it."""
    world.before_request(1, method, path, params)
    world.after_request(method, path, params)


def test_an_event_happens_at_its_moment_and_once():
    world = a_world("long")
    world.plan(at(2.5, "set_price", symbol="BTCUSDT", price="99000"))
    assert market(after(world, 2_499)).mid == 100_000
    assert market(after(world, 1)).mid == 99_000
    world.set_price("BTCUSDT", "98000")
    assert market(after(world, 10_000)).mid == 98_000


def test_events_of_one_long_wait_happen_in_order_each_at_its_moment():
    world = a_world("long")
    world.plan(at(20, "owner_trade", symbol="BTCUSDT", side="SELL", quantity="0.01"))
    world.plan(at(10, "set_price", symbol="BTCUSDT", price="90000"))
    assert after(world, 60_000).accounts[1].trades[0].price == 90_000
    assert account(world).trades[0].time == world.now_ms - 40_000


def test_an_event_can_wait_for_the_nth_request_that_matches():
    world = a_world("long")
    world.plan(on(f"POST {ORDER}", "post_interest", nth=2, params={"side": "SELL"}))
    for side, interest in (("SELL", 0), ("BUY", 0), ("SELL", D("0.04")), ("SELL", D("0.04"))):
        request(world, side=side)
        assert pair(world).quote.interest == interest


def test_before_and_after_a_request_are_two_moments():
    world = a_world("long")
    world.plan(on("DELETE *", "post_interest", after=True))
    world.before_request(1, "DELETE", ORDER, {})
    assert pair(world).quote.interest == 0
    world.after_request("DELETE", ORDER, {})
    assert pair(world).quote.interest == D("0.04")


def test_the_owner_is_refused_like_anybody_else_and_the_event_says_so():
    world = a_world("long")
    world.plan(at(0, "owner_trade", symbol="BTCUSDT", side="SELL", quantity="9"))
    assert world.events[0].outcome.startswith("-2010")
    assert not account(world).trades


def test_the_owner_trades_orders_transfers_and_repays():
    world = a_world("long")
    actions.act(world, "owner_trade", {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.01"})
    actions.act(world, "owner_repay", {"symbol": "BTCUSDT", "asset": "USDT", "amount": "100"})
    actions.act(world, "owner_order", {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.01", "price": "110000"})
    actions.act(world, "owner_transfer", {"symbol": "BTCUSDT", "asset": "USDT", "amount": "50", "way": "in"})
    assert (pair(world).base.free, pair(world).base.locked) == (D("0.03"), D("0.01"))
    assert (pair(world).quote.borrowed, pair(world).quote.free, spot(world).free) == (3900, 999 - 100 + 50, 950)


def test_a_book_can_be_thin_empty_one_sided_and_normal_again():
    world = a_world("long")
    for state, bids, asks in (("thin", 3, 3), ("empty", 0, 0), ("no-bids", 0, 100), ("no-asks", 100, 0), ("normal", 100, 100)):
        actions.act(world, "set_book", {"symbol": "BTCUSDT", "state": "normal"})
        actions.act(world, "set_book", {"symbol": "BTCUSDT", "state": state})
        assert (len(list(market(world).depth("SELL"))), len(list(market(world).depth("BUY")))) == (bids, asks), state
    actions.act(
        world, "set_book", {"symbol": "BTCUSDT", "quantity": "0.1", "levels": 2, "gap_bps": "50", "half_spread_bps": "10"}
    )
    assert list(market(world).depth("BUY")) == [(0, D(100_100), D("0.1")), (1, D(100_600), D("0.1"))]


def test_an_order_that_rests_fills_when_the_book_is_back():
    world = a_world("long")
    actions.act(world, "set_book", {"symbol": "BTCUSDT", "state": "no-bids"})
    placed = order(world, "SELL", "0.01", "99000").order
    assert placed.status == "NEW"
    actions.act(world, "set_book", {"symbol": "BTCUSDT", "state": "normal"})
    assert placed.status == "FILLED"


def test_an_order_that_rests_fills_when_trading_resumes():
    world = a_world("open-orders")
    actions.act(world, "set_status", {"symbol": "SOLUSDT", "status": "HALT"})
    world.set_price("SOLUSDT", "231")
    assert len(account(world).open_orders) == 2
    actions.act(world, "set_status", {"symbol": "SOLUSDT", "status": "TRADING"})
    assert len(account(world).open_orders) == 1


def test_a_price_can_move_over_time_from_now_on():
    world = after(a_world("long"), 7_000)
    actions.act(world, "move_price", {"symbol": "BTCUSDT", "points": [(0, "100000"), (10, "90000")]})
    assert market(after(world, 5_000)).mid == 95_000


def test_a_pair_is_disabled_enabled_and_delisted():
    world = a_world("long")
    actions.act(world, "disable", {"symbol": "BTCUSDT"})
    assert not pair(world).trade_enabled
    actions.act(world, "enable", {"symbol": "BTCUSDT"})
    actions.act(world, "delist", {"symbol": "BTCUSDT", "in_hours": 48})
    assert pair(world).enabled
    assert world.delistings[0].time_ms == world.now_ms + 48 * HOUR


@pytest.mark.parametrize("scenario", ["long", "short"])
def test_a_liquidation_can_be_started_on_either_side(scenario):
    world = a_world(scenario)
    actions.act(world, "start_liquidation", {"symbol": "BTCUSDT"})
    assert pair(world).liquidating_until is not None
    actions.act(world, "start_liquidation", {"symbol": "BTCUSDT"})
    after(world, 2_000)
    actions.act(world, "start_liquidation", {"symbol": "BTCUSDT"})
    assert not pair(world).owes()


def test_rules_and_switches_change_by_name():
    world = a_world("long")
    actions.act(world, "change_filters", {"symbol": "BTCUSDT", "tick": "1", "notional_filter": "MIN_NOTIONAL"})
    actions.act(world, "set_switch", {"name": "auto_repay_share", "value": "0.9"})
    assert (market(world).listing.tick, market(world).listing.notional_filter) == (1, "MIN_NOTIONAL")
    assert world.config.auto_repay_share == D("0.9")


@pytest.mark.parametrize(
    ("do", "values", "text"),
    [
        ("explode", {}, "nothing is done by 'explode'"),
        ("set_price", {"symbol": "BTCUSDT"}, "set_price: missing a required argument: 'price'"),
        ("set_price", {"symbol": "BTCUSDT", "price": "1", "size": "2"}, "unexpected keyword argument 'size'"),
        ("set_book", {"symbol": "BTCUSDT", "state": "odd"}, "no book is 'odd'"),
        ("set_status", {"symbol": "BTCUSDT", "status": "OPEN"}, "no pair is 'OPEN'"),
        ("change_filters", {"symbol": "BTCUSDT", "base": "ETH"}, "no rules of a pair: base"),
        ("set_switch", {"name": "nothing", "value": 1}, "no switch 'nothing'"),
        ("owner_transfer", {"symbol": "BTCUSDT", "asset": "USDT", "amount": "1", "way": "up"}, "in or out"),
    ],
)
def test_what_makes_no_sense_is_said(do, values, text):
    with pytest.raises(ValueError, match=text):
        actions.act(a_world("long"), do, values)


def test_events_are_written_flat_in_files():
    timed = event_from_row({"at": 1.5, "do": "post_interest", "hours": 2})
    assert (timed.at_ms, timed.do, timed.values) == (1500, "post_interest", {"hours": 2})
    asked = event_from_row({"on": "POST *", "do": "post_interest", "nth": 3, "after": True, "params": {"asset": "USDT"}})
    assert (asked.on, asked.nth, asked.after, asked.params) == ("POST *", 3, True, {"asset": "USDT"})


@pytest.mark.parametrize(
    "row", [{"at": 1}, {"do": "enable"}, {"at": 1, "on": "GET *", "do": "enable"}, {"at": 1, "do": "enable", "nth": 2}]
)
def test_an_event_without_its_moment_or_with_two_is_refused(row):
    with pytest.raises(ValueError, match=r"an event"):
        event_from_row(row)
