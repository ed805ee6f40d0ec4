"""A beginning at other prices keeps every margin level it was written with."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from marginbot.paper.beginning import begin
from marginbot.paper.books import catalogue
from marginbot.paper.books.market import Market, Path
from marginbot.paper.books.rescaled import at_prices
from marginbot.paper.books.scenarios import SCENARIOS
from tests.paper.books.builders import EIGHT, UID


def markets(**prices: str) -> dict[str, Market]:
    """The catalogue's pairs of these names at these prices."""
    ours = catalogue.markets()
    return {
        symbol: Market(ours[symbol].listing, Path.constant(D(price)), ours[symbol].level_quantity)
        for symbol, price in prices.items()
    }


def test_a_long_keeps_its_leverage_at_six_tenths_of_the_price():
    world = begin("long", EIGHT, markets(BTCUSDT="60000"))
    pair = world.account(UID).isolated["BTCUSDT"]
    assert (pair.base.free, pair.quote.borrowed, world.market("BTCUSDT").mid) == (D("0.05"), D(2400), D(60000))


def test_prices_of_orders_move_along_and_stay_on_the_tick():
    world = begin("open-orders", EIGHT, markets(SOLUSDT="123.45"))
    prices = {order.side: order.price for order in world.account(UID).open_orders.values()}
    assert prices == {"SELL": D("141.96"), "BUY": D("111.10")}


def test_pairs_that_are_not_listed_are_left_out_with_what_they_held():
    world = begin("default", EIGHT, markets(BTCUSDT="100000"))
    assert list(world.markets) == list(world.account(UID).isolated) == ["BTCUSDT"]
    assert world.account(UID).spot["USDT"].free == D(2500)


def test_a_scenario_that_moves_a_price_begins_where_it_began_and_moves_none():
    scenario = at_prices(SCENARIOS["demo"], markets(BTCUSDT="50000"))
    assert (scenario.moves, scenario.positions[0].quote_borrowed) == ({}, "2000.00000000")


@pytest.mark.parametrize("name", ["default", "long", "short", "demo", "open-orders", "flat", "empty"])
def test_everyday_beginnings_keep_every_level(name):
    tripled = {symbol: str(market.mid * 3) for symbol, market in catalogue.markets().items()}
    usual, dear = begin(name, EIGHT), begin(name, EIGHT, markets(**tripled))
    for symbol, pair in usual.account(UID).isolated.items():
        other = dear.account(UID).isolated[symbol]
        assert other.base == pair.base
        assert abs(other.quote.net - 3 * pair.quote.net) < D("0.0001")
