"""Rules, ladders and moments for tests. The plain long of the builders owes 4000 for 0.05 BTC: its level is index / 80,000.

So 1.25 is 100,000, 1.1 is 88,000 and its liquidation, at 1.05, is 84,000.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from marginbot.domain.account import IsolatedAccount, LevelStatus
from marginbot.domain.amounts import exact
from marginbot.domain.market import Tier
from marginbot.domain.plan import Into
from marginbot.domain.policy import (
    AgeAbove,
    Budget,
    Cron,
    DelistingWithin,
    DistanceBelow,
    Do,
    InterestPaidAbove,
    Ladder,
    LevelAbove,
    LevelBelow,
    PriceAbove,
    PriceBelow,
    RateAbove,
    Rule,
    StatusAtLeast,
    TrailingLevel,
    When,
)
from marginbot.domain.situation import RuleMemory, Ruling, Situation
from marginbot.rules.ladder import judge
from tests.builders import EIGHT, TEN_TIMES, D, a_balance, an_account

PUBLISHED = {
    3: ("1.18", ("1.5", "1.875", "2.25", "2.625", "3")),
    5: ("1.15", ("1.25", "1.3125", "1.375", "1.4375", "1.5")),
    10: ("1.05", ("1.111", "1.1264", "1.1418", "1.1572", "1.1726", "1.188", "1.2034", "1.2188", "1.2342", "1.2496")),
}
"""Liquidation and initial ratios of the published tiers, by the pair's leverage. Source: api 14.3."""

LAST_OF_OLDER_TABLES = {3: "1.25", 5: "1.18", 10: "1.15"}


def a_tier(liquidation: str = "1.05", leverage: str = "10") -> Tier:
    return replace(TEN_TIMES[0], liquidation_level=D(liquidation), multiple=D(leverage))


def published_tiers() -> list[Tier]:
    """One tier for every row of the newest table and for the last rows of the older ones."""
    rows = [(leverage, edge) for leverage, (edge, initial) in PUBLISHED.items() for _ in initial]
    return [a_tier(edge, str(leverage)) for leverage, edge in (*rows, *LAST_OF_OLDER_TABLES.items())]


@exact
def at_level(level: str, **more: Any) -> IsolatedAccount:
    """The plain long when its margin level is `level`."""
    return an_account(index=str(80000 * D(level)), **more)


def a_situation(account: IsolatedAccount | str = "1.25", now: datetime = EIGHT, **more: Any) -> Situation:
    """An account, or the plain long at a level."""
    return Situation(at_level(account) if isinstance(account, str) else account, TEN_TIMES, now, **more)


def a_rule(name: str = "warn", when: When | str = "1.25", do: Do = Do.ALERT, **more: Any) -> Rule:
    """A rule; a text instead of a condition is the level it falls below."""
    for key in ("target_level", "rearm_level"):
        if isinstance(more.get(key), str):
            more[key] = D(more[key])
    return Rule(name, LevelBelow(D(when)) if isinstance(when, str) else when, do, **more)


WARN = a_rule("warn", "1.4")
REPAY = a_rule("repay", "1.3", Do.REPAY)
TOP_UP = a_rule("top up", "1.2", Do.TOP_UP, target_level="1.3", budget=Budget(per_day=D(500)))
SELL = a_rule("sell", "1.15", Do.DELEVERAGE, target_level="1.25")
CLOSE = a_rule("close", "1.1", Do.UNWIND)


def a_ladder(*rules: Rule) -> Ladder:
    """Warn below 1.4, repay below 1.3, sell below 1.15, close below 1.1, unless other rules are given."""
    return Ladder("mine", ("*",), rules or (WARN, REPAY, SELL, CLOSE))


