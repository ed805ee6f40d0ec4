"""What the owner's policy and the messages about it are before anybody reads or sends them."""

from __future__ import annotations

from marginbot.domain.amounts import Symbol
from marginbot.domain.message import Phase, Reading, Severity
from marginbot.domain.plan import Plan, Verdict
from marginbot.domain.policy import Do, Ladder, LevelBelow, Policy, Preset, Rule
from marginbot.domain.situation import RuleMemory, Ruling, Situation
from tests.builders import EIGHT, TEN_TIMES, D, an_account

LADDER = Ladder(
    "mine", ("BTC*", "ETHUSDT"), (Rule("tell", LevelBelow(D("1.4")), Do.ALERT), Rule("out", LevelBelow(D("1.2")), Do.UNWIND))
)
OTHER = Ladder("rest", ("*",), ())


def test_a_rule_is_as_severe_as_it_stands_late_and_one_of_another_ladder_is_less_than_any():
    assert [LADDER.severity(name) for name in ("tell", "out", "nobody wrote this")] == [0, 1, -1]


def test_a_ladder_is_for_the_pairs_that_one_of_its_patterns_matches_in_the_exchanges_own_case():
    pairs = ("BTCUSDT", "BTC", "ETHUSDT", "ETHUSDC", "WBTCUSDT", "btcusdt")
    assert [pair for pair in pairs if LADDER.matches(Symbol(pair))] == ["BTCUSDT", "BTC", "ETHUSDT"]


def test_the_first_ladder_that_matches_is_the_pairs_own_and_a_preset_alone_names_none():
    both = Policy("1234", (LADDER, OTHER))
    assert both.ladder_of(Symbol("BTCUSDT")) is LADDER
    assert both.ladder_of(Symbol("DOGEUSDT")) is OTHER
    assert Policy("1234", preset=Preset.BALANCED).ladder_of(Symbol("BTCUSDT")) is None


def test_a_ladder_is_written_rule_by_rule_and_rests_no_stop_order_unless_told_otherwise():
    assert (LADDER.backstop, LADDER.preset) == (False, None)


def test_a_rule_is_armed_untried_and_sound_until_something_happened():
    assert RuleMemory() == RuleMemory(armed=True, fired_at=None, failed=False)


def test_a_situation_without_memory_has_no_peak_no_age_no_cost_and_nothing_due():
    bare = Situation(an_account(), TEN_TIMES, EIGHT)
    assert (bare.daily_rate_pct, bare.delisting_at, bare.peak_level, bare.owing_since) == (None, None, None, None)
    assert (bare.interest_paid, bare.cron_due) == (0, frozenset())
    ruling = Ruling(None, "all is calm", {})
    assert (ruling.milder, ruling.rearmed, ruling.next_change) == ((), (), None)


def test_whoever_wants_a_severity_wants_all_above_it_and_reads_it_as_a_word():
    assert sorted(Severity) == [Severity.INFO, Severity.WARNING, Severity.CRITICAL]
    assert [severity.value for severity in Severity] == [1, 2, 3]
    assert [severity.word for severity in Severity] == ["info", "warning", "critical"]
    assert [phase.value for phase in Phase] == ["opened", "acting", "repeated", "solved", "note"]


def test_a_number_for_machines_goes_up_and_down_and_has_no_labels_unless_told_otherwise():
    reading = Reading("level", "the margin level", 1.25)
    assert (reading.labels, reading.counts) == ({}, False)


def test_a_plan_that_waits_is_not_said_to_wait_for_the_cap_alone():
    assert not Plan(Verdict.WAIT, "the pair is halted").capped
