"""Idle coins at the edges: two debts, minimum repayments, slack, coins in orders; and what it says."""

from __future__ import annotations

import pytest

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.plan import AimKind, Repay, Verdict
from marginbot.rules.idle import idle_repayments, missing_value, once_paid
from tests.builders import BTCUSDT, USDT, D, a_balance, a_look, a_market, an_account
from tests.rules.aiming import an_aim, decide


def two_debts(free_base: str) -> IsolatedAccount:
    """5000 against 2000 in BTC and 1500 USDT: 500 to repay for a level of 1.5; 500 USDT are free."""
    base = a_balance(free_base, str(D("0.045") - D(free_base)), "0.02")
    return an_account(base, a_balance("500", borrowed="1500"))


def paid(account: IsolatedAccount, target: str = "1.5", slack: str = "0", least: str = "0") -> list[tuple[str, D]]:
    look = a_look(account, a_market(min_repay={USDT: least}))
    return [(step.asset, step.amount) for step in idle_repayments(look, D(target), D(slack))]


@pytest.mark.parametrize(("base", "target"), [("0.05", "1"), ("0.05", "0.9"), ("0.039", "1.5"), ("0.064", "1.5")])
def test_no_repayment_lifts_a_level_to_one_one_under_water_or_one_that_is_there(base, target):
    assert missing_value(an_account(a_balance(base)), D(target)) == 0


def test_what_is_missing():
    assert missing_value(an_account(), D("1.5")) == 2000, "(6000 - 5000) / 0.5"


def test_base_pays_first_and_quote_what_is_left_over():
    assert paid(two_debts("0.002")) == [("BTC", D("0.002")), ("USDT", D(300))]
    assert paid(two_debts("0.01"), least="10") == [("BTC", D("0.005"))], "and no minimum of USDT for nothing"


def test_a_little_more_than_is_needed_is_paid_rather_than_left_over():
    """The slack of 100 USDT is 0.001 BTC: 0.006 is the most that goes at once."""
    assert paid(two_debts("0.006"), slack="100") == [("BTC", D("0.006"))]
    assert paid(two_debts("0.0061"), slack="100") == [("BTC", D("0.005"))]


def test_less_than_the_exchange_takes_is_not_paid():
    """5050 against 4000: 37.74 would do for 1.265, and 50 of the 100 that are the least are there."""
    assert paid(an_account(quote=a_balance("50", borrowed="4000")), "1.265", least="100") == []


def test_a_debt_smaller_than_the_minimum_is_paid_whole_and_says_so():
    """10,900 against 10,000 in BTC and 40 USDT: 16.69 would do, and 100 are the least."""
    account = an_account(a_balance(borrowed="0.1"), a_balance("10900", borrowed="30", interest="10"))
    (step,) = idle_repayments(a_look(account, a_market(min_repay={USDT: "100"})), D("1.0858"))
    assert step.amount == 40
    assert "lift the level" not in step.because


def test_it_says_what_is_owed_what_is_free_and_how_much_lifts_the_level():
    account = an_account(quote=a_balance("500", "7", borrowed="3900", interest="100"))
    (step,) = idle_repayments(a_look(account), D("1.4"))
    assert step.because == "4000 USDT are owed and 500 free; 232.5 lift the level to 1.4", "(5600 - 5507) / 0.4"


def test_at_its_target_it_is_done():
    plan = decide(an_aim(AimKind.REPAY), a_look(an_account(a_balance("0.06"))))
    assert (plan.verdict, plan.because) == (Verdict.DONE, "the level is 1.5000, the target 1.5")


def test_coins_in_orders_are_asked_for_in_their_own_units():
    """5800 against 4000 at a target of 1.5: 400 USDT are 0.004 BTC, of 0.008 in orders; rounded up where it has no end."""
    held = an_account(a_balance(locked="0.008", borrowed="0.04"), a_balance("5000"))
    assert "0.004 BTC more are needed to repay debt" in decide(an_aim(AimKind.REPAY), a_look(held)).because
    less = decide(an_aim(AimKind.REPAY, "1.7"), a_look(held)).because
    assert "0.008 BTC more are needed" in less, "1000 / 0.7 would be more than there are"
    few = decide(an_aim(AimKind.REPAY, "1.48", "1.4"), a_look(held)).because
    assert "0.0025 BTC more are needed" in few, "120 / 0.48"
    endless = decide(an_aim(AimKind.REPAY, "1.49", "1.4"), a_look(held)).because
    assert "0.00326531 BTC more are needed" in endless, "160 / 0.49 is 326.5306..."


def test_a_repayment_takes_interest_first_and_leaves_what_is_locked():
    account = an_account(quote=a_balance("120", "50", "4000", "20"))
    after = once_paid(account, (Repay(BTCUSDT.symbol, USDT, D(100), ""),))
    assert after.quote == a_balance("20", "50", "3920", "0")
    assert after.base == account.base
