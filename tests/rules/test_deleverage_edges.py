"""Deleveraging where a coin is short, locked, capped, owed twice or dearer than the index; and what it says.

Without friction the plain long and short, 5000 against 4000, trade 2000 USDT to stand at 1.5.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from marginbot.domain.plan import AimKind, Need, Side, Verdict
from marginbot.rules.deleverage import expected_price
from tests.builders import D, a_balance, a_book, a_look, a_market, a_short, an_account, filters
from tests.rules.aiming import an_aim, an_order, decide, frictionless, steps

AIM = an_aim(AimKind.DELEVERAGE)
FINE = filters(step="0.00000001", min_qty="0", min_value="9.5")


def decided(account, market=None, aim=AIM, **fields):
    return decide(aim, replace(a_look(account, market or frictionless()), **fields))


def ruled(its_filters):
    market = frictionless()
    return replace(market, rules=replace(market.rules, filters=its_filters))


def test_at_its_target_it_is_done_and_says_both_numbers():
    plan = decided(an_account(a_balance("0.06")))
    assert (plan.verdict, plan.because) == (Verdict.DONE, "the level is 1.5000, the target 1.5")


@pytest.mark.parametrize(("account", "verb"), [(an_account(), "sold"), (a_short(), "bought back")], ids=["long", "short"])
def test_it_says_how_much_of_which_coin_goes_which_way(account, verb):
    assert decided(account).because == f"0.02000000 BTC {verb} and repaid lift the level from 1.2500 to 1.5"


def test_beside_idle_coins_that_pay_it_says_both_and_beside_a_blocked_trade_only_that():
    """5400 / 4000 is 1.35; 400 paid leave 5000 / 3600."""
    idle = an_account(quote=a_balance("400", borrowed="4000"))
    told = "the level is 1.3500: idle coins pay debt"
    assert decided(idle).because == f"{told}; 0.00800000 BTC sold and repaid lift the level from 1.3889 to 1.5"
    assert decided(idle, a_market(a_book(bids=("98000 x 10",)), fee="0")).because == told


def test_idle_coins_wait_too_while_the_book_must_be_read_deeper():
    idle = an_account(quote=a_balance("400", borrowed="4000"))
    plan = decided(idle, a_market(a_book(bids=("100000 x 0.001",)), fee="0"))
    assert (plan.verdict, plan.needs, plan.steps) == (Verdict.WAIT, {Need.DEEP_BOOK}, ())


def test_a_debt_of_interest_alone_is_traded_for():
    assert steps(decided(an_account(quote=a_balance(interest="4000")))) == [("CloseOrder", D("0.02"))]


def test_where_the_owed_coin_is_all_there_is_it_is_freed_and_nothing_is_traded():
    """4400 USDT in orders against 4000 owed, and no base on either side."""
    account = an_account(a_balance(), a_balance(locked="4400", borrowed="4000"))
    plan = decided(account, orders=(an_order(1, "4400", Side.BUY),))
    assert [step.order_id for step in plan.steps] == ["1"]
    assert "to repay debt" in plan.because or "to repay debt" in plan.steps[0].because


def test_a_little_less_than_the_smallest_order_is_raised_to_it():
    """4.8 / 0.5 = 9.6 USDT are missing, 9.5 are the least and 9.975 the smallest order of our own choosing."""
    small = an_account(a_balance("0.000552"), a_balance(borrowed="40"))
    assert steps(decided(small, ruled(FINE))) == [("CloseOrder", D("0.00009975"))]


def test_just_enough_free_base_leaves_the_orders_alone():
    assert steps(decided(an_account(a_balance("0.02", locked="0.03")), orders=(an_order(1, "0.03"),))) == [
        ("CloseOrder", D("0.02"))
    ]


def test_enough_free_quote_leaves_the_orders_alone_and_too_little_is_told_with_its_headroom():
    """2002 with a thousandth of headroom."""
    order = (an_order(1, "2000", Side.BUY),)
    rich = an_account(a_balance(borrowed="0.04"), a_balance("3000", locked="2000"))
    assert steps(decided(rich, orders=order)) == [("CloseOrder", D("0.02"))]
    poor = an_account(a_balance(borrowed="0.04"), a_balance("1500", locked="3500"))
    assert "502 USDT more are needed" in decided(poor, orders=order).steps[0].because


def test_without_orders_on_the_quote_it_buys_what_the_quote_pays_for_less_headroom():
    """2000 / 1.001 = 1998.001..., and 0.03 of the 0.04 BTC owed lie in orders."""
    account = an_account(a_balance(locked="0.03", borrowed="0.04"), a_balance("2000"))
    assert steps(decided(account)) == [("CloseOrder", D("0.01998"))]


@pytest.mark.parametrize(
    ("account", "wanted"),
    [
        (an_account(a_balance("0.015"), a_balance(locked="3500", borrowed="4000")), "2000.00000000 and only 1500.00000000"),
        (an_account(a_balance(locked="0.035", borrowed="0.04"), a_balance("1500")), "2000.00000000 and only 1500.00000000"),
    ],
    ids=["to sell", "to buy with"],
)
def test_more_than_the_other_coin_is_worth_cannot_be_traded(account, wanted):
    plan = decided(account)
    assert plan.verdict is Verdict.STUCK
    assert plan.because == f"the level is 1.2500 and no trade lifts it to 1.5: it would take {wanted} can be traded"


def test_of_two_debts_no_more_is_sold_than_pays_the_one_fee_included():
    """6000 against 3300 + 1500: 2400 would do, 1500 / 0.999 are 1501.5... USDT: 0.01502 BTC, all of it in an order."""
    both = an_account(a_balance(locked="0.06", borrowed="0.033"), a_balance(borrowed="1400", interest="100"))
    market = a_market(frictionless().book, fee="0.001")
    assert "0.01502 BTC more are needed" in decided(both, market, orders=(an_order(1, "0.06"),)).steps[0].because


def test_of_two_debts_no_more_is_bought_than_pays_the_one():
    """5000 against 3000 + 1000: of 2000 only 1000 buy back 0.01 BTC, with a thousandth of headroom."""
    both = an_account(a_balance(borrowed="0.009", interest="0.001"), a_balance(locked="5000", borrowed="3000"))
    assert "1001 USDT more are needed" in decided(both, orders=(an_order(1, "5000", Side.BUY),)).steps[0].because


def test_half_a_percent_of_slippage_makes_a_sale_larger():
    """1000 / (1.5 x 0.995 - 1) = 2030.45... USDT at the index."""
    assert steps(decided(an_account(), a_market(a_book(bids=("99500 x 10",)), fee="0"))) == [("CloseOrder", D("0.02031"))]


def test_half_a_percent_of_slippage_makes_a_buy_back_dearer_and_its_quantity_counts_at_that_price():
    """1000 / (1.5 / 1.005 - 1) = 2030.30... USDT at 100,500."""
    assert steps(decided(a_short(), a_market(a_book(asks=("100500 x 10",)), fee="0"))) == [("CloseOrder", D("0.02021"))]


def test_what_the_book_gives_is_never_expected_beyond_the_cap_and_of_an_empty_one_the_index_is():
    look = a_look(market=a_market(a_book(bids=("99500 x 10", "1 x 1"), asks=("100500 x 10",))))
    for quantity in ("1", "0.000001"):
        assert expected_price(look, Side.SELL, D(quantity), D(100)) == 99500
        assert expected_price(look, Side.BUY, D(quantity), D(100)) == 100500
        assert expected_price(look, Side.SELL, D(quantity), D(20)) == 99800
        assert expected_price(look, Side.BUY, D(quantity), D(20)) == 100200
    empty = a_look(market=a_market(a_book(bids=(), asks=())))
    assert {expected_price(empty, side, D(1), D(100)) for side in Side} == {100000}


def test_the_largest_position_bounds_a_buy_back_and_less_than_an_order_of_room_is_stuck():
    assert steps(decided(a_short(), ruled(filters(max_position="0.01")))) == [("CloseOrder", D("0.01"))]
    plan = decided(a_short(), ruled(filters(max_position="0.00001")))
    assert (plan.verdict, plan.steps) == (Verdict.STUCK, ())
    assert plan.because == "of the 0.02 BTC to trade only 0.00001 can be, which is less than one order"


@pytest.mark.parametrize("idle", ["630", "667"])
def test_idle_coins_that_lift_the_level_near_enough_are_all_that_goes(idle):
    """5000 / (4000 - 630) is 1.4837, beyond 1.476; of 667 a dollar is more than needed, and less than an order."""
    plan = decided(an_account(quote=a_balance(idle, borrowed="4000")))
    assert (plan.verdict, steps(plan)) == (Verdict.ACT, [("Repay", D(idle))])
