"""Transfers between wallets: where money lands, what may leave, and slow ones."""

from decimal import Decimal as D

import pytest

from marginbot.paper.books import transfers
from marginbot.paper.books.listing import Delisting
from marginbot.paper.books.records import Scope
from marginbot.paper.books.refusal import Refusal
from marginbot.paper.books.transfers import Move
from tests.paper.books.builders import ADAUSDT, BTCUSDT, EIGHT, HOUR, a_world, account, after, fund, pair, spot


@pytest.fixture
def world():
    """10,000 USDT in spot and nothing else."""
    return a_world()


def move(world, type, asset, amount, from_symbol="", to_symbol=""):
    return transfers.transfer(world, account(world), Move(type, asset, D(amount), from_symbol, to_symbol))


def refused(code):
    return pytest.raises(Refusal, match=rf"^{code} ")


def test_the_first_transfer_in_opens_the_isolated_account(world):
    assert BTCUSDT not in account(world).isolated
    move(world, "MAIN_ISOLATED_MARGIN", "USDT", "400", to_symbol=BTCUSDT)
    assert (pair(world).quote.free, pair(world).enabled, spot(world).free) == (D(400), True, D(9600))


def test_money_travels_by_every_route(world):
    move(world, "MAIN_MARGIN", "USDT", "1000")
    move(world, "MARGIN_ISOLATEDMARGIN", "USDT", "900", to_symbol=BTCUSDT)
    move(world, "ISOLATEDMARGIN_ISOLATEDMARGIN", "USDT", "800", BTCUSDT, ADAUSDT)
    move(world, "ISOLATEDMARGIN_MARGIN", "USDT", "700", ADAUSDT)
    move(world, "MARGIN_MAIN", "USDT", "600")
    move(world, "ISOLATED_MARGIN_MAIN", "USDT", "50", ADAUSDT)
    held = [spot(world).free, account(world).cross["USDT"].free, pair(world).quote.free, pair(world, ADAUSDT).quote.free]
    assert held == [9650, 200, 100, 50]


def test_a_cross_transfer_that_names_a_pair_lands_in_the_cross_account(world):
    move(world, "MAIN_MARGIN", "USDT", "10", to_symbol=BTCUSDT)
    assert account(world).cross["USDT"].free == 10
    assert not account(world).isolated


def test_only_the_two_assets_of_the_pair_are_taken(world):
    fund(world, "ETH", "1", Scope.SPOT)
    with refused(-3027):
        move(world, "MAIN_ISOLATED_MARGIN", "ETH", "1", to_symbol=BTCUSDT)
    assert not account(world).isolated


def test_spot_must_hold_what_is_sent(world):
    with refused(-5013):
        move(world, "MAIN_ISOLATED_MARGIN", "USDT", "10000.00000001", to_symbol=BTCUSDT)


def test_zero_is_not_a_transfer(world):
    with refused(-5007):
        move(world, "MAIN_MARGIN", "USDT", "0")


def test_an_isolated_end_needs_its_symbol(world):
    with refused(-1102):
        move(world, "MAIN_ISOLATED_MARGIN", "USDT", "1")


def test_what_maxtransferable_says_may_leave_and_a_digit_more_may_not():
    world = a_world("long")
    fund(world, "USDT", "4000")
    most = transfers.transferable(world, account(world), Scope.ISOLATED, BTCUSDT, "USDT")
    assert most == 1000
    with refused(-3020):
        move(world, "ISOLATED_MARGIN_MAIN", "USDT", "1000.00000001", BTCUSDT)
    move(world, "ISOLATED_MARGIN_MAIN", "USDT", "1000", BTCUSDT)
    assert transfers.transferable(world, account(world), Scope.ISOLATED, BTCUSDT, "USDT") == 0


def test_the_transfer_out_level_can_be_set():
    world = a_world("long")
    fund(world, "USDT", "4000")
    world.config.transfer_out_level = D("2.25")
    assert transfers.transferable(world, account(world), Scope.ISOLATED, BTCUSDT, "USDT") == 0


def test_the_cross_account_keeps_level_two(world):
    fund(world, "USDT", "20000", Scope.CROSS)
    account(world).cross["USDT"].borrowed = D(5150)
    assert transfers.transferable(world, account(world), Scope.CROSS, "", "USDT") == 9700


def test_while_pending_the_source_has_fallen_and_the_destination_has_not_risen(world):
    world.config.transfer_pending_ms = 1000
    row = move(world, "MAIN_ISOLATED_MARGIN", "USDT", "400", to_symbol=BTCUSDT)
    assert (row.status, spot(world).free, pair(world).quote.free) == ("PENDING", D(9600), D(0))
    after(world, 999)
    assert row.status == "PENDING"
    after(world, 1)
    assert (row.status, spot(world).free, pair(world).quote.free) == ("CONFIRMED", D(9600), D(400))


def test_a_failing_transfer_returns_to_its_source(world):
    world.config.transfer_pending_ms, world.config.transfers_fail = 1000, True
    row = move(world, "MAIN_MARGIN", "USDT", "400")
    after(world, 1000)
    assert (row.status, spot(world).free) == ("FAILED", D(10000))


def test_before_a_delisting_only_the_debt_may_be_sent_in():
    world = a_world("long")
    world.delistings.append(Delisting(EIGHT + HOUR, [], [BTCUSDT]))
    pair(world).quote.borrowed = D(500)
    with refused(-3065):
        move(world, "MAIN_ISOLATED_MARGIN", "USDT", "501", to_symbol=BTCUSDT)
    move(world, "MAIN_ISOLATED_MARGIN", "USDT", "500", to_symbol=BTCUSDT)
