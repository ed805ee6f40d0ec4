"""What rules judge: one pair at one moment, and what is remembered of each of its rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.market import Tier
from marginbot.domain.policy import Rule


@dataclass(frozen=True, slots=True)
class Situation:
    """One look at a pair, with what only time and memory tell.

    tiers: of the pair. daily_rate_pct: interest per day in % of the debt, None when not read. delisting_at: from the schedule.
    peak_level, owing_since, interest_paid (quote value): since the pair began to owe; None and 0 when it does not.
    cron_due: names of the cron rules whose moment has come since they last fired. now: aware UTC.
    """

    account: IsolatedAccount
    tiers: tuple[Tier, ...]
    now: datetime
    daily_rate_pct: Decimal | None = None
    delisting_at: datetime | None = None
    peak_level: Decimal | None = None
    owing_since: datetime | None = None
    interest_paid: Decimal = Decimal(0)
    cron_due: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RuleMemory:
    """What is remembered of one rule on one pair. `armed`: it may fire. `fired_at`: when it last did. `failed`: it was tried in
    this fall and was refused, failed or took too long, so the next rung takes over until it re-arms.
    """

    armed: bool = True
    fired_at: datetime | None = None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a ladder says of a situation: the most severe rule that fires, or None; each rule's memory after this look; why.

    An acting rule goes before an alert of any severity. milder: the others that fire as well, for the message. rearmed: rules
    that may fire again since this look: what they told of is over. next_change: when time alone may change the verdict, None
    when it cannot.
    """

    fires: Rule | None
    because: str
    memory: dict[str, RuleMemory]
    milder: tuple[Rule, ...] = ()
    rearmed: tuple[str, ...] = ()
    next_change: datetime | None = None
