"""Whether a ladder fits a pair: levels that make sense at 10x may be nonsense at 3x, whose liquidation comes earlier."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Final

from marginbot.domain.account import LevelStatus
from marginbot.domain.amounts import ONE, ceil_step, exact
from marginbot.domain.market import Tier
from marginbot.domain.policy import DistanceBelow, Do, Ladder, LevelAbove, LevelBelow, Rule, StatusAtLeast
from marginbot.rules.conditions import DISTANCE_WAY_BACK, rearm_level
from marginbot.rules.words import short

LEAST_DISTANCE_PCT: Final = Decimal("1.5")
"""What a trigger must leave of price distance to liquidation: less is gone before an act is through."""

FARTHEST_PCT: Final = Decimal("99.99")

SWEEP_ROOM: Final = Decimal("1.1")
"""How far a sweep's target lies above every other rule's re-arm level: what goes home must not set off a rung."""


@exact
def problems(ladder: Ladder, tier: Tier | None) -> tuple[str, ...]:
    """Why a ladder does not fit a pair in this tier, a sentence each; nothing: it is sound. Without a tier: it fits no pair."""
    edge = ONE if tier is None else tier.liquidation_level
    return (
        *_falling(ladder, edge),
        *(problem for rule in ladder.rules for problem in _of_rule(rule, edge)),
        *_sweeps(ladder, edge),
        *_after_an_unwind(ladder),
    )


def _trigger(rule: Rule, edge: Decimal) -> Decimal | None:
    """The level below which a rule fires; None for those that do not go by danger."""
    match rule.when:
        case LevelBelow(level):
            return level
        case DistanceBelow(pct):
            return _at_distance(pct, edge)
        case _:
            return None


def _way_back(rule: Rule, edge: Decimal) -> Decimal | None:
    """The level above which a rule that fired arms anew; None for those that do not go by a fall."""
    match rule.when:
        case DistanceBelow(pct):
            own = _at_distance(pct + DISTANCE_WAY_BACK, edge)
            return own if rule.rearm_level is None else max(own, rule.rearm_level)
        case LevelAbove():
            return None
        case _:
            return rearm_level(rule)


def _at_distance(pct: Decimal, edge: Decimal) -> Decimal:
    """LR / (1 - d): at the same distance a long stands at this level and a short lower."""
    return edge / (ONE - min(pct, FARTHEST_PCT) / 100)


def _falling(ladder: Ladder, edge: Decimal) -> Iterator[str]:
    triggers = [(rule, level) for rule in ladder.rules if (level := _trigger(rule, edge)) is not None]
    for (milder, above), (rule, level) in pairwise(triggers):
        if level >= above:
            yield (
                f"{rule.name!r} comes after {milder.name!r} and is the more severe, so it must fire at a lower level: "
                f"{short(level)} is not below {short(above)}"
            )


def _of_rule(rule: Rule, edge: Decimal) -> Iterator[str]:
    trigger = _trigger(rule, edge)
    if trigger is not None:
        yield from _of_a_fall(rule, trigger, edge)
    if rule.target_level is not None:
        yield from _of_target(rule, rule.target_level, trigger, edge)
    if isinstance(rule.when, LevelAbove) and _given_and_not(rule.when.level, above=rule.rearm_level):
        yield f"{rule.name!r} arms anew at {short(rule.rearm_level or edge)}, which is not below its trigger"
    if rule.do is not Do.ALERT and rule.when == StatusAtLeast(LevelStatus.FORCE_LIQUIDATION):
        yield f"{rule.name!r} waits for FORCE_LIQUIDATION, when nothing can be done any more: only an alert makes sense there"


def _of_a_fall(rule: Rule, trigger: Decimal, edge: Decimal) -> Iterator[str]:
    if not _leaves_room(trigger, edge):
        yield f"{rule.name!r} fires at {short(trigger)}, {_too_near(edge)}"
    if _given_and_not(rule.rearm_level, above=trigger):
        yield f"{rule.name!r} arms anew at {short(rule.rearm_level or edge)}, which is not above its trigger {short(trigger)}"


def _of_target(rule: Rule, target: Decimal, trigger: Decimal | None, edge: Decimal) -> Iterator[str]:
    back = _way_back(rule, edge)
    if not _leaves_room(target, edge):
        yield f"{rule.name!r} stops at {short(target)}, {_too_near(edge)}"
    elif _given_and_not(target, above=trigger):
        yield f"{rule.name!r} stops at {short(target)}, which is not above its trigger {short(trigger or edge)}"
    elif rule.do is not Do.SWEEP and back is not None and target < back:
        silent = "after it has acted it would stay silent in the next fall"
        yield f"{rule.name!r} stops at {short(target)} and arms anew at {short(back)} only: {silent}"
    if isinstance(rule.when, LevelAbove) and rule.do is not Do.SWEEP and target <= rule.when.level:
        yield f"{rule.name!r} fires above {short(rule.when.level)} and stops at {short(target)}: it would never do anything"


def _sweeps(ladder: Ladder, edge: Decimal) -> Iterator[str]:
    """A sweep lowers the level: it must stop far above whatever would lift it again."""
    for sweep in ladder.rules:
        target = sweep.target_level
        if sweep.do is not Do.SWEEP or target is None:
            continue
        if isinstance(sweep.when, LevelAbove) and sweep.when.level <= target:
            yield f"{sweep.name!r} fires at {short(sweep.when.level)}, which is not above its target {short(target)}"
        for other in ladder.rules:
            back = None if other.do is Do.SWEEP else _way_back(other, edge)
            if back is not None and target < back * SWEEP_ROOM:
                yield (
                    f"{sweep.name!r} stops at {short(target)}: it must be {short(back * SWEEP_ROOM)} or more, 10 % above the "
                    f"level {short(back)} of {other.name!r}"
                )
            if other.do in (Do.TOP_UP, Do.DELEVERAGE) and other.target_level is not None and target < other.target_level:
                aims = f"the {short(other.target_level)} that {other.name!r} aims at"
                yield f"{sweep.name!r} stops at {short(target)}, below {aims}"


def _after_an_unwind(ladder: Ladder) -> Iterator[str]:
    closed = None
    for rule in ladder.rules:
        if closed is not None and rule.do in (Do.REPAY, Do.TOP_UP, Do.DELEVERAGE):
            late = "a later rule is the more severe, put it before"
            yield f"{rule.name!r} comes after {closed.name!r}, which closes everything: {late}"
        if rule.do is Do.UNWIND:
            closed = rule


def _leaves_room(level: Decimal, edge: Decimal) -> bool:
    return (ONE - edge / level) * 100 >= LEAST_DISTANCE_PCT


def _too_near(edge: Decimal) -> str:
    least = ceil_step(edge / (ONE - LEAST_DISTANCE_PCT / 100), Decimal("0.0001"))
    must = f"{short(LEAST_DISTANCE_PCT)} % of price must be left"
    return f"too near to liquidation at {short(edge)}: {must}, that is {short(least)} or more"


def _given_and_not(level: Decimal | None, above: Decimal | None) -> bool:
    """Whether both are given and `level` is not above the other."""
    return level is not None and above is not None and level <= above
