"""Presets: levels that follow from the pair's own tier, and fit it whatever it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginbot.domain.policy import Do, LevelBelow, Preset
from marginbot.rules.presets import resolve
from marginbot.rules.soundness import problems
from tests.builders import D, thoroughly
from tests.rules.policies import a_tier, published_tiers


def levels(preset: Preset, liquidation: str) -> dict[str, str]:
    rules = resolve(preset, a_tier(liquidation)).rules
    return {rule.name: str(rule.when.level) for rule in rules if isinstance(rule.when, LevelBelow)}


def test_a_rung_at_a_distance_stands_where_that_much_of_the_price_is_left():
    """1.05 / 0.75 = 1.4; 1.05 / 0.82 = 1.28048...; the last digit is rounded up: early rather than late."""
    assert levels(Preset.BALANCED, "1.05") == {
        "warn": "1.4", "repay idle coins": "1.2805", "deleverage": "1.1667", "unwind": "1.1053",
    }  # fmt: skip


def test_cautious_stands_further_away_and_alert_only_tells_three_times():
    assert levels(Preset.CAUTIOUS, "1.18") == {
        "warn": "1.8154", "repay idle coins": "1.5734", "deleverage": "1.4048", "unwind": "1.2968",
    }  # fmt: skip
    assert levels(Preset.ALERT_ONLY, "1.15") == {"warn": "1.5334", "danger": "1.2778", "last call": "1.2106"}
    assert {rule.do for rule in resolve(Preset.ALERT_ONLY, a_tier()).rules} == {Do.ALERT}


def test_a_deleverage_goes_back_to_its_target_and_arms_anew_one_percent_of_price_away():
    deleverage = resolve(Preset.BALANCED, a_tier("1.05")).rules[2]
    assert (deleverage.do, deleverage.target_level, deleverage.rearm_level) == (Do.DELEVERAGE, D("1.2805"), D("1.1798"))


@pytest.mark.parametrize("preset", Preset)
def test_no_preset_moves_money_from_spot_or_home(preset):
    ladder = resolve(preset, a_tier())
    assert not {Do.TOP_UP, Do.SWEEP} & {rule.do for rule in ladder.rules}
    assert (ladder.name, ladder.preset, ladder.matches("ANYUSDT")) == (preset.value, preset, True)


@pytest.mark.parametrize("preset", Preset)
@pytest.mark.parametrize("tier", published_tiers(), ids=lambda tier: str(tier.liquidation_level))
def test_every_preset_fits_every_published_tier(preset, tier):
    assert problems(resolve(preset, tier), tier) == ()


@given(st.sampled_from(Preset), st.integers(10001, 30000))
@thoroughly(100)
def test_every_preset_fits_any_liquidation_level_an_exchange_may_think_of(preset, number):
    tier = a_tier(str(D(number) / 10000))
    assert problems(resolve(preset, tier), tier) == ()
