"""Topping up at the edges: what a part must reach, which of two debts is paid, what spot and the budget leave; and what it says.

The plain long and short, 5000 against 4000, lack 666.66666667 USDT of a level of 1.5 to repay with, 1000 to be held.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from marginbot.domain.plan import AimKind, Need, Plan, TopUp, Verdict
from tests.builders import BTC, USDT, D, a_balance, a_look, a_short, an_account
from tests.rules.aiming import an_aim, decide, steps

LIFT = "the level is 1.2500: coins worth 666.66666667 USDT lift it to 1.5"
TWO_DEBTS = an_account(a_balance(locked="0.05", borrowed="0.001", interest="0.023"), a_balance(borrowed="1600"))
"""2400 in BTC and 1600 USDT are owed."""


def topped(spot, account=None, brought="0", fresh=True, target="1.5", **aim) -> Plan:
    look = replace(a_look(account, spot=spot), spot_is_fresh=fresh, brought=D(brought))
    return decide(an_aim(AimKind.TOP_UP, target, **aim), look)


def said(plan: Plan) -> tuple[Verdict, str]:
    return plan.verdict, plan.because


def test_all_of_it_comes_and_it_says_what_for():
    plan = topped({USDT: "900"})
    (step,) = plan.steps
    assert said(plan) == (Verdict.ACT, LIFT)
    assert isinstance(step, TopUp)
    assert (step.amount, step.value) == (D("666.66666667"), D("666.66666667"))
    assert step.because == "666.66666667 of the 900 USDT in spot come in to repay with: the target is 1.5"


def test_what_is_to_be_held_is_more():
    plan = topped({USDT: "2000"}, hold=True)
    (step,) = plan.steps
    assert said(plan) == (Verdict.ACT, "the level is 1.2500: coins worth 1000.00000000 USDT lift it to 1.5")
    assert step.because == "1000 of the 2000 USDT in spot come in to be held: the target is 1.5"


def test_the_last_digit_is_rounded_up():
    assert steps(topped({USDT: "900"}, target="1.4")) == [("TopUp", D("428.57142858"))], "4000 - 5000 / 1.4"


def test_spot_is_asked_first():
    plan = topped({USDT: "900"}, fresh=False)
    assert (plan.verdict, plan.needs, plan.steps) == (Verdict.WAIT, {Need.SPOT}, ())


@pytest.mark.parametrize(("spot", "hold", "comes"), [("31.75", False, True), ("31.74", False, False), ("40", True, True)])
def test_a_part_comes_where_it_lifts_the_level_to_the_trigger(spot, hold, comes):
    """4000 - 5000 / 1.26 = 31.746 to repay with; 1.26 x 4000 - 5000 = 40 to be held."""
    plan = topped({USDT: spot}, hold=hold)
    assert steps(plan) == [("TopUp", D(spot))] * comes
    end = ", so as much comes as there is" if comes else ""
    assert plan.because.endswith(f"spot holds {spot} USDT{end}")
    assert plan.verdict is (Verdict.ACT if comes else Verdict.STUCK)


def test_a_part_to_be_held_that_does_not_reach_the_trigger_stays():
    assert said(topped({USDT: "39.99"}, hold=True))[0] is Verdict.STUCK


@pytest.mark.parametrize(
    ("aim", "amount", "says"),
    [
        ({"keep_in_spot": D(600)}, "100", "spot holds 700 USDT and keeps what is worth 600"),
        ({"allowance": "50"}, "50", "the budget leaves 50 USDT"),
        ({"allowance": "5000", "keep_in_spot": D(600)}, "100", "spot holds 700 USDT and keeps what is worth 600"),
    ],
)
def test_it_says_what_keeps_the_rest_back(aim, amount, says):
    plan = topped({USDT: "700"}, **aim)
    assert steps(plan) == [("TopUp", D(amount))]
    assert plan.because == f"{LIFT}; {says}, so as much comes as there is"


@pytest.mark.parametrize(
    ("spot", "aim", "amount", "says"),
    [
        ("0.01", {}, "0.00666667", ""),
        ("0.01", {"keep_in_spot": D(950)}, "0.0005", "spot holds 0.01 BTC and keeps what is worth 950"),
        ("0.01", {"allowance": "500"}, "0.005", "the budget leaves 500 USDT"),
        ("0.0005", {}, "0.0005", "spot holds 0.0005 BTC"),
    ],
)
def test_a_short_brings_base_and_reckons_its_limits_in_quote(spot, aim, amount, says):
    plan = topped({BTC: spot}, a_short(), **aim)
    (step,) = plan.steps
    assert isinstance(step, TopUp)
    assert (step.asset, step.amount, step.value) == (BTC, D(amount), D(amount) * 100000)
    assert plan.because == (f"{LIFT}; {says}, so as much comes as there is" if says else LIFT)


@pytest.mark.parametrize(
    ("brought", "base", "verdict"),
    [("0.5", "0.052", Verdict.DONE), ("0", "0.052", Verdict.STUCK), ("0.5", "0.05", Verdict.STUCK)],
)
def test_after_one_came_a_level_above_the_trigger_is_enough(brought, base, verdict):
    """0.052 BTC are a level of 1.3."""
    plan = topped({}, an_account(a_balance(base)), brought)
    assert plan.verdict is verdict
    assert "spot holds 0 USDT" in plan.because
    if verdict is Verdict.DONE:
        assert plan.because == "the level is 1.3000; spot holds 0 USDT, so it stays there"


def test_of_two_debts_the_one_worth_more_is_paid_and_no_more_comes_than_it():
    """2100 in BTC, of which little is principal, and 1900 USDT; a level of 5 lacks 3000 to repay and 15,000 to hold."""
    both = {BTC: "9", USDT: "9999"}
    assert steps(topped(both, TWO_DEBTS)) == [("TopUp", D("0.00666667"))]
    owed = an_account(a_balance(locked="0.05", borrowed="0.001", interest="0.02"), a_balance(borrowed="1900"))
    assert steps(topped(both, owed, target="5")) == [("TopUp", D("0.021"))]
    assert steps(topped(both, owed, target="5", hold=True)) == [("TopUp", D("0.15"))]


@pytest.mark.parametrize(("btc", "usdt", "asset"), [("0.001", "90", BTC), ("0.0005", "90", USDT)])
def test_where_neither_is_enough_the_part_worth_more_comes(btc, usdt, asset):
    (step,) = topped({BTC: btc, USDT: usdt}, TWO_DEBTS).steps
    assert isinstance(step, TopUp)
    assert (step.asset, step.amount) == (asset, D({BTC: btc, USDT: usdt}[asset]))


def test_a_debt_of_interest_alone_is_topped_up():
    assert steps(topped({USDT: "900"}, an_account(quote=a_balance(interest="4000")))) == [("TopUp", D("666.66666667"))]
