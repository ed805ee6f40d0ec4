"""BNB as money: interest of the cross account at 5 % off, trading fees at 25 % off."""

from decimal import Decimal as D

import pytest

from marginbot.paper.books import loans
from marginbot.paper.books.records import Scope
from tests.paper.books.builders import HOUR, a_world, account, after, borrow, conserved, fund, order, pair, spot


@pytest.fixture
def world():
    """20,000 USDT in the cross account and interest in BNB, which stands at 800 USDT; USDT costs 0.001 % an hour."""
    world = a_world()
    fund(world, "USDT", "20000", Scope.CROSS)
    account(world).interest_bnb_burn = True
    return world


def cross_loan(world, asset="USDT", amount="8000"):
    return loans.borrow(world, account(world), Scope.CROSS, "", asset, D(amount))


def test_cross_interest_becomes_a_bnb_debt_at_five_percent_off(world):
    with conserved(world):
        cross_loan(world)
    # 0.08 USDT less 5 % at 800
    assert (account(world).cross["BNB"].interest, account(world).cross["USDT"].interest) == (D("0.000095"), D(0))
    row = account(world).interest[-1]
    assert (row.type, row.asset, row.raw_asset, row.principal) == ("ON_BORROW_CONVERTED", "BNB", "USDT", D(8000))


def test_the_hour_is_charged_the_same_way(world):
    cross_loan(world)
    with conserved(world):
        after(world, HOUR)
    assert account(world).cross["BNB"].interest == D("0.00019")
    assert account(world).interest[-1].type == "PERIODIC_CONVERTED"


def test_a_bnb_loan_costs_its_own_interest(world):
    cross_loan(world, "BNB", "10")
    row = account(world).interest[-1]
    assert (row.type, row.asset, row.interest) == ("ON_BORROW", "BNB", D("0.0001"))


def test_the_bnb_debt_is_repaid_in_bnb(world):
    cross_loan(world)
    fund(world, "BNB", "1", Scope.CROSS)
    with conserved(world):
        paid = loans.repay(world, account(world), Scope.CROSS, "", "BNB", D("0.000095"))
    assert (paid.interest, paid.principal, account(world).cross["BNB"].debt) == (D("0.000095"), D(0), D(0))


def test_isolated_interest_stays_in_its_own_asset(world):
    fund(world, "USDT", "1000")
    borrow(world, "USDT", "1000")
    assert pair(world).quote.interest == D("0.01")
    assert account(world).interest[-1].type == "ON_BORROW"


def test_a_world_may_take_isolated_interest_from_the_bnb_of_the_spot_wallet(world):
    world.config.isolated_interest_in_bnb = True
    fund(world, "USDT", "1000")
    fund(world, "BNB", "0.00002", Scope.SPOT)
    with conserved(world):
        borrow(world, "USDT", "1000")
    # 0.01 USDT less 5 % at 800
    assert (pair(world).quote.interest, spot(world, "BNB").free) == (D(0), D("0.00000812"))
    with conserved(world):
        after(world, HOUR)
    assert pair(world).quote.interest == D("0.01")


def test_fees_of_an_isolated_trade_can_come_out_of_the_spot_wallet():
    world = a_world("long")
    account(world).spot_bnb_burn = world.config.isolated_fees_in_bnb = True
    fund(world, "BNB", "1", Scope.SPOT)
    with conserved(world):
        trade = order(world, "SELL", "0.016").trades[0]
    # 1.6 USDT less 25 % at 800
    assert (trade.commission_asset, trade.commission, spot(world, "BNB").free) == ("BNB", D("0.0015"), D("0.9985"))


def test_too_little_bnb_leaves_the_fee_in_what_was_received():
    world = a_world("long")
    account(world).spot_bnb_burn = world.config.isolated_fees_in_bnb = True
    fund(world, "BNB", "0.00149999", Scope.SPOT)
    trade = order(world, "SELL", "0.016").trades[0]
    assert (trade.commission_asset, trade.commission) == ("USDT", D("1.6"))


def test_fees_of_cross_and_spot_trades_come_from_their_own_wallets():
    world = a_world()
    account(world).spot_bnb_burn = True
    for scope in (Scope.SPOT, Scope.CROSS):
        fund(world, "BNB", "1", scope)
        fund(world, "BTC", "0.016", scope)
        with conserved(world):
            order(world, "SELL", "0.016", scope=scope)
        assert account(world).wallet(scope, "BNB").free == D("0.9985")
