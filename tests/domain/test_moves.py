"""How much to trade, to bring in and to buy back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from marginbot.domain.amounts import ceil_step
from marginbot.domain.margin import buy_back_quantity, deleverage_value, margin_level, top_up_amount
from tests.builders import D, a_balance, a_short, an_account, flat

A_LONG, A_SHORT = an_account(), a_short()


def test_a_free_of_cost_deleverage_of_the_long_sells_a_thousand():
    """(5000 - s) / (4000 - s) = 1.333...: selling 1000 leaves 4000 against 3000."""
    target = D(4000) / D(3000)
    assert round(deleverage_value(A_LONG, target, D(0), D(5000), D(4000)).value, 20) == 1000


@pytest.mark.parametrize("cost", ["0", "0.001", "0.02"])
@pytest.mark.parametrize("target", ["1.3", "1.5", "2"])
def test_a_long_that_sold_the_value_and_repaid_the_proceeds_stands_at_the_target(cost, target):
    value = deleverage_value(A_LONG, D(target), D(cost), D(5000), D(4000)).value
    left = D("0.05") - value / 100000
    owed = 4000 - value * (1 - D(cost))
    after = an_account(replace(A_LONG.base, free=left), replace(A_LONG.quote, borrowed=owed))
    assert abs(margin_level(after) - D(target)) < D("1e-20")


@pytest.mark.parametrize("cost", ["0", "0.001", "0.02"])
@pytest.mark.parametrize("target", ["1.3", "1.5", "2"])
def test_a_short_that_bought_back_for_the_value_and_repaid_stands_at_the_target(cost, target):
    value = deleverage_value(A_SHORT, D(target), D(cost), D(5000), D(4000)).value
    owed = D("0.04") - value * (1 - D(cost)) / 100000
    after = an_account(replace(A_SHORT.base, borrowed=owed), replace(A_SHORT.quote, free=5000 - value))
    assert abs(margin_level(after) - D(target)) < D("1e-20")


def test_rounding_the_quantity_up_to_the_step_ends_at_the_target_or_just_above():
    value = deleverage_value(A_LONG, D("1.5"), D("0.001"), D(5000), D(4000)).value
    sold = ceil_step(value / 100000, D("0.00001"))
    levels = []
    for quantity in (sold, sold - D("0.00001")):
        proceeds = quantity * 100000 * D("0.999")
        after = an_account(a_balance(str(D("0.05") - quantity)), a_balance(borrowed=str(4000 - proceeds)))
        levels.append(margin_level(after))
    assert levels[0] >= D("1.5") > levels[1]


def test_at_or_above_the_target_and_without_debt_nothing_is_traded():
    assert deleverage_value(A_LONG, D("1.25"), D("0.001"), D(5000), D(4000)).value == 0
    assert deleverage_value(A_LONG, D("1.2"), D("0.001"), D(5000), D(4000)).value == 0
    assert deleverage_value(flat(base="1"), D(2), D("0.001"), D(100000), D(0)).value == 0


@pytest.mark.parametrize(
    ("account", "cost", "tradable", "repayable", "why"),
    [
        (an_account(index="80000"), "0", "4000", "4000", "would not cover the debt"),
        (A_LONG, "0.2", "5000", "4000", "would not cover the debt"),
        (A_LONG, "0.001", "1999", "4000", "can be traded"),
        (A_LONG, "0.001", "5000", "1990", "is owed on that side"),
    ],
    ids=["insolvent", "too dear", "too little to sell", "too little owed there"],
)
def test_when_no_such_trade_exists_the_answer_is_none_and_says_why(account, cost, tradable, repayable, why):
    """To 1.5 the plain long would sell about 2006 and repay about 2004."""
    verdict = deleverage_value(account, D("1.5"), D(cost), D(tradable), D(repayable))
    assert verdict.value is None
    assert why in verdict.because


def test_a_dear_trade_is_still_made_while_the_assets_cover_the_debt_after_it():
    """At 5 % 1000 / (1.5 x 0.95 - 1) = 1000 / 0.425."""
    value = deleverage_value(A_LONG, D("1.5"), D("0.05"), D(5000), D(4000)).value
    assert round(value * D("0.425"), 20) == 1000
    sunk = deleverage_value(an_account(index="70000"), D("1.5"), D(0), D(3500), D(4000))
    assert (sunk.value, sunk.because) == (None, "after costs the assets would not cover the debt")


def test_the_reasons_name_what_is_wanted_and_what_there_is():
    """5000 held and 3000 owed to 2: (6000 - 5000) / (2 x 0.75 - 1) = 2000, of which 1500 arrive."""
    account = an_account(quote=a_balance(borrowed="3000"))
    wanted = [deleverage_value(account, D(2), D("0.25"), D(most), D(owed)).because for most, owed in ((1999, 3000), (2000, 1499))]
    assert wanted == [
        "it would take 2000.00000000 and only 1999.00000000 can be traded",
        "it would bring 1500.00000000 and only 1499.00000000 is owed on that side",
    ]
    assert deleverage_value(account, D(2), D("0.25"), D(2000), D(1500)).value == 2000
    assert "already at 1.25 or above" in deleverage_value(A_LONG, D("1.25"), D(0), D(5000), D(4000)).because


def test_such_a_trade_exists_when_there_is_just_enough_to_sell_and_just_enough_owed():
    assert deleverage_value(A_LONG, D("1.5"), D("0.001"), D(2007), D(2005)).value is not None
    assert deleverage_value(A_LONG, D("1.5"), D("0.001"), D(2006), D(2005)).value is None
    assert deleverage_value(A_LONG, D("1.5"), D("0.001"), D(2007), D(2004)).value is None


def test_a_top_up_that_repays_takes_less_than_one_that_is_held():
    """5000 / (4000 - 666.67) and (5000 + 1000) / 4000 are both 1.5."""
    assert round(top_up_amount(A_LONG, D("1.5")), 8) == D("666.66666667")
    assert top_up_amount(A_LONG, D("1.5"), then_repay=False) == 1000


def test_above_the_target_no_top_up_is_needed():
    assert top_up_amount(A_LONG, D("1.2")) == 0
    assert top_up_amount(A_LONG, D("1.2"), then_repay=False) == 0


def test_a_buy_back_is_grossed_up_by_the_fee_and_rounded_up_so_that_the_debt_is_covered():
    """0.04000193 / 0.999 = 0.040041971..."""
    exactly = buy_back_quantity(D("0.04000193"), D(0), D(0), D("0.001"), D("0.00000001"))
    assert exactly == D("0.04004198")
    assert exactly * D("0.999") >= D("0.04000193") > (exactly - D("0.00000001")) * D("0.999")
    assert buy_back_quantity(D("0.04000193"), D(0), D(0), D("0.001"), D("0.00001")) == D("0.04005")


def test_a_buy_back_counts_the_next_hours_interest_and_what_is_there_already():
    assert buy_back_quantity(D("0.9"), D("0.1"), D("0.5"), D(0), D("0.1")) == D("0.5")
    assert buy_back_quantity(D("0.9"), D("0.1"), D(1), D("0.001"), D("0.1")) == 0
    assert buy_back_quantity(D("0.9"), D("0.1"), D("1.5"), D("0.001"), D("0.1")) == 0
