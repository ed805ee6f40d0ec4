"""A ladder over a life of looks: what fires, once; what waits, and for what; who takes over from a rung that failed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from marginbot.domain.account import LevelStatus
from marginbot.domain.amounts import half_up
from marginbot.domain.margin import Fence, deciding_level
from marginbot.domain.policy import AgeAbove, Cron, DistanceBelow, Do, LevelAbove, LevelBelow, PriceBelow, StatusAtLeast
from marginbot.domain.situation import RuleMemory
from marginbot.rules.ladder import fence_of, judge, next_change
from tests.builders import EIGHT, D, flat, thoroughly
from tests.rules.policies import (
    CLOSE,
    REPAY,
    SELL,
    TOP_UP,
    WARN,
    Watched,
    a_ladder,
    a_rule,
    a_situation,
    any_situation,
    at_level,
    ladders,
    memories_of,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def names(rules) -> list[str]:
    return [rule.name for rule in rules]


def test_above_every_trigger_nothing_fires_and_every_rule_stays_armed():
    ruling = Watched().look("1.5")
    assert ruling.fires is None
    assert ruling.because == "level 1.5: no rule fires"
    assert [memory.armed for memory in ruling.memory.values()] == [True] * 4


def test_a_slow_fall_fires_every_rung_once_and_in_order():
    watched = Watched()
    assert watched.through(["1.39", "1.35", "1.29", "1.2", "1.14", "1.12", "1.09", "1.08"]) == [
        "warn", None, "repay", None, "sell", None, "close", None,
    ]  # fmt: skip


def test_a_fall_from_far_above_to_far_below_fires_the_most_severe_and_names_the_others():
    watched = Watched()
    assert watched.fires("1.5") is None
    ruling = watched.look("1.09")
    assert ruling.fires is CLOSE
    assert names(ruling.milder) == ["warn", "repay", "sell"]
    assert ruling.because == "level 1.09: the margin level is below 1.1"
    assert watched.look("1.08").fires is None, "the milder ones had their turn"


def test_an_alert_never_stands_in_the_way_of_an_act_however_severe_it_is():
    ruling = Watched(a_ladder(REPAY, a_rule("last call", "1.2"))).look("1.1")
    assert (ruling.fires, names(ruling.milder)) == (REPAY, ["last call"])


def test_a_sweep_never_goes_before_protection():
    sweep = a_rule("sweep", LevelAbove(D(2)), Do.SWEEP, target_level="1.9")
    stop = a_rule("stop", PriceBelow(D(200000)), Do.UNWIND)
    ruling = Watched(a_ladder(stop, sweep)).look("2.1")
    assert (ruling.fires, names(ruling.milder)) == (stop, ["sweep"])


def test_a_level_that_trembles_at_its_trigger_fires_once_and_is_solved_once():
    watched = Watched(a_ladder(WARN))
    assert watched.through(["1.41", "1.399", "1.401", "1.399", "1.41", "1.399"]) == [None, "warn", None, None, None, None]
    ruling = watched.look("1.414")
    assert ruling.rearmed == ("warn",)
    assert watched.look("1.5").rearmed == ()
    assert watched.fires("1.39") == "warn"


def test_a_rule_rests_for_its_cool_down_even_when_its_level_is_back():
    watched = Watched(a_ladder(replace(WARN, cool_down=10 * MINUTE)))
    assert watched.fires("1.39") == "warn"
    ruling = watched.look("1.5")
    assert ruling.rearmed == ()
    assert ruling.next_change == watched.now + 9 * MINUTE
    assert watched.fires("1.39") is None
    assert watched.look("1.5", after=10 * MINUTE).rearmed == ("warn",)


def test_after_its_cool_down_a_rule_still_waits_for_its_level():
    watched = Watched(a_ladder(replace(WARN, cool_down=MINUTE)))
    watched.look("1.39")
    ruling = watched.look("1.38", after=HOUR)
    assert ruling.fires is None
    assert ruling.rearmed == ()
    assert watched.look("1.4139").rearmed == ()
    assert watched.look("1.4141").rearmed == ("warn",)


def test_a_pair_that_owes_nothing_forgets_every_trouble_at_once():
    watched = Watched(a_ladder(replace(CLOSE, cool_down=DAY)))
    assert watched.fires("1.09") == "close"
    ruling = watched.look(flat("1"))
    assert (ruling.fires, ruling.because, ruling.rearmed) == (None, "BTCUSDT owes nothing", ("close",))
    assert ruling.next_change is None
    assert watched.fires("1.09") == "close", "the next debt is a new story"


def test_a_moment_of_the_clock_fires_each_time_it_is_due_and_only_with_debt():
    watched = Watched(a_ladder(a_rule("weekly", Cron("0 8 * * mon"))))
    due = {"cron_due": frozenset({"weekly"})}
    assert watched.fires("1.5", **due) == "weekly"
    assert watched.fires("1.5") is None
    assert watched.fires("1.5", **due) == "weekly"
    assert watched.fires(flat("1"), **due) is None


# A rung that failed


def test_a_rung_that_failed_hands_over_to_the_next_one_at_once():
    watched = Watched()
    assert watched.fires("1.29") == "repay"
    watched.failed("repay")
    ruling = watched.look("1.28")
    assert ruling.fires is SELL
    assert ruling.because == "level 1.28: 'repay' failed or was too slow, and the margin level is below 1.3"
    assert watched.through(["1.28", "1.2"]) == [None, None], "it took over once"
    assert watched.through(["1.14", "1.09"]) == ["sell", "close"], "and goes by its own trigger from then on"


def test_failure_after_failure_goes_to_the_end_of_the_ladder():
    watched = Watched(a_ladder(WARN, REPAY, TOP_UP, SELL, CLOSE))
    fired = [watched.fires("1.28")]
    for name in ("repay", "top up", "sell"):
        watched.failed(name)
        fired.append(watched.fires("1.28"))
    assert fired == ["repay", "top up", "sell", "close"]


def test_a_failure_that_was_mended_by_the_market_calls_nobody():
    watched = Watched()
    watched.fires("1.29")
    watched.failed("repay")
    assert watched.fires("1.305") is None, "above its trigger, not yet back at 1.313"
    assert watched.fires("1.29") == "sell", "it was not armed anew, and its trouble is there again"


def test_a_failed_rung_above_its_way_back_begins_anew():
    watched = Watched()
    watched.fires("1.29")
    watched.failed("repay")
    assert watched.look("1.32").rearmed == ("repay",)
    assert watched.fires("1.29") == "repay"


def test_a_failed_alert_or_sweep_calls_nobody():
    sweep = a_rule("sweep", LevelAbove(D(2)), Do.SWEEP, target_level="1.9")
    watched = Watched(a_ladder(sweep, WARN, CLOSE))
    watched.fires("2.1")
    watched.failed("sweep")
    assert watched.fires("2.1") is None
    watched.fires("1.39")
    watched.failed("warn")
    assert watched.fires("1.38") is None


def test_the_last_rung_never_gives_up_but_rests_half_a_minute():
    watched = Watched()
    assert watched.fires("1.09") == "close"
    watched.failed("close")
    ruling = watched.look("1.09", after=timedelta(seconds=29))
    assert ruling.fires is None
    assert ruling.next_change == watched.now + timedelta(seconds=1)
    assert watched.fires("1.09", after=timedelta(seconds=1)) == "close"


def test_a_last_rung_called_by_a_failed_one_is_tried_again_above_its_own_trigger():
    watched = Watched(a_ladder(SELL, CLOSE))
    watched.fires("1.14")
    watched.failed("sell")
    assert watched.fires("1.14") == "close"
    watched.failed("close")
    assert watched.fires("1.14") == "close"
    watched.failed("close")
    assert watched.fires("1.3") is None, "the trouble is over"


def test_a_top_up_at_the_end_of_a_ladder_does_not_send_money_after_money():
    watched = Watched(a_ladder(TOP_UP))
    watched.fires("1.19")
    watched.failed("top up")
    assert watched.fires("1.19", after=DAY) is None


def test_a_rung_in_its_cool_down_is_not_called():
    watched = Watched(a_ladder(REPAY, replace(SELL, cool_down=HOUR), CLOSE))
    assert watched.fires("1.14") == "sell"
    assert watched.fires("1.4") is None
    assert watched.fires("1.29") == "repay"
    watched.failed("repay")
    assert watched.fires("1.29") is None
    assert watched.fires("1.29", after=HOUR) == "sell"


def test_a_rung_that_acted_in_the_same_look_is_not_called_again():
    watched = Watched()
    assert watched.fires("1.14") == "sell"
    watched.failed("repay")
    assert watched.fires("1.2") is None


def test_a_failure_of_long_ago_at_the_end_is_not_tried_again_while_a_milder_rung_is_at_work():
    memories = {
        "repay": RuleMemory(armed=False, fired_at=EIGHT - HOUR, failed=True),
        "sell": RuleMemory(armed=False, fired_at=EIGHT - MINUTE),
        "close": RuleMemory(armed=False, fired_at=EIGHT - 2 * HOUR, failed=True),
    }
    ladder = a_ladder(REPAY, SELL, replace(CLOSE, rearm_level=D("1.4")))
    assert judge(ladder, a_situation("1.28"), memories).fires is None


# Where the verdict would change


def test_the_fence_of_armed_rules_is_their_triggers():
    assert fence_of(a_ladder(), a_situation("1.25"), {}) == Fence(D(92000), D(104000))


def test_a_rule_that_fired_waits_at_its_way_back_and_the_next_one_below():
    watched = Watched()
    watched.look("1.25")
    fence = fence_of(watched.ladder, a_situation("1.25"), watched.memories)
    assert fence == Fence(D(92000), D("105040")), "sell at 1.15, repay arms anew at 1.313"


def test_a_rule_that_waits_for_its_cool_down_alone_has_no_price():
    memory = {"warn": RuleMemory(armed=False, fired_at=EIGHT)}
    ladder = a_ladder(replace(WARN, cool_down=HOUR))
    assert fence_of(ladder, a_situation("1.5"), memory) == Fence(None, None)
    assert next_change(ladder, a_situation("1.5"), memory) == EIGHT + HOUR


def test_a_failed_rung_stands_at_its_trigger_too_since_it_would_hand_over_there():
    memory = {"repay": RuleMemory(armed=False, fired_at=EIGHT, failed=True)}
    fence = fence_of(a_ladder(REPAY), a_situation("1.305"), memory)
    assert fence == Fence(D(104000), D(105040))


def test_distances_prices_and_statuses_have_their_place_on_the_fence():
    distance = a_rule("near", DistanceBelow(D(10)))
    assert half_up(fence_of(a_ladder(distance), a_situation("1.25"), {}).below or D(0), 2) == D("93333.33"), "84,000 / 0.9"
    ladder = a_ladder(a_rule("stop", PriceBelow(D(90000))), a_rule("call", StatusAtLeast(LevelStatus.MARGIN_CALL)))
    assert fence_of(ladder, a_situation("1.25"), {}) == Fence(D(90000), None)
    assert fence_of(ladder, a_situation("1.12"), {}).below == D(88000), "the margin call is at 1.1"


def test_the_fence_stands_nearer_when_the_exchange_reports_a_lower_level():
    """Computed 1.25, reported 1.2: the level that decides is at 1.15 when the computed one is at 1.15 x 1.25 / 1.2."""
    fence = fence_of(a_ladder(SELL), a_situation(at_level("1.25", reported="1.2")), {})
    assert half_up(fence.below or D(0), 2) == D("95833.33")


def test_without_debt_there_is_no_fence_and_no_moment():
    assert fence_of(a_ladder(), a_situation(flat("1")), {}) == Fence(None, None)
    assert next_change(a_ladder(), a_situation(flat("1")), {}) is None


def test_a_debt_that_grows_old_changes_the_verdict_by_time_alone():
    watched = Watched(a_ladder(a_rule("old", AgeAbove(DAY))))
    ruling = watched.look("1.5", owing_since=EIGHT)
    assert ruling.next_change is not None
    at = ruling.next_change
    assert watched.fires("1.5", after=at - watched.now, owing_since=EIGHT) == "old"


# Properties


@given(st.data())
@thoroughly(200)
def test_every_ladder_has_a_ruling_for_every_situation_and_memory(data):
    ladder, situation = data.draw(ladders()), data.draw(any_situation())
    memories = data.draw(memories_of(ladder))
    ruling = judge(ladder, situation, memories)
    fence = fence_of(ladder, situation, memories)
    assert ruling.because
    assert set(ruling.memory) == set(names(ladder.rules))
    called = [rule for rule in (ruling.fires, *ruling.milder) if rule is not None]
    assert len({rule.name for rule in called}) == len(called)
    assert all(ruling.memory[rule.name] == RuleMemory(False, EIGHT) for rule in called)
    assert situation.account.owes or not called
    assert ruling.next_change is None or ruling.next_change > EIGHT
    assert fence.below is None or fence.below <= situation.account.index_price
    assert fence.above is None or fence.above > situation.account.index_price


@given(st.data())
@thoroughly(100)
def test_a_second_look_at_the_same_moment_fires_nothing_more(data):
    ladder, situation = data.draw(ladders()), data.draw(any_situation())
    first = judge(ladder, situation, data.draw(memories_of(ladder)))
    resting = replace(situation, cron_due=frozenset())
    again = judge(ladder, resting, first.memory)
    over_at_once = [rule for rule in ladder.rules if rule.name in again.rearmed]
    assert again.fires is None or again.fires in over_at_once


_falls = st.one_of(
    st.integers(1010, 2000).map(lambda number: LevelBelow(D(number) / 1000)),
    st.integers(1, 60).map(lambda n: DistanceBelow(D(n))),
)


@given(ladders(_falls), st.integers(1000, 2500), st.integers(1, 1000))
@thoroughly(150)
def test_a_lower_level_never_makes_the_ruling_milder(ladder, number, down):
    def severity(level: D) -> tuple[bool, int]:
        chosen = judge(ladder, a_situation(str(level)), {}).fires
        return (chosen is not None and chosen.do is not Do.ALERT, ladder.severity(chosen.name) if chosen else -1)

    ladder = replace(ladder, rules=tuple(replace(rule, do=Do.ALERT if rule.do is Do.SWEEP else rule.do) for rule in ladder.rules))
    level = D(number) / 1000
    lower = max(D("0.5"), level - D(down) / 1000)
    assert severity(lower) >= severity(level)


@given(st.lists(st.integers(1201, 1412), min_size=1, max_size=40))
@thoroughly(100)
def test_whatever_a_level_does_short_of_its_way_back_the_rule_fires_at_most_once(numbers):
    watched = Watched(a_ladder(WARN))
    fired = watched.through(str(D(number) / 1000) for number in numbers)
    assert fired.count("warn") == (1 if min(numbers) < 1400 else 0)


@given(st.lists(st.integers(1050, 1500), min_size=1, max_size=30))
@thoroughly(100)
def test_on_a_way_down_each_act_is_more_severe_than_the_one_before(numbers):
    watched = Watched(a_ladder(WARN, REPAY, TOP_UP, SELL, CLOSE))
    fired = [name for name in watched.through(str(D(number) / 1000) for number in sorted(numbers, reverse=True)) if name]
    severities = [watched.ladder.severity(name) for name in fired]
    assert severities == sorted(set(severities))


@given(ladders(_falls), st.integers(1060, 2000), st.data())
@thoroughly(100)
def test_between_the_two_prices_of_the_fence_nothing_fires(ladder, number, data):
    situation = a_situation(str(D(number) / 1000))
    memories = judge(ladder, situation, {}).memory
    fence = fence_of(ladder, situation, memories)
    low, high = fence.below or situation.account.index_price / 2, fence.above or situation.account.index_price * 2
    price = low + (high - low) * data.draw(st.integers(1, 99)) / 100
    moved = replace(situation, account=replace(situation.account, index_price=price))
    assert deciding_level(moved.account) is not None
    assert judge(ladder, moved, memories).fires is None