class Watched:
    """A ladder and its memories over a life of looks, a minute apart unless told otherwise."""

    def __init__(self, ladder: Ladder | None = None) -> None:
        self.ladder = ladder or a_ladder()
        self.memories: dict[str, RuleMemory] = {}
        self.now = EIGHT

    def look(self, account: IsolatedAccount | str, after: timedelta = timedelta(minutes=1), **more: Any) -> Ruling:
        self.now += after
        ruling = judge(self.ladder, a_situation(account, self.now, **more), self.memories)
        self.memories = ruling.memory
        return ruling

    def fires(self, account: IsolatedAccount | str, **more: Any) -> str | None:
        """The name of what fires at a look."""
        ruling = self.look(account, **more)
        return ruling.fires.name if ruling.fires else None

    def through(self, levels: Iterable[str]) -> list[str | None]:
        return [self.fires(level) for level in levels]

    def failed(self, name: str) -> None:
        """What is noted when a rule was refused, failed or took too long."""
        self.memories[name] = replace(self.memories[name], failed=True)


_levels = st.integers(1010, 3000).map(lambda number: D(number) / 1000)
_prices = st.integers(1, 300).map(lambda number: D(number * 1000))
_times = st.integers(0, 40).map(lambda hours: timedelta(hours=hours))
whens = st.one_of(
    st.builds(LevelBelow, _levels),
    st.builds(LevelAbove, _levels),
    st.builds(DistanceBelow, st.integers(1, 90).map(D)),
    st.builds(StatusAtLeast, st.sampled_from(LevelStatus)),
    st.builds(PriceBelow, _prices),
    st.builds(PriceAbove, _prices),
    st.builds(RateAbove, st.integers(1, 9).map(D)),
    st.builds(DelistingWithin, _times),
    st.just(Cron("0 8 * * *")),
    st.builds(TrailingLevel, st.integers(1, 900).map(lambda number: D(number) / 1000)),
    st.builds(InterestPaidAbove, st.integers(1, 50).map(D)),
    st.builds(AgeAbove, _times),
)
_memories = st.builds(RuleMemory, st.booleans(), st.one_of(st.none(), _times.map(lambda time: EIGHT - time)), st.booleans())


@st.composite
def ladders(draw: st.DrawFn, conditions: st.SearchStrategy[When] = whens) -> Ladder:
    """Any rules in any order, sensible or not."""
    rows = draw(st.lists(st.tuples(conditions, st.sampled_from(Do), st.one_of(st.none(), _levels), _times), max_size=6))
    return Ladder(
        "any",
        ("*",),
        tuple(
            Rule(f"rule {number}", when, do, target_level=D("1.5"), rearm_level=back, cool_down=rest, into=Into.QUOTE)
            for number, (when, do, back, rest) in enumerate(rows)
        ),
    )


@st.composite
def any_situation(draw: st.DrawFn) -> Situation:
    """Longs, shorts, mixtures, pairs that owe nothing, accounts under water, readings that are missing."""
    amounts = st.sampled_from(("0", "0.00000001", "0.01", "0.05", "3"))
    values = st.sampled_from(("0", "0.01", "1000", "4000", "60000"))
    account = an_account(
        a_balance(draw(amounts), borrowed=draw(amounts)),
        a_balance(draw(values), borrowed=draw(values)),
        index=draw(st.sampled_from(("0", "0.00000001", "84000", "100000", "250000"))),
        reported=draw(st.sampled_from((None, "0", "1.04", "1.2", "999"))),
        status=draw(st.sampled_from(LevelStatus)),
    )
    hours = st.one_of(st.none(), st.integers(-30, 30).map(lambda number: EIGHT + timedelta(hours=number)))
    return Situation(
        account,
        draw(st.sampled_from((TEN_TIMES, TEN_TIMES[:1], ()))),
        EIGHT,
        daily_rate_pct=draw(st.sampled_from((None, D(0), D("4.5")))),
        delisting_at=draw(hours),
        peak_level=draw(st.sampled_from((None, D("1.3"), D(2)))),
        owing_since=draw(hours),
        interest_paid=draw(st.sampled_from((D(0), D(20)))),
        cron_due=frozenset(draw(st.sets(st.sampled_from(("rule 0", "rule 3", "gone"))))),
    )


def memories_of(ladder: Ladder) -> st.SearchStrategy[dict[str, RuleMemory]]:
    names = [rule.name for rule in ladder.rules]
    return st.dictionaries(st.sampled_from(names), _memories) if names else st.just({})
