"""Soundness: what is wrong with a ladder, for a pair whose liquidation is at 1.05 unless told otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from marginbot.domain.account import LevelStatus
from marginbot.domain.policy import Cron, DelistingWithin, DistanceBelow, Do, LevelAbove, PriceBelow, Rule, StatusAtLeast
from marginbot.rules.soundness import problems
from tests.builders import D
from tests.rules.policies import CLOSE, REPAY, SELL, TOP_UP, WARN, a_ladder, a_rule, a_tier


def wrong(*rules: Rule, liquidation: str = "1.05") -> tuple[str, ...]:
    return problems(a_ladder(*rules), a_tier(liquidation))


def sweep(target: str, above: str = "3") -> Rule:
    return a_rule("home", LevelAbove(D(above)), Do.SWEEP, target_level=target)


def test_a_ladder_of_every_deed_is_sound():
    assert wrong(sweep("2"), WARN, REPAY, TOP_UP, SELL, CLOSE) == ()


def test_levels_of_a_10x_pair_do_not_fit_a_3x_pair():
    """1 - 1.18 / 1.15 is below zero, 1 - 1.18 / 1.2 is 1.7 %."""
    found = wrong(WARN, TOP_UP, SELL, CLOSE, liquidation="1.18")
    assert len(found) == 2
    assert found[0] == "'sell' fires at 1.15, too near to liquidation at 1.18: 1.5 % of price must be left, that is 1.198 or more"


@pytest.mark.parametrize(("trigger", "fits"), [("1.066", True), ("1.0659", False)])
def test_a_trigger_leaves_one_and_a_half_percent_of_price(trigger, fits):
    """1.05 / 0.985 = 1.06599."""
    assert (wrong(a_rule(when=trigger)) == ()) is fits
    assert wrong(a_rule(when="2"), liquidation="1.97") == (), "1.5 % to the last digit"


def test_a_distance_is_held_against_levels_by_what_a_long_has_there():
    """1.05 / 0.9 = 1.1667."""
    near = a_rule("near", DistanceBelow(D(10)), Do.UNWIND)
    assert wrong(a_rule(when="1.17"), near) == ()
    assert wrong(a_rule(when="1.16"), near) == (
        "'near' comes after 'warn' and is the more severe, so it must fire at a lower level: 1.1667 is not below 1.16",
    )
    assert "too near to liquidation" in wrong(a_rule(when=DistanceBelow(D("1.4"))))[0]


@pytest.mark.parametrize("level", ["1.3", "1.35"])
def test_triggers_fall_from_rule_to_rule(level):
    assert "it must fire at a lower level" in wrong(a_rule("first", "1.3"), a_rule("second", level, Do.UNWIND))[0]


def test_rules_that_do_not_go_by_levels_may_stand_anywhere_among_them():
    assert wrong(WARN, a_rule("stop", PriceBelow(D(1)), Do.REPAY), CLOSE) == ()


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("1.1", "which is not above its trigger 1.15"),
        ("1.15", "which is not above its trigger 1.15"),
        ("1.155", "arms anew at 1.1615 only: after it has acted it would stay silent in the next fall"),
        ("1.06", "too near to liquidation"),
    ],
)
def test_a_target_lies_above_trigger_and_way_back(target, says):
    (found,) = wrong(a_rule("sell", "1.15", Do.DELEVERAGE, target_level=target))
    assert says in found


@pytest.mark.parametrize("when", [StatusAtLeast(LevelStatus.MARGIN_CALL), PriceBelow(D(90_000)), Cron("0 * * * *")])
def test_a_rule_that_asks_for_a_level_to_arm_anew_lifts_to_it_whatever_it_goes_by(when):
    (found,) = wrong(a_rule("sell", when, Do.DELEVERAGE, target_level="1.2", rearm_level="1.4"))
    assert found == "'sell' stops at 1.2 and arms anew at 1.4 only: after it has acted it would stay silent in the next fall"
    assert wrong(a_rule("sell", when, Do.DELEVERAGE, target_level="1.4", rearm_level="1.4")) == ()


def test_a_sweep_may_wait_for_a_level_above_the_one_it_leaves():
    assert wrong(a_rule("home", Cron("0 8 * * *"), Do.SWEEP, target_level="2", rearm_level="2.5")) == ()


def test_a_target_may_be_the_way_back_itself():
    assert wrong(a_rule("sell", "1.15", Do.DELEVERAGE, target_level="1.1615")) == ()


@pytest.mark.parametrize(
    ("rearm", "too_low", "back"), [(None, "1.1999", "1.2"), ("1.19", "1.1999", "1.2"), ("1.3", "1.2999", "1.3")]
)
def test_a_rule_on_a_distance_stops_no_lower_than_it_arms_anew(rearm, too_low, back):
    """It fires at 9 % and is over at 10 %: 1.08 / 0.9 = 1.2."""

    def found(target: str) -> tuple[str, ...]:
        when = DistanceBelow(D(9))
        return wrong(a_rule("sell", when, Do.DELEVERAGE, target_level=target, rearm_level=rearm), liquidation="1.08")

    silent = "after it has acted it would stay silent in the next fall"
    assert found(too_low) == (f"'sell' stops at {too_low} and arms anew at {back} only: {silent}",)
    assert found(back) == ()


def test_a_distance_of_the_whole_price_stands_higher_than_anything_before_it():
    """1.05 / 0.0001."""
    (found,) = wrong(a_rule(when="1.3"), a_rule("all", DistanceBelow(D(100)), Do.UNWIND))
    assert found.endswith("10500 is not below 1.3")


def test_a_target_without_a_trigger_level_still_lies_above_liquidation():
    stop = a_rule("stop", PriceBelow(D(90000)), Do.DELEVERAGE, target_level="1.06")
    assert "'stop' stops at 1.06, too near" in wrong(stop)[0]


def test_a_rearm_level_lies_beyond_the_trigger():
    assert "which is not above its trigger 1.3" in wrong(a_rule(when="1.3", rearm_level="1.3"))[0]
    assert "which is not below its trigger" in wrong(a_rule(when=LevelAbove(D(2)), rearm_level="2.1"))[0]


def test_a_sweep_stops_far_above_everything_that_lifts_the_level():
    """`warn` arms anew at 1.414; 10 % above that is 1.5554."""
    assert wrong(sweep("1.5554"), WARN) == ()
    assert wrong(sweep("1.55"), WARN) == (
        "'home' stops at 1.55: it must be 1.5554 or more, 10 % above the level 1.414 of 'warn'",
    )


@pytest.mark.parametrize("do", [Do.ALERT, Do.REPAY, Do.TOP_UP, Do.DELEVERAGE, Do.UNWIND])
def test_a_sweep_stops_ten_percent_above_where_any_other_deed_arms_anew(do):
    """1.4 and 10 %; 9 % of distance is over at 10 %, which is 1.08 / 0.9 = 1.2."""
    level = a_rule("other", "1.2", do, rearm_level="1.4")
    assert wrong(sweep("1.54"), level) == ()
    assert "it must be 1.54 or more" in wrong(sweep("1.53"), level)[0]
    distance = a_rule("other", DistanceBelow(D(9)), do)
    assert wrong(sweep("1.32"), distance, liquidation="1.08") == ()
    assert "it must be 1.32 or more" in wrong(sweep("1.31"), distance, liquidation="1.08")[0]


@pytest.mark.parametrize("do", [Do.TOP_UP, Do.DELEVERAGE])
def test_a_sweep_does_not_take_away_what_another_rule_aims_at(do):
    lifts = a_rule("bring", "1.2", do, target_level="2.5")
    assert wrong(sweep("2.4"), lifts) == ("'home' stops at 2.4, below the 2.5 that 'bring' aims at",)
    assert wrong(sweep("2.5"), lifts) == ()


def test_what_waits_for_a_high_level_is_not_set_off_by_a_sweep():
    assert wrong(sweep("2"), a_rule("high", LevelAbove(D("2.5")))) == ()


def test_a_sweep_fires_above_its_target():
    assert wrong(sweep("3"))[0] == "'home' fires at 3, which is not above its target 3"


def test_two_sweeps_do_not_count_as_each_others_trouble():
    later = a_rule("later", LevelAbove(D(4)), Do.SWEEP, target_level="3.9")
    assert wrong(sweep("2.9"), later) == ()


def test_an_act_that_fires_above_its_own_target_would_do_nothing():
    idle = a_rule("idle", LevelAbove(D(2)), Do.DELEVERAGE, target_level="1.5")
    assert "it would never do anything" in wrong(idle)[0]
    assert "it would never do anything" in wrong(replace(idle, target_level=D(2)))[0]
    assert wrong(replace(idle, target_level=D("2.5"))) == ()


def test_nothing_that_does_less_comes_after_an_unwind():
    gone = a_rule("gone", DelistingWithin(WARN.cool_down), Do.UNWIND)
    assert wrong(gone, CLOSE, a_rule("last call", "1.08")) == ()
    assert wrong(gone, SELL) == (
        "'sell' comes after 'gone', which closes everything: a later rule is the more severe, put it before",
    )


@pytest.mark.parametrize("do", [Do.REPAY, Do.TOP_UP, Do.DELEVERAGE])
def test_what_would_still_lift_the_level_comes_too_late_after_an_unwind(do):
    assert "'late' comes after 'close'" in wrong(CLOSE, a_rule("late", PriceBelow(D(1)), do, target_level="1.5"))[0]


@pytest.mark.parametrize(("do", "fits"), [(Do.ALERT, True), (Do.UNWIND, False)])
def test_only_an_alert_waits_for_the_forced_liquidation(do, fits):
    found = wrong(a_rule(when=StatusAtLeast(LevelStatus.FORCE_LIQUIDATION), do=do))
    assert (found == ()) is fits
    assert all(problem.startswith("'warn' waits for FORCE_LIQUIDATION") for problem in found)


def test_without_a_tier_only_what_fits_no_pair_is_wrong():
    assert problems(a_ladder(a_rule(when="1.02")), None) == ()
    assert problems(a_ladder(a_rule(when="1.01")), None) != ()
    assert problems(a_ladder(SELL, WARN), None) != ()


def above(level: str, name: str = "high", **more: object) -> Rule:
    return a_rule(name, LevelAbove(D(level)), **more)


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (
            (a_rule("first", "1.20004"), a_rule("second", "1.30004")),
            "'second' comes after 'first' and is the more severe, so it must fire at a lower level: 1.3 is not below 1.2",
        ),
        (
            (a_rule(when="1.06004"),),
            "'warn' fires at 1.06, too near to liquidation at 1.05: 1.5 % of price must be left, that is 1.0661 or more",
        ),
        (
            (a_rule("stop", PriceBelow(D(1)), Do.REPAY, target_level="1.06004"),),
            "'stop' stops at 1.06, too near to liquidation at 1.05: 1.5 % of price must be left, that is 1.0661 or more",
        ),
        (
            (a_rule(when="1.30004", rearm_level="1.20004"),),
            "'warn' arms anew at 1.2, which is not above its trigger 1.3",
        ),
        ((above("2.00004", rearm_level="2.10004"),), "'high' arms anew at 2.1, which is not below its trigger"),
        (
            (a_rule("repay", "1.20004", Do.REPAY, target_level="1.10004"),),
            "'repay' stops at 1.1, which is not above its trigger 1.2",
        ),
        (
            (a_rule("repay", "1.20004", Do.REPAY, target_level="1.25004", rearm_level="1.30004"),),
            "'repay' stops at 1.25 and arms anew at 1.3 only: after it has acted it would stay silent in the next fall",
        ),
        (
            (above("2.00004", do=Do.REPAY, target_level="1.50004"),),
            "'high' fires above 2 and stops at 1.5: it would never do anything",
        ),
        (
            (above("2.00004", do=Do.SWEEP, target_level="2.50004"),),
            "'high' fires at 2, which is not above its target 2.5",
        ),
        (
            (above("2", do=Do.SWEEP, target_level="1.30004"), a_rule(when="1.2", rearm_level="1.40004")),
            "'high' stops at 1.3: it must be 1.54 or more, 10 % above the level 1.4 of 'warn'",
        ),
        (
            (above("3", do=Do.SWEEP, target_level="2.40004"), a_rule("bring", "1.2", Do.TOP_UP, target_level="2.50004")),
            "'high' stops at 2.4, below the 2.5 that 'bring' aims at",
        ),
    ],
)
def test_each_problem_is_told_with_four_decimals_where_the_fifth_is_a_four(rules, says):
    """1.05004 / 0.985 = 1.06603, which is rounded up."""
    assert wrong(*rules, liquidation="1.05004") == (says,)


def test_falls_are_told_first_then_each_rule_then_sweeps_then_what_comes_too_late():
    """`sell` arms anew at 1.2625; 10 % above that is 1.38875."""
    gone, sell = a_rule("gone", "1.2", Do.UNWIND), a_rule("sell", "1.25", Do.DELEVERAGE, target_level="1.24")
    fall, rule, home, late = wrong(sweep("1.35"), gone, sell)
    assert "it must fire at a lower level" in fall
    assert "not above its trigger" in rule
    assert "it must be 1.3888 or more" in home
    assert "which closes everything" in late


def test_of_one_rule_its_trigger_is_told_before_its_way_back():
    trigger, back = wrong(a_rule(when="1.06", rearm_level="1.05"))
    assert ("too near to liquidation" in trigger, "arms anew at 1.05" in back) == (True, True)
