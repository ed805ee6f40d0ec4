"""The owner's policy: per pair a ladder of rules, from the mildest to the most severe. Values only; `rules` reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from fnmatch import fnmatchcase

from marginbot.domain.account import LevelStatus
from marginbot.domain.amounts import Symbol
from marginbot.domain.plan import Into


@dataclass(frozen=True, slots=True)
class LevelBelow:
    """The margin level is below `level`."""

    level: Decimal


@dataclass(frozen=True, slots=True)
class LevelAbove:
    """The margin level is above `level`."""

    level: Decimal


@dataclass(frozen=True, slots=True)
class DistanceBelow:
    """The index has less than `pct` % to go to the liquidation price."""

    pct: Decimal


@dataclass(frozen=True, slots=True)
class StatusAtLeast:
    """The exchange's own word for the level is this one or a more dangerous one."""

    status: LevelStatus


@dataclass(frozen=True, slots=True)
class PriceBelow:
    """The index price (quote per base) is below `price`."""

    price: Decimal


@dataclass(frozen=True, slots=True)
class PriceAbove:
    """The index price (quote per base) is above `price`."""

    price: Decimal


@dataclass(frozen=True, slots=True)
class RateAbove:
    """Interest on what is owed costs more than `daily_pct` % a day, weighted by the value of both debts."""

    daily_pct: Decimal


@dataclass(frozen=True, slots=True)
class DelistingWithin:
    """The pair leaves isolated margin within this time, by the exchange's schedule."""

    time: timedelta


@dataclass(frozen=True, slots=True)
class Cron:
    """A moment of the clock, as five cron fields in UTC."""

    expression: str


@dataclass(frozen=True, slots=True)
class TrailingLevel:
    """The margin level fell by more than `drop` from the highest seen since the pair began to owe."""

    drop: Decimal


@dataclass(frozen=True, slots=True)
class InterestPaidAbove:
    """Interest accrued since the pair began to owe is worth more than `value` in quote."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class AgeAbove:
    """The pair has owed for longer than this."""

    time: timedelta


When = (
    LevelBelow
    | LevelAbove
    | DistanceBelow
    | StatusAtLeast
    | PriceBelow
    | PriceAbove
    | RateAbove
    | DelistingWithin
    | Cron
    | TrailingLevel
    | InterestPaidAbove
    | AgeAbove
)


class Do(Enum):
    """What a rule does: tell somebody, repay idle coins, bring coins in, sell just enough, close everything, take excess home."""

    ALERT = "alert"
    REPAY = "repay"
    TOP_UP = "top_up"
    DELEVERAGE = "deleverage"
    UNWIND = "unwind"
    SWEEP = "sweep"


class Then(Enum):
    """What becomes of coins brought in: pay debt with them at once, or hold them."""

    REPAY = "repay"
    HOLD = "hold"


class OpenOrders(Enum):
    """The owner's own orders, when they lock what a rule needs: cancel the newest first until it is affordable, or leave them."""

    CANCEL = "cancel_what_blocks"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Budget:
    """What a rule may take from spot, in quote: each time, in 24 hours, ever; and what spot always keeps. None: no limit."""

    per_action: Decimal | None = None
    per_day: Decimal | None = None
    total: Decimal | None = None
    keep_in_spot: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rung: when it fires, what it does, to which level, and when it may fire again.

    target_level: where a repay, top-up, deleverage or sweep stops. rearm_level: above it (below it for `LevelAbove`) the rule
    may fire again, once `cool_down` is over. max_slippage_bps: the cap at this rung, which widens as the level falls.
    """

    name: str
    when: When
    do: Do
    target_level: Decimal | None = None
    rearm_level: Decimal | None = None
    cool_down: timedelta = timedelta(0)
    max_slippage_bps: Decimal = Decimal(100)
    into: Into = Into.QUOTE
    sweep_home: bool = True
    then: Then = Then.REPAY
    budget: Budget = field(default_factory=Budget)
    open_orders: OpenOrders = OpenOrders.CANCEL


class Preset(Enum):
    """Ladders for owners without a policy file; their levels follow from each pair's own tier."""

    CAUTIOUS = "cautious"
    BALANCED = "balanced"
    ALERT_ONLY = "alert-only"


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rules of the pairs that match one of `pairs` (shell patterns). Position is severity: a later rule is more severe.

    name: what people call it, `balanced` for a preset. backstop: whether a stop order rests at the exchange as well.
    preset: named instead of rules; they are made for each pair from its tier (`rules.assign`).
    """

    name: str
    pairs: tuple[str, ...]
    rules: tuple[Rule, ...]
    backstop: bool = False
    preset: Preset | None = None

    def matches(self, symbol: Symbol) -> bool:
        """Whether this ladder is the pair's."""
        return any(fnmatchcase(symbol, pattern) for pattern in self.pairs)

    def severity(self, rule: str) -> int:
        """Position of a rule by its name, -1 for one this ladder does not have."""
        return next((number for number, one in enumerate(self.rules) if one.name == rule), -1)


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything the owner wrote: the first ladder that matches a pair is its own. Without a file: one preset for all pairs.

    digest: of the text it was read from, so that a new policy is told from the old one across restarts.
    """

    digest: str
    ladders: tuple[Ladder, ...] = ()
    preset: Preset | None = None

    def ladder_of(self, symbol: Symbol) -> Ladder | None:
        """The written ladder of a pair; None when only a preset, or nothing, speaks of it."""
        return next((ladder for ladder in self.ladders if ladder.matches(symbol)), None)
