"""Which ladder guards a pair: the written one where it fits, and never none."""

from __future__ import annotations

from dataclasses import replace

from marginbot.domain.amounts import Symbol
from marginbot.domain.policy import Ladder, Policy, Preset
from marginbot.rules.assign import Assigned, assign
from marginbot.rules.presets import resolve
from marginbot.rules.soundness import problems
from tests.builders import BTCUSDT
from tests.rules.policies import CLOSE, SELL, WARN, a_tier

MINE = Ladder("majors", ("BTC*", "ETHUSDT"), (WARN, CLOSE))
OTHERS = Ladder("others", ("*USDT",), (CLOSE,))
WRITTEN = Policy("digest", (MINE, OTHERS))
BTC, SOL, ETHBTC = BTCUSDT.symbol, Symbol("SOLUSDT"), Symbol("ETHBTC")


def test_the_first_ladder_that_matches_guards_the_pair():
    assert assign(WRITTEN, BTC, a_tier(), owes=True).ladder is MINE
    assert assign(WRITTEN, SOL, a_tier(), owes=True).ladder is OTHERS


def test_without_a_file_the_preset_guards_every_pair_by_its_own_tier():
    policy = Policy("digest", preset=Preset.CAUTIOUS)
    for liquidation in ("1.05", "1.18"):
        assigned = assign(policy, SOL, a_tier(liquidation), owes=True)
        assert (assigned.ladder, assigned.alarms) == (resolve(Preset.CAUTIOUS, a_tier(liquidation)), ())


def test_what_is_written_for_a_pair_goes_before_a_preset_for_all():
    policy = replace(WRITTEN, preset=Preset.CAUTIOUS)
    assert assign(policy, BTC, a_tier(), owes=True).ladder is MINE
    assert assign(policy, ETHBTC, a_tier(), owes=True) == Assigned(resolve(Preset.CAUTIOUS, a_tier()))


def test_a_policy_may_name_a_preset_for_its_pairs_and_keep_its_backstop():
    policy = Policy("digest", (Ladder("rest", ("SOL*",), (), backstop=True, preset=Preset.BALANCED),))
    ladder = assign(policy, SOL, a_tier(), owes=True).ladder
    assert (ladder.rules, ladder.backstop) == (resolve(Preset.BALANCED, a_tier()).rules, True)
    assert ladder.pairs == ("SOL*",), "and its pairs"


def test_a_ladder_that_does_not_fit_gives_way_to_balanced_and_an_alarm():
    """Closing below 1.1 makes no sense where liquidation is at 1.18."""
    assigned = assign(Policy("digest", (replace(MINE, backstop=True),)), BTC, a_tier("1.18", "3"), owes=True)
    assert assigned.ladder.rules == resolve(Preset.BALANCED, a_tier("1.18")).rules
    assert assigned.ladder.backstop
    assert len(assigned.problems) == 1
    (alarm,) = assigned.alarms
    assert alarm.startswith("the policy 'majors' does not fit BTCUSDT: 'close' fires at 1.1, too near to liquidation at 1.18")
    assert alarm.endswith("the preset balanced guards the pair instead")


def test_of_several_things_that_do_not_fit_the_alarm_names_the_first_and_all_are_kept():
    mine = replace(MINE, rules=(SELL, CLOSE))
    assigned = assign(Policy("digest", (mine,)), BTC, a_tier("1.18"), owes=True)
    assert assigned.problems == problems(mine, a_tier("1.18"))
    assert len(assigned.problems) == 2
    assert "does not fit BTCUSDT: 'sell' fires at 1.15" in assigned.alarms[0]


def test_a_pair_in_debt_that_nothing_matches_is_watched_and_that_is_an_alarm():
    assigned = assign(WRITTEN, ETHBTC, a_tier(), owes=True)
    assert assigned.ladder.preset is Preset.ALERT_ONLY
    assert assigned.alarms == ("ETHBTC owes and no policy matches it: it is watched by the preset alert-only, nobody acts",)
    assert assign(WRITTEN, ETHBTC, a_tier(), owes=False).alarms == ()
