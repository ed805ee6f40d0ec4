"""Prices in time, and the book around them."""

from decimal import Decimal as D

from marginbot.paper.books.market import Path
from tests.paper.books.builders import a_world, after, market

FALL = Path.through([(0, "100"), (10, "100"), (20, "80")])


def test_a_path_is_calm_before_and_after_and_straight_in_between():
    assert [FALL.at(ms) for ms in (0, 10_000, 15_000, 20_000, 99_000)] == [100, 100, 90, 80, 80]


def test_the_market_follows_its_path_in_ticks_of_a_quarter_second():
    world = a_world()
    world.set_path("BTCUSDT", FALL)
    assert market(after(world, 15_000)).mid == 90
    assert market(after(world, 249)).mid == 90
    assert market(after(world, 1)).mid == D("89.5")
    assert market(after(world, 60_000)).mid == 80


def test_the_index_can_stand_apart_from_the_price():
    world = a_world()
    world.set_price("BTCUSDT", "100000", "99000")
    assert (market(world).mid, market(world).index) == (D(100_000), D(99_000))
    market(world).index_bps = D(-50)
    world.set_price("BTCUSDT", "100000.5")
    assert market(world).index == D("100000.5") * D("0.995")


def test_both_sides_of_the_book_step_away_from_the_middle():
    world = a_world()
    btc = market(world)
    btc.half_spread_bps = D(1)
    bids, asks = ([price for _, price, _ in btc.depth(side)][:2] for side in ("SELL", "BUY"))
    assert (bids, asks) == ([99_990, 99_980], [100_010, 100_020])


def test_levels_of_a_cheap_coin_are_at_least_a_tick_apart_and_never_reach_zero():
    world = a_world()
    world.set_price("SHIBUSDT", "0.00000005")
    prices = [price for _, price, _ in market(world, "SHIBUSDT").depth("SELL")]
    assert prices == [D(n) / 100_000_000 for n in (5, 4, 3, 2, 1)]
