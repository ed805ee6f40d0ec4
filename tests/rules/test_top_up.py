"""Topping up: as many coins of what is owed as the target needs, inside the budget, and never two transfers at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from marginbot.domain.plan import AimKind, Need, Verdict
from tests.builders import BTC, USDT, D, a_balance, a_look, a_short, an_account
from tests.rules.aiming import an_aim, decide, steps

NEEDED = D("666.66666667")
"""4000 - 5000 / 1.5."""


def top_up(**fields):
    return an_aim(AimKind.TOP_UP, **fields)


def look_at(account=None, spot="2000", **fields):
    return replace(a_look(account, spot={USDT: spot, BTC: "1"}), **{"spot_is_fresh": True, **fields})


def test_what_lifts_the_level_once_repaid_comes_and_is_then_repaid():
    decided = decide(top_up(), look_at())
    assert steps(decided) == [("TopUp", NEEDED)]
    assert (decided.steps[0].asset, decided.steps[0].value) == (USDT, NEEDED)
    arrived = an_account(quote=a_balance("666.66666667", borrowed="4000"))
    assert steps(decide(top_up(), look_at(arrived, brought=NEEDED))) == [("Repay", NEEDED)]


def test_what_is_to_be_held_is_more_and_is_not_repaid():
    """1.5 x 4000 - 5000."""
    assert steps(decide(top_up(hold=True), look_at())) == [("TopUp", D(1000))]
    arrived = an_account(quote=a_balance("1000", borrowed="4000"))
    assert decide(top_up(hold=True), look_at(arrived, brought=D(1000))).verdict is Verdict.DONE


def test_a_short_gets_base_and_its_value_is_told_in_quote():
    """666.66666667 USDT at 100,000, rounded up to the last digit."""
    (step,) = decide(top_up(), look_at(a_short())).steps
    assert (step.asset, step.amount, step.value) == (BTC, D("0.00666667"), D("666.667"))


def test_of_two_debts_the_larger_is_paid_and_where_spot_lacks_its_coin_the_other():
    both = an_account(a_balance("0.05", borrowed="0.01"), a_balance(borrowed="3000"))
    aim = replace(top_up(), hold=True)
    assert decide(aim, look_at(both)).steps[0].asset == USDT
    assert decide(aim, look_at(both, spot="1")).steps[0].asset == BTC


def test_idle_coins_pay_before_any_come_from_spot():
    idle = an_account(quote=a_balance("100", borrowed="4000"))
    assert steps(decide(top_up(), look_at(idle))) == [("Repay", D(100))]


def test_where_nothing_may_be_brought_any_more_idle_coins_still_pay_and_then_it_is_stuck_and_says_why():
    barred = top_up(barred="BTCUSDT leaves")
    idle = an_account(quote=a_balance("100", borrowed="4000"))
    assert steps(decide(barred, look_at(idle))) == [("Repay", D(100))]
    decided = decide(barred, look_at())
    assert (decided.verdict, decided.because) == (Verdict.STUCK, "the level is 1.2500, but BTCUSDT leaves")


def test_spot_is_asked_before_it_gives():
    assert decide(top_up(), look_at(spot_is_fresh=False)).needs == {Need.SPOT}


def test_while_one_is_on_its_way_no_second_is_sent_and_nothing_is_called_done():
    decided = decide(top_up(), look_at(topping_up=("the top-up of 5 USDT (PENDING)",)))
    assert decided.verdict is Verdict.WAIT
    assert "has not confirmed the top-up of 5 USDT (PENDING)" in decided.because


def test_one_that_is_too_slow_hands_over_to_the_ladder():
    way = ("the top-up of 50 USDT (PENDING)",)
    assert decide(top_up(), look_at(topping_up=way, topping_up_for=69.9)).verdict is Verdict.WAIT
    slow = decide(top_up(), look_at(topping_up=way, topping_up_for=70.0))
    assert (slow.verdict, slow.because) == (
        Verdict.STUCK,
        "the top-up of 50 USDT (PENDING) has been on its way for 70 s: the ladder goes on without it",
    )


@pytest.mark.parametrize(
    ("fields", "spot"),
    [({"allowance": "666.66666667"}, "2000"), ({}, "666.66666667"), ({"keep_in_spot": D(100)}, "766.66666667")],
    ids=["allowance", "spot", "kept"],
)
def test_exactly_enough_is_enough(fields, spot):
    assert steps(decide(top_up(**fields), look_at(spot=spot))) == [("TopUp", NEEDED)]


@pytest.mark.parametrize(
    ("fields", "spot", "why"),
    [
        ({"allowance": "30"}, "2000", "the budget leaves 30 USDT"),
        ({}, "30", "spot holds 30 USDT"),
        ({"keep_in_spot": D(100)}, "130", "spot holds 130 USDT and keeps what is worth 100"),
        ({}, "0", "spot holds 0 USDT"),
    ],
    ids=["allowance", "spot", "kept", "nothing"],
)
def test_what_would_not_even_lift_it_out_of_its_trigger_is_not_sent_at_all(fields, spot, why):
    """5000 / (4000 - 30) is 1.2594, and the rule fired below 1.26."""
    decided = decide(top_up(**fields), look_at(spot=spot))
    assert decided.verdict is Verdict.STUCK
    assert why in decided.because


def test_less_than_the_target_needs_comes_when_it_lifts_the_level_out_of_its_trigger():
    """5000 / 3960 is 1.2626."""
    decided = decide(top_up(allowance="40"), look_at())
    assert steps(decided) == [("TopUp", D(40))]
    assert "the budget leaves 40 USDT" in decided.because
    helped = an_account(quote=a_balance(borrowed="3960"))
    assert decide(top_up(allowance="40"), look_at(helped, brought=D(40))).verdict is Verdict.DONE


def test_what_this_episode_brought_counts_against_its_allowance():
    assert decide(top_up(allowance="700"), look_at(brought=D(600))).steps[0].amount == D(100)
    decided = decide(top_up(allowance="700"), look_at(brought=D(700)))
    assert (decided.verdict, "the budget leaves 0 USDT" in decided.because) == (Verdict.STUCK, True)


def test_at_the_target_nothing_comes():
    assert decide(top_up(target="1.2", trigger="1.1"), look_at()).verdict is Verdict.DONE
