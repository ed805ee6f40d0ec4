"""Auto top-up: at the margin call the exchange takes from spot what reaches the initial ratio."""

from decimal import Decimal as D

import pytest

from marginbot.paper.books import actions
from marginbot.paper.books.listing import Delisting
from marginbot.paper.books.records import Scope
from tests.paper.books.builders import BTCUSDT, EIGHT, HOUR, a_world, account, after, conserved, fund, pair, reloaded, spot


@pytest.fixture
def world():
    """0.05 BTC against 4,000 USDT: margin call at 88,000, liquidation at 84,000; 10,000 USDT and no BTC in spot."""
    world = a_world("long")
    spot(world).free = D(10_000)
    spot(world, "BTC").free = D(0)
    actions.act(world, "auto_topup", {"symbol": BTCUSDT})
    return world


def test_nothing_is_moved_above_the_margin_call(world):
    world.set_price(BTCUSDT, "88000.01")
    assert not account(world).transfers


def test_at_the_margin_call_quote_fills_up_to_the_initial_ratio(world):
    with conserved(world):
        world.set_price(BTCUSDT, "88000")
    moved = account(world).transfers[-1]
    # 1.111 x 4,000 less 4,400
    assert (moved.type, moved.asset, moved.amount, moved.status) == ("MAIN_ISOLATED_MARGIN", "USDT", D(44), "CONFIRMED")
    assert (pair(world).quote.free, spot(world).free) == (D(44), D(9956))


def test_base_makes_up_for_what_quote_does_not_have(world):
    spot(world).free = D(34)
    fund(world, "BTC", "1", Scope.SPOT)
    with conserved(world):
        world.set_price(BTCUSDT, "88000")
    assert [(row.asset, row.amount) for row in account(world).transfers] == [("USDT", D(34)), ("BTC", D("0.00011364"))]


def test_a_spot_wallet_that_is_empty_tops_nothing_up(world):
    spot(world).free = D(0)
    world.set_price(BTCUSDT, "88000")
    assert not account(world).transfers


def test_a_fall_straight_to_the_ratio_is_a_liquidation(world):
    world.set_price(BTCUSDT, "84000")
    assert not account(world).transfers
    assert pair(world).liquidating_until is not None


def test_interest_alone_can_call_for_it(world):
    world.set_price(BTCUSDT, "88000.1")
    after(world, HOUR)
    assert account(world).transfers[-1].asset == "USDT"


def test_it_is_off_unless_switched_on_and_can_be_switched_off_again(world):
    actions.act(world, "auto_topup", {"symbol": BTCUSDT, "on": False})
    world.set_price(BTCUSDT, "88000")
    assert not account(world).transfers
    assert not pair(a_world("long")).auto_top_up


def test_switched_on_during_a_margin_call_it_acts_at_once():
    world = a_world("long")
    world.set_price(BTCUSDT, "88000")
    with conserved(world):
        actions.act(world, "auto_topup", {"symbol": BTCUSDT})
    assert pair(world).quote.free == 44


def test_before_a_delisting_no_more_than_the_debt_comes_in(world):
    world.delistings.append(Delisting(EIGHT + HOUR, [], [BTCUSDT]))
    pair(world).quote.borrowed, pair(world).base.borrowed = D(10), D("0.0455")
    world.set_price(BTCUSDT, "110000")
    assert [(row.asset, row.amount) for row in account(world).transfers] == [("USDT", D(10))]


def test_the_setting_outlives_the_process(world):
    assert pair(reloaded(world)).auto_top_up
