"""Where on the price axis a rule changes its verdict. The plain long: level 1.25 at 100,000, so a level is its price / 80,000."""

from __future__ import annotations

import pytest

from marginbot.domain.account import LevelStatus
from marginbot.domain.policy import Cron, DistanceBelow, LevelAbove, PriceBelow, RateAbove, StatusAtLeast
from marginbot.rules.marks import trigger_marks, trigger_price, way_back_marks
from tests.builders import D, flat
from tests.rules.policies import a_rule, a_situation, at_level

NOW = a_situation("1.25")
REPORTED_LOWER = a_situation(at_level("1.25", reported="1"))
"""The computed level is 1.25 times the one to act on."""


def test_a_price_has_its_mark_while_something_is_owed():
    stop = a_rule(when=PriceBelow(D(90000)))
    assert (trigger_price(stop, NOW), trigger_marks(stop, NOW)) == (90000, (90000,))
    assert trigger_price(stop, a_situation(flat("1"))) is None


@pytest.mark.parametrize(("pct", "price"), [("50", 168000), ("100", None), ("150", None)])
def test_of_a_long_no_price_leaves_a_distance_of_its_whole_price_or_more(pct, price):
    """84,000 / 0.5."""
    assert trigger_price(a_rule(when=DistanceBelow(D(pct))), NOW) == price


@pytest.mark.parametrize("when", [RateAbove(D(1)), Cron("0 8 * * *"), StatusAtLeast(LevelStatus.NORMAL)])
def test_what_no_price_changes_has_no_mark(when):
    rule = a_rule(when=when)
    assert (trigger_price(rule, NOW), trigger_marks(rule, NOW), way_back_marks(rule, NOW)) == (None, (), ())


@pytest.mark.parametrize(
    ("when", "back", "marks"),
    [
        ("1.3", "1.4", (112000,)),
        ("1.3", "1.2", (104000,)),
        (LevelAbove(D(2)), "1.5", (120000,)),
        (LevelAbove(D(2)), "2.5", (160000,)),
        (PriceBelow(D(90000)), None, (90450,)),
        (PriceBelow(D(90000)), "1.4", (90450, 112000)),
        (Cron("0 8 * * *"), "1.4", (112000,)),
    ],
)
def test_what_fired_waits_for_its_own_way_back_and_for_the_level_that_was_asked_for(when, back, marks):
    """A rule on levels has one way back, never short of its trigger."""
    assert way_back_marks(a_rule(when=when, rearm_level=back), NOW) == marks


def test_where_a_lower_level_is_reported_marks_stand_higher_and_the_price_that_is_told_does_not():
    """To act at 1.2 the computed level must be 1.2 x 1.25 = 1.5."""
    rule = a_rule(when="1.2", rearm_level="1.6")
    assert (trigger_price(rule, REPORTED_LOWER), trigger_marks(rule, REPORTED_LOWER)) == (96000, (120000,))
    assert way_back_marks(rule, REPORTED_LOWER) == (160000,)
    assert way_back_marks(a_rule(when=PriceBelow(D(90000)), rearm_level="1.6"), REPORTED_LOWER) == (90450, 160000)


def test_a_reported_level_of_nothing_moves_no_mark():
    assert trigger_marks(a_rule(when="1.2"), a_situation(at_level("1.25", reported="0"))) == (96000,)
