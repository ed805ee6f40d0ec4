"""The guard over aims at its bounds: fees, both sides of the book, two debts, coins of base. Numbers from `test_guard_aims`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from marginbot.domain.plan import AimKind, Repay, Side
from tests.builders import BTC, USDT, D, a_balance, a_book, a_look, a_market, a_short, an_account
from tests.rules.aiming import frictionless
from tests.rules.test_guard_aims import CANCEL, LONG, SYMBOL, judge, order, refused, top_up

SHORT = replace(a_look(a_short(), frictionless(), spot={BTC: "0.01"}), spot_is_fresh=True)
OURS = replace(CANCEL, order_id="1", client_ids=("bs-mb-1",))


@pytest.mark.parametrize("kind", AimKind)
def test_any_kind_may_take_our_own_backstop_back_whatever_is_left_to_the_owner(kind):
    judge(kind, OURS, leave_orders=True, target="1.3")


@pytest.mark.parametrize("ids", [(), ("bs-mb-1", "owner-7"), ("owner-7",)])
def test_what_is_not_ours_alone_is_the_owners(ids):
    says = "leaves the owner's orders alone"
    refused(AimKind.DELEVERAGE, replace(OURS, client_ids=ids), leave_orders=True, saying=says)


def test_a_fee_makes_a_sale_larger():
    """500 / (1.5 x 0.99 - 1) = 1030.93 USDT, and a step."""
    costly = replace(LONG, market=a_market(frictionless().book, fee="0.01"))
    judge(AimKind.DELEVERAGE, order("0.01031"), look=costly)
    refused(AimKind.DELEVERAGE, order("0.01032"), look=costly, saying="at most 0.0103")


def test_a_dearer_book_makes_a_short_buy_a_little_more():
    """At 101,000 1.5 x 0.990099 - 1 = 0.485149: 1000 are 2061.22 USDT, 0.0204082 BTC, and a step."""
    dear = replace(SHORT, market=a_market(a_book(asks=("101000 x 10",)), fee="0"))
    judge(AimKind.DELEVERAGE, order("0.02041", Side.BUY), look=dear)
    refused(AimKind.DELEVERAGE, order("0.02042", Side.BUY), look=dear, saying="at most 0.0204")


@pytest.mark.parametrize(("base", "fee"), [("0.0401", "0.01"), ("0.04", "0")])
def test_where_nothing_is_left_after_costs_nothing_is_traded(base, fee):
    look = replace(LONG, account=an_account(a_balance(base)), market=a_market(frictionless().book, fee=fee))
    refused(AimKind.DELEVERAGE, order("0.001"), look=look, saying="at most 0")


def test_no_more_is_sold_than_what_is_its_own():
    """5000 against 3500 + 500: 0.02 BTC would do, and 0.015 are not owed."""
    both = replace(LONG, account=an_account(a_balance("0.05", borrowed="0.035"), a_balance(borrowed="500")))
    judge(AimKind.DELEVERAGE, order("0.015"), look=both)
    refused(AimKind.DELEVERAGE, order("0.01501"), look=both, saying="at most 0.015")


def test_without_a_book_and_beside_a_limit_order_the_cap_is_the_price():
    """At 99,000 it is 0.01031."""
    empty = replace(LONG, market=a_market(a_book(bids=()), fee="0"))
    judge(AimKind.DELEVERAGE, order("0.01031"), look=empty)
    refused(AimKind.DELEVERAGE, order("0.01033"), look=empty, saying="at most")
    judge(AimKind.DELEVERAGE, order("0.005"), order("0.0053", limit="99000"))


def test_a_market_order_is_priced_by_its_own_size():
    steep = replace(LONG, market=a_market(a_book(bids=("100000 x 0.02", "90000 x 10")), fee="0"))
    refused(AimKind.DELEVERAGE, order("0.01002"), look=steep, saying="at most 0.01001")


def test_a_repayment_of_base_and_of_interest():
    rich = replace(LONG, account=an_account(quote=a_balance("5000", borrowed="3900", interest="100")))
    judge(AimKind.REPAY, Repay(SYMBOL, USDT, D(4000), ""), look=rich)
    short = replace(SHORT, account=a_short(base_free="0.05"))
    judge(AimKind.REPAY, Repay(SYMBOL, BTC, D("0.04"), ""), look=short)
    refused(AimKind.REPAY, Repay(SYMBOL, BTC, D("0.041"), ""), look=short, saying="a repayment of 0.041 BTC does not fit")


@pytest.mark.parametrize(
    ("most", "aim"), [("0.00666667", {}), ("0.004", {"keep_in_spot": D(600)}), ("0.001", {"allowance": "100"})]
)
def test_a_top_up_of_base_keeps_to_limits_that_are_in_quote(most, aim):
    """666.67 USDT are 0.00666667 BTC; 0.01 of them lie in spot."""
    judge(AimKind.TOP_UP, top_up(most, str(D(most) * 100000), BTC), look=SHORT, **aim)
    above = str(D(most) + D("0.00000001"))
    refused(AimKind.TOP_UP, top_up(above, str(D(above) * 100000), BTC), look=SHORT, saying="a top-up", **aim)


def test_a_coin_that_spot_does_not_have_cannot_come_and_a_debt_of_interest_may_be_topped_up():
    refused(AimKind.TOP_UP, top_up("0.5"), look=replace(LONG, spot={BTC: D(1)}), saying="a top-up of 0.5 USDT does not fit")
    judge(AimKind.TOP_UP, top_up("1"), look=replace(LONG, account=an_account(quote=a_balance(interest="4000"))))


def test_a_top_up_that_is_said_to_be_worth_more_is_refused_as_well():
    refused(AimKind.TOP_UP, top_up("100", "101"), saying="are not worth the 101 they are said to be")
