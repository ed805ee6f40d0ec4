"""When a rung fails: the next more severe one takes over at once, and behind the last one it is the last one again.

A rung hands over only while its own trouble lasts, and only once: what took over then goes by its own trigger and its own memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from marginbot.domain.policy import Do, Ladder, Rule
from marginbot.domain.situation import RuleMemory, Situation
from marginbot.rules.conditions import holds

PROTECTIVE: Final = frozenset({Do.REPAY, Do.TOP_UP, Do.DELEVERAGE, Do.UNWIND})
TRY_AGAIN: Final = timedelta(seconds=30)
"""How long the last rung rests after a failure, at least: behind it comes only the exchange."""

Memories = Mapping[str, RuleMemory]


def rungs(ladder: Ladder) -> tuple[Rule, ...]:
    """The rules that make a position safer, from the mildest on. Alerts and sweeps neither fail over nor take over."""
    return tuple(rule for rule in ladder.rules if rule.do in PROTECTIVE)


def taking_over(ladder: Ladder, situation: Situation, memories: Memories) -> Iterator[tuple[Rule, Rule]]:
    """Rungs that are called now because a milder one failed, each with that one. memories: of every rule of the ladder."""
    protective = rungs(ladder)
    for number, tried in enumerate(protective):
        if memories[tried.name].failed and holds(tried, situation):
            heir = _heir(tried, protective[number + 1 :], memories) or _last_again(protective, number, situation.now, memories)
            if heir is not None:
                yield heir, tried


def still_called(rule: Rule, ladder: Ladder, situation: Situation, memories: Memories) -> bool:
    """Whether a failed rung was called by a milder one whose trouble lasts: then its failure is not forgotten yet."""
    protective = rungs(ladder)
    if rule not in protective:
        return False
    milder = protective[: protective.index(rule)]
    return any(memories[one.name].failed and holds(one, situation) and _since(one, rule, memories) for one in milder)


def retry_at(ladder: Ladder, memories: Memories) -> datetime | None:
    """When the last rung may be tried again after it failed; None while it did not. Money from spot is not sent after money."""
    last = rungs(ladder)[-1:]
    return _retry_at(last[0], memories[last[0].name]) if last else None


def _retry_at(last: Rule, memory: RuleMemory) -> datetime | None:
    if last.do is Do.TOP_UP or not memory.failed or memory.fired_at is None:
        return None
    return memory.fired_at + max(TRY_AGAIN, last.cool_down)


def _heir(tried: Rule, after: Sequence[Rule], memories: Memories) -> Rule | None:
    """The first that has not failed too, if it is free to act and was not called since; it takes over or nobody does."""
    first = next((rule for rule in after if not memories[rule.name].failed), None)
    if first is None or not memories[first.name].armed or _since(tried, first, memories):
        return None
    return first


def _last_again(protective: Sequence[Rule], number: int, now: datetime, memories: Memories) -> Rule | None:
    """The last rung, when all from `number` on have failed and it has rested."""
    last = protective[-1]
    due = _retry_at(last, memories[last.name])
    failed = all(memories[rule.name].failed for rule in protective[number:])
    return last if failed and due is not None and due <= now else None


def _since(tried: Rule, heir: Rule, memories: Memories) -> bool:
    """Whether the heir fired when or after the one that was tried did."""
    first, then = memories[tried.name].fired_at, memories[heir.name].fired_at
    return then is not None and (first is None or then >= first)
