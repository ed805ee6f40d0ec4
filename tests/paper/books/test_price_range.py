"""The price-range execution rule on BTCUSDT at 100,000, levels of 0.01 every 10 USDT."""

from decimal import Decimal as D

import pytest

from marginbot.paper.books.actions import act
from tests.paper.books.builders import a_world, fund, market, order, pair

REASON = "EXECUTION_RULE_PRICE_RANGE_EXCEEDED"


@pytest.fixture
def world():
    world = a_world()
    fund(world, "BTC", "1")
    fund(world, "USDT", "100000")
    market(world).level_quantity = D("0.01")
    act(world, "set_range", {"symbol": "BTCUSDT", "reference": "100000", "up": "1.0002", "down": "0.9998"})
    return world


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_a_taker_stops_at_the_edge_and_the_rest_expires(world, side):
    placed = order(world, side, "0.05").order
    assert (placed.status, placed.expiry_reason, placed.executed) == ("EXPIRED", REASON, D("0.03"))
    assert pair(world).base.locked == pair(world).quote.locked == 0


def test_a_limit_order_whose_own_price_stops_it_first_rests(world):
    placed = order(world, "SELL", "0.05", "99990").order
    assert (placed.status, placed.executed) == ("PARTIALLY_FILLED", D("0.02"))


def test_a_limit_order_beyond_the_edge_expires_instead_of_resting(world):
    placed = order(world, "SELL", "0.05", "99900").order
    assert (placed.status, placed.expiry_reason) == ("EXPIRED", REASON)


def test_without_a_reference_price_there_is_no_rule(world):
    act(world, "set_range", {"symbol": "BTCUSDT", "reference": None})
    assert order(world, "SELL", "0.05").order.status == "FILLED"


def test_an_order_that_must_fill_whole_does_not_count_what_is_out_of_range(world):
    placed = order(world, "SELL", "0.05", "99900", time_in_force="FOK").order
    assert (placed.status, placed.executed) == ("EXPIRED", 0)


def test_a_resting_order_fills_at_its_price_wherever_that_is(world):
    placed = order(world, "SELL", "0.01", "101000").order
    world.set_price("BTCUSDT", "101500")
    assert placed.status == "FILLED"
