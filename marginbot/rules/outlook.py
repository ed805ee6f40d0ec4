"""What the rules of a pair would do, in words and prices: for people who want to know before it happens."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from marginbot.domain.amounts import exact, half_up, plain
from marginbot.domain.plan import BACKSTOP
from marginbot.domain.policy import Do, Ladder, Rule
from marginbot.domain.situation import RuleMemory, Situation
from marginbot.rules.backstop import Absent, place_of
from marginbot.rules.conditions import holds
from marginbot.rules.marks import trigger_price
from marginbot.rules.succession import Memories
from marginbot.rules.words import condition, deed, price_text


@dataclass(frozen=True, slots=True)
class RuleOutlook:
    """One rule as it stands now. fires_at_price: index price, None when no price alone fires it. armed: it may fire.

    fires_now: it may, and its condition holds.
    """

    name: str
    do: Do
    fires_at_price: Decimal | None
    armed: bool
    fires_now: bool
    sentence: str


@exact
def outlook(ladder: Ladder, situation: Situation, memories: Memories) -> tuple[RuleOutlook, ...]:
    """Every rule of the ladder, from the mildest on, and behind them its backstop. Without debt no price fires anything."""
    rules = tuple(_of(rule, situation, memories.get(rule.name, RuleMemory())) for rule in ladder.rules)
    return (*rules, _backstop(ladder, situation)) if ladder.backstop else rules


def in_words(rule: Rule) -> str:
    """A rule without a pair to speak of: `warn: when the margin level is below 1.4, tell you`."""
    return f"{rule.name}: when {condition(rule.when)}, {deed(rule)}"


def _backstop(ladder: Ladder, situation: Situation) -> RuleOutlook:
    """armed: there is something it can do; whether it rests now the open orders tell."""
    place = place_of(ladder, situation)
    if isinstance(place, Absent):
        return RuleOutlook(BACKSTOP, Do.UNWIND, None, False, False, f"{BACKSTOP}: rests nowhere, since {place.because}")
    where = f"half-way between the last rung at {price_text(place.rung)} and liquidation at {price_text(place.liquidation)}"
    sentence = f"{BACKSTOP}: at {price_text(place.stop)}, {where}, a stop order at the exchange closes the position"
    return RuleOutlook(BACKSTOP, Do.UNWIND, place.stop, True, False, sentence)


def _of(rule: Rule, situation: Situation, memory: RuleMemory) -> RuleOutlook:
    price = trigger_price(rule, situation)
    now = memory.armed and holds(rule, situation)
    return RuleOutlook(rule.name, rule.do, price, memory.armed, now, _sentence(rule, situation, memory, price))


def _sentence(rule: Rule, situation: Situation, memory: RuleMemory, price: Decimal | None) -> str:
    if not memory.armed:
        return f"{in_words(rule)} (has {'failed' if memory.failed else 'fired'} and is not armed again yet)"
    if holds(rule, situation):
        return f"{rule.name}: now, since {condition(rule.when)}: {deed(rule)}"
    if price is None or situation.account.index_price <= 0:
        return in_words(rule)
    away = abs(price - situation.account.index_price) / situation.account.index_price * 100
    where = f"{plain(half_up(away, 2))} % {'lower' if price < situation.account.index_price else 'higher'}"
    return f"{rule.name}: at {price_text(price)} ({where}), when {condition(rule.when)}: {deed(rule)}"
