"""What a rule waits for, as one number against one bound: whether it holds, and whether it is over again.

Every condition is measured by a gauge. The way back is longer than the way in, so that a number that trembles at its bound
fires once: 1 % for levels and distances, 0.5 % for prices, half of the drop for a trailing level.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Final, assert_never

from marginbot.domain.account import LevelStatus
from marginbot.domain.amounts import ONE, exact
from marginbot.domain.margin import deciding_level, distance_pct, liquidation_price, tier_of
from marginbot.domain.policy import (
    AgeAbove,
    Cron,
    DelistingWithin,
    DistanceBelow,
    InterestPaidAbove,
    LevelAbove,
    LevelBelow,
    PriceAbove,
    PriceBelow,
    RateAbove,
    Rule,
    StatusAtLeast,
    TrailingLevel,
)
from marginbot.domain.situation import Situation
from marginbot.rules.margin_call import status_of

LEVEL_WAY_BACK: Final = Decimal("0.01")
PRICE_WAY_BACK: Final = Decimal("0.005")
DISTANCE_WAY_BACK: Final = Decimal(1)
"""Percent of price."""

_STATUSES: Final = (
    LevelStatus.EXCESSIVE,
    LevelStatus.NORMAL,
    LevelStatus.MARGIN_CALL,
    LevelStatus.PRE_LIQUIDATION,
    LevelStatus.FORCE_LIQUIDATION,
)
"""From the safest on. UNKNOWN has no rank, and no number means no verdict."""

_FAR: Final = Decimal(10) ** 12
"""Stands for without end: a pair on no schedule, a liquidation that no price brings."""


class Measure(Enum):
    """What a gauge shows."""

    LEVEL = "level"
    DISTANCE = "distance"
    PRICE = "price"
    STATUS = "status"
    RATE = "rate"
    TIME_LEFT = "time left"
    AGE = "age"
    INTEREST = "interest"


@dataclass(frozen=True, slots=True)
class Gauge:
    """A condition holds when `value` is beyond `bound` and is over when it is `back`; below or above says on which side.

    value None: not known, so it neither holds nor is over. Times are in seconds, distances and rates in %, statuses by rank.
    """

    measure: Measure
    value: Decimal | None
    bound: Decimal
    back: Decimal
    below: bool

    @property
    def holds(self) -> bool:
        """Whether the condition is met."""
        return self.value is not None and (self.value < self.bound if self.below else self.value > self.bound)

    @property
    def over(self) -> bool:
        """Whether it was left far enough for the rule to fire anew."""
        return self.value is not None and (self.value >= self.back if self.below else self.value <= self.back)


def holds(rule: Rule, situation: Situation) -> bool:
    """Whether a rule's condition is met. Without debt none is."""
    if not situation.account.owes:
        return False
    gauge = gauge_of(rule, situation)
    return rule.name in situation.cron_due if gauge is None else gauge.holds


def over(rule: Rule, situation: Situation) -> bool:
    """Whether what fired the rule is over: its own condition by its way back, and a re-arm level that was asked for.

    A moment of the clock is over as soon as it was.
    """
    gauge = gauge_of(rule, situation)
    if rule.rearm_level is None or isinstance(rule.when, LevelBelow | LevelAbove):
        return gauge is None or gauge.over
    level = deciding_level(situation.account)
    return (gauge is None or gauge.over) and level is not None and level >= rule.rearm_level


@exact
def rearm_level(rule: Rule) -> Decimal | None:
    """The level beyond which a rule on levels may fire again, never short of its trigger; for others what the owner asked for."""
    match rule.when:
        case LevelBelow(level):
            return max(level, level * (ONE + LEVEL_WAY_BACK) if rule.rearm_level is None else rule.rearm_level)
        case LevelAbove(level):
            return min(level, level * (ONE - LEVEL_WAY_BACK) if rule.rearm_level is None else rule.rearm_level)
        case _:
            return rule.rearm_level


