"""Conditions at their edges: the way back to the last digit, re-arm levels of rules that watch something else, nothing known."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marginbot.domain.account import LevelStatus
from marginbot.domain.policy import (
    AgeAbove,
    Cron,
    DelistingWithin,
    DistanceBelow,
    LevelAbove,
    PriceAbove,
    PriceBelow,
    StatusAtLeast,
    TrailingLevel,
)
from marginbot.rules.conditions import due_at, gauge_of, holds, over, rearm_level
from tests.builders import D, a_balance, an_account, flat
from tests.rules.policies import a_rule, a_situation, at_level

DAY = timedelta(days=1)
CHEAP = an_account(a_balance("100"), a_balance(borrowed="50"), index="1")
NO_INDEX = an_account(index="0")


@pytest.mark.parametrize(("index", "gone"), [("2", False), ("1.991", False), ("1.99", True)])
def test_a_price_above_is_over_half_a_percent_below_it_for_cheap_coins_too(index, gone):
    rule, situation = a_rule(when=PriceAbove(D(2))), a_situation(an_account(index=index))
    assert (holds(rule, situation), over(rule, situation)) == (False, gone)


def test_a_level_above_is_over_one_percent_below_it_or_at_the_level_that_was_written():
    plain, written = a_rule(when=LevelAbove(D(2))), a_rule(when=LevelAbove(D(2)), rearm_level="1.5")
    assert [over(plain, a_situation(level)) for level in ("1.985", "1.98")] == [False, True]
    assert [over(written, a_situation(level)) for level in ("1.7", "1.5")] == [False, True]


def test_a_price_rule_with_a_rearm_level_is_over_when_both_came_back():
    """Over from 90,450 on; 1.3 is 104,000 and 1.1 is 88,000."""
    high, low = (a_rule(when=PriceBelow(D(90000)), rearm_level=level) for level in ("1.3", "1.1"))
    assert [over(high, a_situation(an_account(index=index))) for index in ("95000", "103999", "104000", "110000")] == [
        *(False, False),
        *(True, True),
    ]
    assert [over(low, a_situation(an_account(index=index))) for index in ("90449", "90450")] == [False, True]


def test_a_moment_of_the_clock_with_a_rearm_level_is_over_at_that_level():
    rule = a_rule(when=Cron("0 8 * * *"), rearm_level="1.3")
    assert [over(rule, a_situation(level)) for level in ("1.29", "1.3", "1.31")] == [False, True, True]


def test_a_rearm_level_is_not_reached_where_there_is_no_level():
    assert not over(a_rule(when=PriceBelow(D(90000)), rearm_level="1.3"), a_situation(flat("1")))


def test_what_the_owner_asked_for_is_the_way_back_of_a_rule_on_something_else():
    assert rearm_level(a_rule(when=PriceBelow(D(1)), rearm_level="1.4")) == D("1.4")
    assert rearm_level(a_rule(when=PriceBelow(D(1)))) is None


def test_a_trailing_drop_that_is_no_half_is_halved_and_a_new_peak_counts_at_once():
    rule = a_rule(when=TrailingLevel(D("0.2")))
    assert [over(rule, a_situation(level, peak_level=D(2))) for level in ("1.89", "1.9")] == [False, True]
    assert (gauge_of(rule, a_situation("3", peak_level=D(2))).bound, gauge_of(rule, a_situation("3")).back) == (
        D("2.8"),
        D("2.9"),
    )


@pytest.mark.parametrize(
    "when", [TrailingLevel(D("0.2")), DistanceBelow(D(10)), LevelAbove(D(2))], ids=lambda when: type(when).__name__
)
def test_what_hangs_on_a_level_is_neither_met_nor_over_without_one(when):
    for peak in (None, D(2)):
        gauge = gauge_of(a_rule(when=when), a_situation(flat("1"), peak_level=peak))
        assert (gauge.value, gauge.holds, gauge.over) == (None, False, False)
        assert gauge.below is not isinstance(when, LevelAbove)


def test_prices_and_distances_of_a_coin_at_one_dollar_are_known_and_those_without_an_index_are_not():
    """100 coins against 50 owed are liquidated at 0.525: 47.5 % away."""
    assert holds(a_rule(when=DistanceBelow(D(48))), a_situation(CHEAP))
    assert not holds(a_rule(when=DistanceBelow(D(47))), a_situation(CHEAP))
    assert holds(a_rule(when=PriceBelow(D(2))), a_situation(CHEAP))
    for when in (PriceBelow(D(2)), DistanceBelow(D(48))):
        gauge = gauge_of(a_rule(when=when), a_situation(NO_INDEX))
        assert (gauge.value, gauge.holds, gauge.over) == (None, False, False)


def test_at_the_liquidation_level_itself_where_no_price_moves_it_there_is_no_distance_left():
    at_it = an_account(a_balance("0"), a_balance("4200", borrowed="4000"))
    assert gauge_of(a_rule(when=DistanceBelow(D(10))), a_situation(at_it)).value == 0


def test_the_safest_status_is_met_by_every_status_and_a_word_without_rank_by_none():
    for status in (LevelStatus.EXCESSIVE, LevelStatus.NORMAL, LevelStatus.FORCE_LIQUIDATION):
        situation = a_situation(at_level("3", status=status))
        assert holds(a_rule(when=StatusAtLeast(LevelStatus.EXCESSIVE)), situation)
        unknown = a_rule(when=StatusAtLeast(LevelStatus.UNKNOWN))
        assert (holds(unknown, situation), over(unknown, situation)) == (False, False)


def test_times_are_measured_in_seconds():
    assert gauge_of(a_rule(when=AgeAbove(DAY)), a_situation()).bound == 86400
    assert gauge_of(a_rule(when=DelistingWithin(DAY / 2)), a_situation()).bound == 43200


def test_time_alone_fires_nothing_where_nothing_is_scheduled_and_nothing_began():
    assert due_at(a_rule(when=DelistingWithin(DAY)), a_situation()) is None
    assert due_at(a_rule(when=AgeAbove(DAY)), a_situation()) is None
