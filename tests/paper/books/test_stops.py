"""Trailing stop orders: they follow the market one way and act when it turns by their delta."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from marginbot.paper.books.refusal import Refusal
from tests.paper.books.builders import SECOND, a_world, account, after, conserved, fund, market, order, pair, reloaded


@pytest.fixture
def world():
    """1 BTC and 200,000 USDT in the pair, BTC at 100,000."""
    world = a_world()
    fund(world, "BTC", "1")
    fund(world, "USDT", "200000")
    return world


def through(world, *prices):
    for price in prices:
        world.set_price("BTCUSDT", price)


def bounded(world, **rules):
    market(world).listing = replace(market(world).listing, **rules)


def trailing(world, side, type, delta, **more):
    return order(world, side, "0.1", more.pop("price", None), type=type, trailing_delta=delta, **more).order


def test_a_sell_follows_the_highest_price_and_acts_when_it_fell_by_the_delta(world):
    stop = trailing(world, "SELL", "STOP_LOSS", 700)
    through(world, "105000", "98000", "113750", "105787.51")
    assert (stop.status, stop.trailing_best) == ("NEW", D(113_750))
    with conserved(world):
        through(world, "105787.50")
    assert (stop.status, account(world).trades[-1].price) == ("FILLED", D("105787.50"))


def test_a_buy_follows_the_lowest_price_and_acts_when_it_rose_by_the_delta(world):
    stop = trailing(world, "BUY", "STOP_LOSS", 500)
    through(world, "90000", "94499.99")
    assert stop.status == "NEW"
    with conserved(world):
        through(world, "94500")
    assert stop.status == "FILLED"


@pytest.mark.parametrize(
    ("side", "type", "stop_price", "before", "turn"),
    [
        ("BUY", "STOP_LOSS", "110000", ("92500", "109999"), ("110000", "115000", "105000", "110250")),
        ("SELL", "STOP_LOSS", "97500", ("103750", "97501"), ("97500", "102500", "97375")),
        ("BUY", "TAKE_PROFIT", "95000", ("105000", "95001"), ("95000", "92500", "97125")),
        ("SELL", "TAKE_PROFIT", "105000", ("97500", "104999"), ("105000", "116250", "110437.50")),
    ],
)
def test_with_a_stop_price_it_begins_to_follow_only_there(world, side, type, stop_price, before, turn):
    stop = trailing(world, side, type, 500, stop_price=stop_price)
    through(world, *before)
    assert (stop.trailing_best, stop.trailing_time) == (D(0), -1)
    through(world, *turn[:-1])
    assert (stop.status, stop.trailing_time) == ("NEW", world.now_ms)
    through(world, turn[-1])
    assert stop.status == "FILLED"


def test_a_limit_price_holds_once_it_acts(world):
    stop = trailing(world, "SELL", "STOP_LOSS_LIMIT", 1000, price="99000")
    through(world, "90000")
    assert (stop.status, stop.working) == ("NEW", True)
    through(world, "99000")
    assert stop.status == "FILLED"


def test_a_stop_price_reached_already_is_not_refused_but_followed_at_once(world):
    assert trailing(world, "SELL", "STOP_LOSS", 500, stop_price="101000").trailing_best == 100_000


def test_a_buy_without_a_price_locks_what_its_turn_would_cost_now(world):
    trailing(world, "BUY", "STOP_LOSS", 500)
    assert pair(world).quote.locked == 10_500


def test_it_goes_on_following_in_another_process(world):
    trailing(world, "SELL", "STOP_LOSS", 1000)
    through(world, "120000", "110000")
    again = after(reloaded(world), SECOND)
    (stop,) = account(again).open_orders.values()
    assert (stop.trailing_delta, stop.trailing_best) == (1000, D(120_000))
    through(again, "108000")
    assert stop.status == "FILLED"


@pytest.mark.parametrize(("side", "delta"), [("SELL", 51), ("BUY", 101), ("BUY", 9)])
def test_the_delta_keeps_to_the_bounds_of_its_direction(world, side, delta):
    bounded(world, max_trailing_below=50, max_trailing_above=100)
    with pytest.raises(Refusal, match=r"^-1013 Filter failure: TRAILING_DELTA"):
        trailing(world, side, "STOP_LOSS", delta)


def test_a_take_profit_sale_has_the_bounds_of_orders_above(world):
    bounded(world, max_trailing_below=50, max_trailing_above=100)
    assert trailing(world, "SELL", "TAKE_PROFIT", 100).is_open()


def test_bounds_of_zero_are_no_rule(world):
    bounded(world, min_trailing_below=0, max_trailing_below=0)
    assert trailing(world, "SELL", "STOP_LOSS", 9000).is_open()