@exact
def gauge_of(rule: Rule, situation: Situation) -> Gauge | None:
    """How a rule's condition is measured in this situation; None for a moment of the clock."""
    match rule.when:
        case LevelBelow(level) | LevelAbove(level):
            back, value = rearm_level(rule), deciding_level(situation.account)
            return Gauge(Measure.LEVEL, value, level, level if back is None else back, isinstance(rule.when, LevelBelow))
        case DistanceBelow(pct):
            return Gauge(Measure.DISTANCE, _distance(situation), pct, pct + DISTANCE_WAY_BACK, below=True)
        case PriceBelow(price):
            return Gauge(Measure.PRICE, _index(situation), price, price * (ONE + PRICE_WAY_BACK), below=True)
        case PriceAbove(price):
            return Gauge(Measure.PRICE, _index(situation), price, price * (ONE - PRICE_WAY_BACK), below=False)
        case TrailingLevel(drop):
            return _trailing(drop, situation)
        case StatusAtLeast(status):
            least, value = _rank(status), _rank(status_of(situation.account, situation.tiers))
            milder = (least or Decimal(0)) - 1
            return Gauge(Measure.STATUS, None if least is None else value, milder, milder, below=False)
        case RateAbove(pct):
            return Gauge(Measure.RATE, situation.daily_rate_pct, pct, pct, below=False)
        case InterestPaidAbove(value):
            return Gauge(Measure.INTEREST, situation.interest_paid, value, value, below=False)
        case DelistingWithin(time):
            return Gauge(Measure.TIME_LEFT, _time_left(situation), _seconds(time), _seconds(time), below=True)
        case AgeAbove(time):
            return Gauge(Measure.AGE, _age(situation), _seconds(time), _seconds(time), below=False)
        case Cron():
            return None
        case _ as never:
            assert_never(never)


def due_at(rule: Rule, situation: Situation) -> datetime | None:
    """When time alone makes a rule's condition hold; None when it holds already, never will, or does not hang on time."""
    match rule.when:
        case DelistingWithin(time) if situation.delisting_at is not None:
            return _later(situation.delisting_at, -time, situation.now)
        case AgeAbove(time) if situation.owing_since is not None:
            return _later(situation.owing_since, time, situation.now)
        case _:
            return None


def _later(moment: datetime, shift: timedelta, now: datetime) -> datetime | None:
    """The first instant at which the strict bound is passed, or None when `now` is beyond it."""
    at = moment + shift
    return at + timedelta.resolution if at >= now else None


def _distance(situation: Situation) -> Decimal | None:
    """None when it cannot be told. Where no price leads to liquidation it is already there, or never comes."""
    account, level = situation.account, deciding_level(situation.account)
    if not situation.tiers or account.index_price <= 0 or level is None:
        return None
    pct = distance_pct(account, liquidation_price(account, situation.tiers))
    if pct is not None:
        return pct
    return _FAR if level > tier_of(account, situation.tiers).liquidation_level else Decimal(0)


def _index(situation: Situation) -> Decimal | None:
    return situation.account.index_price if situation.account.index_price > 0 else None


def _trailing(drop: Decimal, situation: Situation) -> Gauge:
    level, peak = deciding_level(situation.account), situation.peak_level
    highest = peak if peak is not None else level
    if level is None or highest is None:
        return Gauge(Measure.LEVEL, None, drop, drop, below=True)
    highest = max(highest, level)
    return Gauge(Measure.LEVEL, level, highest - drop, highest - drop / 2, below=True)


def _rank(status: LevelStatus) -> Decimal | None:
    return Decimal(_STATUSES.index(status)) if status in _STATUSES else None


def _time_left(situation: Situation) -> Decimal:
    if situation.delisting_at is None:
        return _FAR
    return _seconds(situation.delisting_at - situation.now)


def _age(situation: Situation) -> Decimal | None:
    return None if situation.owing_since is None else _seconds(situation.now - situation.owing_since)


def _seconds(time: timedelta) -> Decimal:
    return Decimal(time // timedelta.resolution).scaleb(-6)
