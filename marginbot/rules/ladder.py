"""Judging a ladder: which of its rules fires in a situation, which wait, and what price or moment would change that.

A rule that fired is silent until what fired it is over and its cool-down too. When one look finds several, the most severe acts
and the others only join the message; an alert never stands in the way of an act, nor does a sweep in the way of protection.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from marginbot.domain.amounts import exact
from marginbot.domain.margin import Fence, deciding_level, fence
from marginbot.domain.policy import Do, Ladder, Rule
from marginbot.domain.situation import RuleMemory, Ruling, Situation
from marginbot.rules.conditions import due_at, holds, over
from marginbot.rules.marks import trigger_marks, way_back_marks
from marginbot.rules.succession import PROTECTIVE, Memories, retry_at, still_called, taking_over
from marginbot.rules.words import condition, short

FRESH = RuleMemory()


@exact
def judge(ladder: Ladder, situation: Situation, memories: Memories) -> Ruling:
    """What to do now, pure and total. memories: by rule name; a rule that is not in it may fire."""
    if not situation.account.owes:
        return _nothing_owed(ladder, situation, memories)
    kept = _rearmed(ladder, situation, memories)
    firing = {rule.name: condition(rule.when) for rule in ladder.rules if kept[rule.name].armed and holds(rule, situation)}
    for heir, tried in taking_over(ladder, situation, kept):
        firing.setdefault(heir.name, f"{tried.name!r} failed or was too slow, and {condition(tried.when)}")
    fired = RuleMemory(armed=False, fired_at=situation.now)
    memory = {name: fired if name in firing else one for name, one in kept.items()}
    called = [rule for rule in ladder.rules if rule.name in firing]
    chosen = max(reversed(called), key=_weight, default=None)
    return Ruling(
        fires=chosen,
        because=_level(situation) + (firing[chosen.name] if chosen else "no rule fires"),
        memory=memory,
        milder=tuple(rule for rule in called if rule is not chosen),
        rearmed=tuple(name for name, one in kept.items() if one.armed and not memories.get(name, one).armed),
        next_change=next_change(ladder, situation, memory),
    )


@exact
def fence_of(ladder: Ladder, situation: Situation, memories: Memories) -> Fence:
    """The two index prices nearest to now at which a rule of the ladder changes its verdict. Without debt there are none."""
    if not situation.account.owes:
        return Fence(None, None)
    marks = (_marks(rule, situation, memories.get(rule.name, FRESH)) for rule in ladder.rules)
    return fence(situation.account, (), tuple(price for prices in marks for price in prices))


def next_change(ladder: Ladder, situation: Situation, memories: Memories) -> datetime | None:
    """When time alone may change the verdict: a cool-down ends, a debt gets old, a delisting comes near, a retry is due.

    Moments of the clock are not among them: whoever keeps the clock says when they are due.
    """
    if not situation.account.owes:
        return None
    known = {rule.name: memories.get(rule.name, FRESH) for rule in ladder.rules}
    moments = [*_moments(ladder, situation, known), retry_at(ladder, known)]
    return min((moment for moment in moments if moment is not None and moment > situation.now), default=None)


def _moments(ladder: Ladder, situation: Situation, memories: Memories) -> Iterator[datetime | None]:
    for rule in ladder.rules:
        memory = memories[rule.name]
        if memory.armed:
            yield due_at(rule, situation)
        elif memory.fired_at is not None:
            yield memory.fired_at + rule.cool_down


def _marks(rule: Rule, situation: Situation, memory: RuleMemory) -> Iterator[Decimal]:
    """A failed rung hands over at its trigger; one that is over waits for its cool-down and for no price."""
    if memory.armed or memory.failed:
        yield from trigger_marks(rule, situation)
    if not memory.armed and not over(rule, situation):
        yield from way_back_marks(rule, situation)


def _rearmed(ladder: Ladder, situation: Situation, memories: Memories) -> dict[str, RuleMemory]:
    """Memories with every rule armed anew that may be. The mildest first: a failure that called the next is judged before it."""
    kept = {rule.name: memories.get(rule.name, FRESH) for rule in ladder.rules}
    for rule in ladder.rules:
        memory = kept[rule.name]
        cool = memory.fired_at is None or situation.now >= memory.fired_at + rule.cool_down
        if memory.armed or not cool or not over(rule, situation):
            continue
        if not memory.failed or not still_called(rule, ladder, situation, kept):
            kept[rule.name] = RuleMemory(armed=True, fired_at=memory.fired_at)
    return kept


def _nothing_owed(ladder: Ladder, situation: Situation, memories: Memories) -> Ruling:
    """Whatever happened is over, cool-downs included: the next debt is a new story."""
    known = {rule.name: memories.get(rule.name, FRESH) for rule in ladder.rules}
    return Ruling(
        fires=None,
        because=f"{situation.account.symbol} owes nothing",
        memory={name: RuleMemory(armed=True, fired_at=one.fired_at) for name, one in known.items()},
        rearmed=tuple(name for name, one in known.items() if not one.armed),
    )


def _weight(rule: Rule) -> int:
    """What goes before what; among equals the later rule of a ladder is the more severe."""
    return 2 if rule.do in PROTECTIVE else 1 if rule.do is Do.SWEEP else 0


def _level(situation: Situation) -> str:
    level = deciding_level(situation.account)
    return "" if level is None else f"level {short(level)}: "
