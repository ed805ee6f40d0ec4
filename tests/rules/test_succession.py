"""Who takes over from a rung that failed, asked directly. The rungs: REPAY below 1.3, SELL below 1.15, CLOSE below 1.1."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from marginbot.domain.plan import AimKind, Verdict
from marginbot.domain.policy import AgeAbove, Do, LevelAbove, Rule
from marginbot.domain.situation import RuleMemory
from marginbot.rules.ladder import FRESH, fence_of, judge, next_change
from marginbot.rules.succession import retry_at, still_called, taking_over
from tests.builders import EIGHT, D, a_look, flat
from tests.rules.aiming import an_aim, decide
from tests.rules.policies import CLOSE, REPAY, SELL, TOP_UP, WARN, a_ladder, a_rule, a_situation

LADDER = a_ladder()
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FIRED = RuleMemory(armed=False, fired_at=EIGHT - HOUR)
FAILED = replace(FIRED, failed=True)


def memories(**known: RuleMemory) -> dict[str, RuleMemory]:
    return {rule.name: known.get(rule.name, FRESH) for rule in LADDER.rules}


def heirs(level: str, **known: RuleMemory) -> list[tuple[Rule, Rule]]:
    return list(taking_over(LADDER, a_situation(level), memories(**known)))


def test_the_heir_is_more_severe_never_a_milder_one_that_is_free():
    assert heirs("1.12", sell=FAILED) == [(CLOSE, SELL)]
    assert heirs("1.12", repay=FAILED) == [(SELL, REPAY)]
    assert heirs("1.2", sell=FAILED) == [], "its trouble is over"
    assert heirs("1.05", close=FAILED) == [(CLOSE, CLOSE)], "nobody is behind it"


def test_nobody_takes_over_twice():
    assert heirs("1.12", sell=FAILED, close=FIRED) == []
    rearmed = RuleMemory(armed=True, fired_at=EIGHT)
    assert heirs("1.12", sell=FAILED, close=rearmed) == []
    assert heirs("1.12", sell=RuleMemory(armed=False, failed=True), close=rearmed) == [], "nobody knows when it was tried"


CALLED = {"sell": FAILED, "close": replace(FAILED, fired_at=EIGHT)}


@pytest.mark.parametrize(
    ("level", "known", "called"),
    [
        ("1.12", CALLED, True),
        ("1.2", CALLED, False),  # the trouble of the milder one is over
        ("1.12", CALLED | {"sell": FIRED}, False),  # it did not fail
        ("1.12", CALLED | {"close": replace(FAILED, fired_at=EIGHT - 2 * HOUR)}, False),  # it was called before
    ],
)
def test_a_rung_is_called_while_the_trouble_of_the_one_that_failed_before_it_lasts(level, known, called):
    assert still_called(CLOSE, LADDER, a_situation(level), memories(**known)) is called


def test_neither_a_more_severe_rung_nor_an_alert_counts():
    later = memories(sell=replace(FAILED, fired_at=EIGHT - 2 * HOUR), close=FAILED)
    assert still_called(SELL, LADDER, a_situation("1.05"), later) is False
    assert still_called(WARN, LADDER, a_situation("1.05"), memories(warn=FAILED, repay=FAILED)) is False


def test_the_last_rung_is_due_again_half_a_minute_after_it_failed_and_at_no_time_else():
    assert retry_at(LADDER, memories(close=FAILED)) == EIGHT - HOUR + max(timedelta(seconds=30), CLOSE.cool_down)
    assert retry_at(LADDER, memories(close=FIRED)) is None
    assert retry_at(LADDER, memories(close=RuleMemory(armed=False, failed=True))) is None
    assert retry_at(a_ladder(WARN), {"warn": FAILED}) is None
    assert retry_at(a_ladder(TOP_UP), {"top up": FAILED}) is None


class TestTheJudgeBesides:
    def test_it_says_the_level_first(self):
        assert judge(LADDER, a_situation("1.5"), {}).because == "level 1.5: no rule fires"

    def test_a_sweep_goes_before_an_alert_that_stands_after_it(self):
        home = a_rule("home", LevelAbove(D(2)), Do.SWEEP, target_level="1.8")
        ruling = judge(a_ladder(home, a_rule("tell", LevelAbove(D(2)))), a_situation("2.5"), {})
        assert (ruling.fires, [rule.name for rule in ruling.milder]) == (home, ["tell"])

    def test_the_nearest_moment_counts_and_one_that_is_now_does_not(self):
        ladder = a_ladder(a_rule("old", AgeAbove(2 * HOUR)), a_rule("older", AgeAbove(3 * HOUR)))
        young = a_situation("1.5", owing_since=EIGHT - HOUR)
        assert next_change(ladder, young, {}) == EIGHT + HOUR + timedelta(microseconds=1), "older than two hours"
        resting = a_ladder(a_rule("warn", "1.4", cool_down=HOUR))
        assert next_change(resting, a_situation("1.5"), {"warn": FIRED}) is None
        assert next_change(resting, a_situation("1.5"), {"warn": replace(FIRED, fired_at=EIGHT - MINUTE)}) == EIGHT + 59 * MINUTE

    def test_without_debt_no_moment_comes(self):
        ladder = a_ladder(a_rule("old", AgeAbove(2 * HOUR)))
        assert next_change(ladder, a_situation(flat("0.05"), owing_since=EIGHT - HOUR), {}) is None

    def test_an_armed_rule_has_no_way_back(self):
        assert fence_of(a_ladder(WARN), a_situation("1.401"), {}).above is None

    def test_an_aim_on_an_account_that_owes_nothing_is_done(self):
        plan = decide(an_aim(AimKind.DELEVERAGE), a_look(flat("0.05")))
        assert (plan.verdict, plan.because) == (Verdict.DONE, "BTCUSDT owes nothing")
