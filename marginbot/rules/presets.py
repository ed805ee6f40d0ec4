"""Presets: ladders whose levels follow from a pair's own tier, for owners without a policy file. None moves money from spot.

A rung at a price distance of d % stands at the level LR / (1 - d / 100) and arms anew 1 % of price further away. Levels are
rounded up to four digits: early rather than late.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from marginbot.domain.amounts import ONE, ceil_step, exact
from marginbot.domain.market import Tier
from marginbot.domain.policy import Do, Ladder, LevelBelow, Preset, Rule

DIGITS: Final = Decimal("0.0001")
WAY_BACK_PCT: Final = 1

Rung = tuple[str, int, Do, int | None]
"""Name, price distance in %, what it does, and the price distance in % to which it goes back."""

_RUNGS: Final[dict[Preset, tuple[Rung, ...]]] = {
    Preset.CAUTIOUS: (
        ("warn", 35, Do.ALERT, None),
        ("repay idle coins", 25, Do.REPAY, None),
        ("deleverage", 16, Do.DELEVERAGE, 26),
        ("unwind", 9, Do.UNWIND, None),
    ),
    Preset.BALANCED: (
        ("warn", 25, Do.ALERT, None),
        ("repay idle coins", 18, Do.REPAY, None),
        ("deleverage", 10, Do.DELEVERAGE, 18),
        ("unwind", 5, Do.UNWIND, None),
    ),
    Preset.ALERT_ONLY: (
        ("warn", 25, Do.ALERT, None),
        ("danger", 10, Do.ALERT, None),
        ("last call", 5, Do.ALERT, None),
    ),
}


@exact
def resolve(preset: Preset, tier: Tier) -> Ladder:
    """The ladder of a preset for a pair in this tier. Sound for every liquidation level."""

    def at(pct: int) -> Decimal:
        return ceil_step(tier.liquidation_level / (ONE - Decimal(pct) / 100), DIGITS)

    return Ladder(preset.value, ("*",), tuple(_rule(rung, at) for rung in _RUNGS[preset]), preset=preset)


def _rule(rung: Rung, at: Callable[[int], Decimal]) -> Rule:
    name, pct, do, target_pct = rung
    target = None if target_pct is None else at(target_pct)
    return Rule(name, LevelBelow(at(pct)), do, target_level=target, rearm_level=at(pct + WAY_BACK_PCT))
