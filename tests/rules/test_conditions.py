"""Conditions: when each holds, and when what fired is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from marginbot.domain.account import LevelStatus
from marginbot.domain.policy import (
    AgeAbove,
    Cron,
    DelistingWithin,
    DistanceBelow,
    InterestPaidAbove,
    LevelAbove,
    PriceAbove,
    PriceBelow,
    RateAbove,
    StatusAtLeast,
    TrailingLevel,
)
from marginbot.rules.conditions import due_at, holds, over
from marginbot.rules.margin_call import margin_call_level, status_of
from tests.builders import EIGHT, TEN_TIMES, D, a_balance, a_short, an_account, flat
from tests.rules.policies import a_rule, a_situation, a_tier, at_level

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("level", "met", "gone"), [("1.2", True, False), ("1.25", False, False), ("1.2624", False, False), ("1.2625", False, True)]
)
def test_a_level_below_holds_under_its_trigger_and_is_over_one_percent_above_it(level, met, gone):
    rule, situation = a_rule(when="1.25"), a_situation(level)
    assert (holds(rule, situation), over(rule, situation)) == (met, gone)


@pytest.mark.parametrize(("level", "met", "gone"), [("2.1", True, False), ("2", False, False), ("1.98", False, True)])
def test_a_level_above_holds_over_its_trigger_and_is_over_one_percent_below_it(level, met, gone):
    rule, situation = a_rule(when=LevelAbove(D(2))), a_situation(level)
    assert (holds(rule, situation), over(rule, situation)) == (met, gone)


def test_a_rearm_level_that_was_written_is_the_way_back():
    rule = a_rule(when="1.25", rearm_level="1.4")
    assert [over(rule, a_situation(level)) for level in ("1.3", "1.4")] == [False, True]


def test_a_rearm_level_on_the_wrong_side_of_the_trigger_counts_as_the_trigger():
    rule = a_rule(when="1.25", rearm_level="1.1")
    assert [over(rule, a_situation(level)) for level in ("1.2", "1.25")] == [False, True]


def test_the_lower_of_computed_and_reported_level_decides():
    rule = a_rule(when="1.25")
    assert holds(rule, a_situation(at_level("1.3", reported="1.24")))
    assert holds(rule, a_situation(at_level("1.24", reported="1.3")))


@pytest.mark.parametrize(("index", "met", "gone"), [("93000", True, False), ("94000", False, False), ("95000", False, True)])
def test_the_distance_of_a_long_is_how_far_the_index_may_fall_to_84000(index, met, gone):
    """(93,000 - 84,000) / 93,000 is 9.7 %; at 94,000 it is 10.6 % and at 95,000 it is 11.6 %."""
    rule, situation = a_rule(when=DistanceBelow(D(10))), a_situation(an_account(index=index))
    assert (holds(rule, situation), over(rule, situation)) == (met, gone)


def test_the_distance_of_a_short_is_how_far_the_index_may_rise():
    """Liquidation at 119,047.62: 8.2 % above 110,000 and 19 % above 100,000."""
    rule = a_rule(when=DistanceBelow(D(10)))
    assert holds(rule, a_situation(replace(a_short(), index_price=D(110000))))
    assert not holds(rule, a_situation(a_short()))


def test_an_account_no_price_can_save_has_no_distance_left_and_one_no_price_can_hurt_has_all():
    rule = a_rule(when=DistanceBelow(D(10)))
    sold_out = an_account(a_balance("0"), a_balance("4100", borrowed="4000"))
    assert holds(rule, a_situation(sold_out))
    rich = an_account(a_balance("0.05"), a_balance("9000", borrowed="4000"))
    assert not holds(rule, a_situation(rich))
    assert over(rule, a_situation(rich))


@pytest.mark.parametrize(
    ("when", "index", "met", "gone"),
    [
        (PriceBelow(D(90000)), "89999", True, False),
        (PriceBelow(D(90000)), "90000", False, False),
        (PriceBelow(D(90000)), "90449", False, False),
        (PriceBelow(D(90000)), "90450", False, True),
        (PriceAbove(D(90000)), "90001", True, False),
        (PriceAbove(D(90000)), "89550", False, True),
    ],
)
def test_a_price_is_over_half_a_percent_beyond_it(when, index, met, gone):
    rule, situation = a_rule(when=when), a_situation(an_account(index=index))
    assert (holds(rule, situation), over(rule, situation)) == (met, gone)


@pytest.mark.parametrize(
    ("status", "met"),
    [("EXCESSIVE", False), ("NORMAL", False), ("MARGIN_CALL", True), ("PRE_LIQUIDATION", True), ("FORCE_LIQUIDATION", True)],
)
def test_a_status_holds_from_its_own_word_on(status, met):
    situation = a_situation(at_level("1.25", status=LevelStatus(status)))
    rule = a_rule(when=StatusAtLeast(LevelStatus.MARGIN_CALL))
    assert (holds(rule, situation), over(rule, situation)) == (met, not met)


@pytest.mark.parametrize(
    ("level", "means"),
    [
        ("1.2", "NORMAL"),
        ("1.100001", "NORMAL"),
        ("1.1", "MARGIN_CALL"),
        ("1.070001", "MARGIN_CALL"),
        ("1.07", "PRE_LIQUIDATION"),
        ("1.050001", "PRE_LIQUIDATION"),
        ("1.05", "FORCE_LIQUIDATION"),
    ],
)
def test_a_status_nobody_knows_is_judged_by_the_numbers(level, means):
    assert status_of(at_level(level, status=LevelStatus.UNKNOWN), TEN_TIMES) is LevelStatus(means)


def test_a_status_nobody_knows_stays_so_without_debt_and_without_tiers():
    unknown = replace(flat("1"), status=LevelStatus.UNKNOWN)
    assert status_of(unknown, TEN_TIMES) is LevelStatus.UNKNOWN
    assert status_of(at_level("1.2", status=LevelStatus.UNKNOWN), ()) is LevelStatus.UNKNOWN


@pytest.mark.parametrize(("leverage", "edge", "call"), [("3", "1.18", "1.22"), ("5", "1.15", "1.19"), ("10", "1.05", "1.10")])
def test_the_margin_call_levels_are_the_published_ones(leverage, edge, call):
    assert margin_call_level(a_tier(edge, leverage), (a_tier(edge, leverage),)) == D(call)


def test_the_gap_is_the_wide_one_from_ten_times_on():
    levels = [margin_call_level(tier, (tier,)) for tier in (a_tier("1.05", "9.9999"), a_tier("1.05", "20"))]
    assert levels == [D("1.09"), D("1.10")]


def test_a_high_tier_of_a_10x_pair_keeps_the_gap_of_the_pair():
    assert margin_call_level(TEN_TIMES[3], TEN_TIMES) == D("1.13")


def test_interest_that_is_not_known_neither_holds_nor_is_over():
    rule = a_rule(when=RateAbove(D("0.1")))
    assert [holds(rule, a_situation(daily_rate_pct=D(rate))) for rate in ("0.1", "0.11")] == [False, True]
    assert not holds(rule, a_situation())
    assert not over(rule, a_situation())


def test_a_delisting_counts_from_the_schedule_and_taken_off_it_is_over():
    rule = a_rule(when=DelistingWithin(3 * DAY))
    assert holds(rule, a_situation(delisting_at=EIGHT + 2 * DAY))
    assert holds(rule, a_situation(delisting_at=EIGHT - DAY))
    assert not holds(rule, a_situation(delisting_at=EIGHT + 3 * DAY))
    assert over(rule, a_situation())


def test_a_moment_of_the_clock_holds_while_it_is_due_and_is_over_at_once():
    rule = a_rule("weekly", when=Cron("0 8 * * mon"))
    assert holds(rule, a_situation(cron_due=frozenset({"weekly"})))
    assert not holds(rule, a_situation(cron_due=frozenset({"another"})))
    assert over(rule, a_situation(cron_due=frozenset({"weekly"})))


@pytest.mark.parametrize(("level", "met", "gone"), [("1.49", True, False), ("1.5", False, False), ("1.75", False, True)])
def test_a_trailing_level_is_over_when_half_of_the_drop_is_regained(level, met, gone):
    rule, situation = a_rule(when=TrailingLevel(D("0.5"))), a_situation(level, peak_level=D(2))
    assert (holds(rule, situation), over(rule, situation)) == (met, gone)


def test_a_trailing_level_without_a_peak_yet_begins_with_this_look():
    assert not holds(a_rule(when=TrailingLevel(D("0.01"))), a_situation("1.2"))


def test_age_and_interest_count_since_the_debt_began():
    old, dear = a_rule(when=AgeAbove(DAY)), a_rule(when=InterestPaidAbove(D(50)))
    assert [holds(old, a_situation(owing_since=EIGHT - time)) for time in (DAY, DAY + HOUR)] == [False, True]
    assert [holds(dear, a_situation(interest_paid=D(paid))) for paid in (50, 51)] == [False, True]
    assert not holds(old, a_situation())


@pytest.mark.parametrize(
    "when",
    [
        LevelAbove(D("1.01")),
        PriceBelow(D(999999)),
        PriceAbove(D(1)),
        RateAbove(D("0.1")),
        Cron("0 8 * * *"),
        AgeAbove(HOUR),
        StatusAtLeast(LevelStatus.MARGIN_CALL),
        DelistingWithin(DAY),
    ],
)
def test_nothing_holds_where_nothing_is_owed(when):
    situation = a_situation(
        replace(flat("1", "1"), status=LevelStatus.MARGIN_CALL, reported_level=D(999)),
        daily_rate_pct=D(9),
        delisting_at=EIGHT,
        owing_since=EIGHT - DAY,
        cron_due=frozenset({"warn"}),
    )
    assert not holds(a_rule(when=when), situation)


def test_what_time_alone_will_fire_is_known_to_the_microsecond():
    tick = timedelta(microseconds=1)
    assert due_at(a_rule(when=AgeAbove(DAY)), a_situation(owing_since=EIGHT)) == EIGHT + DAY + tick
    assert due_at(a_rule(when=DelistingWithin(DAY)), a_situation(delisting_at=EIGHT + DAY)) == EIGHT + tick
    assert due_at(a_rule(when=AgeAbove(DAY)), a_situation(owing_since=EIGHT - 2 * DAY)) is None
    assert due_at(a_rule(when="1.2"), a_situation()) is None
