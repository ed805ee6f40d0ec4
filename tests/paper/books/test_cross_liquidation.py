"""Forced liquidation of the cross account: at 1.1, everything into USDT, debts and the fee paid."""

from decimal import Decimal as D

import pytest

from marginbot.paper.books import loans, transfers
from marginbot.paper.books.records import Scope
from marginbot.paper.books.refusal import Refusal
from marginbot.paper.books.transfers import Move
from tests.paper.books.builders import HOUR, a_world, account, after, conserved, fund, order, reloaded


@pytest.fixture
def world():
    """3 ETH at 4,000 against 6,000 USDT owed and spent: 1.1 is reached at 2,200."""
    world = a_world()
    fund(world, "ETH", "3", Scope.CROSS)
    account(world).wallet(Scope.CROSS, "USDT").borrowed = D(6000)
    world.house.counterparty["USDT"] = D(6000)
    return world


def cross(world, asset):
    return account(world).cross[asset]


def test_it_begins_at_the_bar_and_not_above(world):
    world.set_price("ETHUSDT", "2200.01")
    assert account(world).cross_liquidating_until is None
    world.set_price("ETHUSDT", "2200")
    assert account(world).cross_liquidating_until is not None


def test_everything_is_sold_the_debt_repaid_and_two_percent_taken(world):
    with conserved(world):
        world.set_price("ETHUSDT", "2200")
        after(world, 1000)
    assert cross(world, "ETH").is_empty()
    assert (cross(world, "USDT").free, cross(world, "USDT").debt) == (D(6600) - 6000 - 132, D(0))
    assert world.house.insurance["USDT"] == 132


def test_a_debt_in_coins_is_bought_back():
    world = a_world()
    fund(world, "USDT", "10000", Scope.CROSS)
    account(world).wallet(Scope.CROSS, "ETH").borrowed = D(2)
    world.house.counterparty["ETH"] = D(2)
    with conserved(world):
        world.set_price("ETHUSDT", "4600")
        after(world, 1000)
    assert cross(world, "ETH").is_empty()
    assert cross(world, "USDT").free == 10000 - 9200 - 200


def test_the_insurance_fund_pays_what_is_missing(world):
    with conserved(world):
        world.set_price("ETHUSDT", "1900")
        after(world, 1000)
    assert cross(world, "USDT").is_empty()
    assert world.house.insurance["USDT"] == 5700 - 6000


def test_an_asset_without_a_market_in_usdt_goes_at_its_value():
    world = a_world()
    fund(world, "JPY", "1500000", Scope.CROSS)
    account(world).wallet(Scope.CROSS, "USDT").borrowed = D(9500)
    world.house.counterparty["USDT"] = D(9500)
    with conserved(world):
        after(world, HOUR)
        after(world, 1000)
    assert cross(world, "JPY").is_empty()
    assert not cross(world, "USDT").debt


def test_orders_vanish_and_the_owner_is_shut_out_until_it_is_over(world):
    resting = order(world, "SELL", "1", "5000", symbol="ETHUSDT", scope=Scope.CROSS).order
    world.set_price("ETHUSDT", "2200")
    assert (resting.status, resting.expiry_reason) == ("CANCELED", "EXCHANGE_CANCELED")
    with pytest.raises(Refusal, match=r"^-3004"):
        order(world, "SELL", "1", symbol="ETHUSDT", scope=Scope.CROSS)
    with pytest.raises(Refusal, match=r"^-3036"):
        loans.borrow(world, account(world), Scope.CROSS, "", "USDT", D(1))
    with pytest.raises(Refusal, match=r"^-3020"):
        transfers.transfer(world, account(world), Move("MARGIN_MAIN", "ETH", D(1)))
    after(world, 1000)
    assert order(world, "BUY", "0.01", symbol="ETHUSDT", scope=Scope.CROSS).order.status == "FILLED"


def test_it_survives_the_process_it_began_in(world):
    world.set_price("ETHUSDT", "2200")
    again = after(reloaded(world), 1000)
    assert cross(again, "USDT").free == 468


def test_its_rows_say_cross_and_tell_the_whole_money(world):
    before = cross(world, "USDT").free
    world.set_price("ETHUSDT", "2200")
    after(world, 1000)
    record = account(world).liquidations[-1]
    assert (record.scope, record.symbol, record.side, record.executed) == (Scope.CROSS, "ETHUSDT", "SELL", D(3))
    told = sum(row.amount for row in account(world).seizures if row.asset == "USDT" and row.scope is Scope.CROSS)
    assert told == cross(world, "USDT").free - before


def test_an_exchange_that_is_slow_lets_it_live_on(world):
    world.config.liquidates = False
    world.set_price("ETHUSDT", "1500")
    assert account(world).cross_liquidating_until is None
