"""What is known of one pair between two looks: its rules, its memory, and how far its price may move until somebody must look."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import ZERO, Symbol, exact
from marginbot.domain.margin import Fence, daily_rate_pct, in_book_terms, margin_level, safety, tier_of
from marginbot.domain.market import Market
from marginbot.domain.policy import Policy
from marginbot.domain.situation import RuleMemory, Ruling, Situation
from marginbot.engine.journal.notebook import Debt, Notebook
from marginbot.rules.assign import Assigned, assign
from marginbot.rules.ladder import fence_of, judge

NO_FENCE = Fence(None, None)


@dataclass(slots=True)
class Watched:
    """One pair of one account. `market`: filters, tiers, fees and rates as last read, None before the first look.

    row: the account as last seen. fence: in prices of the exchange's own book, until `valid_until`.
    cron_due: rules whose moment of the clock has come.
    """

    symbol: Symbol
    notebook: Notebook
    memories: dict[str, RuleMemory] = field(init=False)
    debt: Debt | None = field(init=False)
    assigned: Assigned | None = None
    market: Market | None = None
    row: IsolatedAccount | None = None
    fence: Fence = NO_FENCE
    valid_until: datetime | None = None
    cron_due: set[str] = field(default_factory=set)
    _unwritten: dict[str, RuleMemory | None] = field(default_factory=dict)
    _served: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.memories = self.notebook.memories(self.symbol)
        self.debt = self.notebook.debt(self.symbol)

    def situation(self, account: IsolatedAccount, now: datetime, delisting_at: datetime | None) -> Situation:
        """The pair as rules see it."""
        market = self.market
        return Situation(
            account=account,
            tiers=() if market is None else market.tiers,
            now=now,
            daily_rate_pct=None if market is None else daily_rate_pct(account, market.interest_rates),
            delisting_at=delisting_at,
            peak_level=None if self.debt is None else self.debt.peak_level,
            owing_since=None if self.debt is None else self.debt.owing_since,
            interest_paid=ZERO if self.debt is None else self.debt.interest_value,
            cron_due=frozenset(self.cron_due),
        )

    @property
    def safety(self) -> Decimal:
        """As `margin.safety`, of the row last seen."""
        if self.row is None:
            return Decimal("Infinity")
        return safety(self.row, () if self.market is None else self.market.tiers)

    def ruling(self, situation: Situation) -> Ruling | None:
        """What the pair's ladder says; None while it has none (it has not been looked at yet)."""
        return None if self.assigned is None else judge(self.assigned.ladder, situation, self.memories)

    def under(self, policy: Policy, now: datetime, delisting_at: datetime | None) -> Ruling | None:
        """What another policy would say of the pair as it was last seen; None when that is not known."""
        if self.row is None or self.market is None:
            return None
        ladder = assign(policy, self.symbol, tier_of(self.row, self.market.tiers), self.row.owes).ladder
        return judge(ladder, self.situation(self.row, now, delisting_at), self.memories)

    def remember(self, ruling: Ruling) -> None:
        """Take over what a ruling remembers; `write_down` keeps it."""
        for rule, memory in ruling.memory.items():
            if self.memories.get(rule) != memory:
                self._unwritten.setdefault(rule, self.memories.get(rule))
        self.memories = dict(ruling.memory)
        served = {rule.name for rule in (ruling.fires, *ruling.milder) if rule is not None} & self.cron_due
        self.cron_due -= served
        self._served |= served

    def write_down(self) -> None:
        """Keep what rulings changed. Belongs into the transaction that begins what a rule wants: of a process that dies between
        the two, the next one would take the rule for served.
        """
        for rule in self._unwritten.keys() & self.memories.keys():
            self.notebook.remember(self.symbol, rule, self.memories[rule])

    def written(self) -> None:
        """What `write_down` kept is there to stay."""
        self._unwritten.clear()
        self._served.clear()

    def take_back(self, rule: str) -> None:
        """What this rule wanted was not begun and is not to be taken for served: as if it had not fired."""
        if rule not in self._unwritten:
            return
        before = self._unwritten.pop(rule)
        if before is None:
            del self.memories[rule]
        else:
            self.memories[rule] = before
        self.cron_due |= self._served & {rule}

    def failed(self, rule: str) -> None:
        """A rung was tried in vain: the next one takes over."""
        memory = replace(self.memories.get(rule, RuleMemory(armed=False)), failed=True)
        self._unwritten.setdefault(rule, self.memories.get(rule))
        self.memories[rule] = memory

    def seen(self, account: IsolatedAccount, now: datetime) -> None:
        """A look or a poll showed this row: since when it owes, its peak, the interest that came on top."""
        before, self.row = self.row, account
        debt = _debt_after(self.debt, before, account, now)
        if debt != self.debt:
            self.debt = debt
            self.notebook.keep_debt(self.symbol, debt)

    def enclose(self, situation: Situation, ruling: Ruling, book_mid: Decimal | None) -> None:
        """Build the fence anew. book_mid: of the book at that look, None when nobody knows it: then only polls look."""
        self.valid_until = ruling.next_change
        if self.assigned is None or book_mid is None:
            self.fence = NO_FENCE
            return
        inside = fence_of(self.assigned.ladder, situation, ruling.memory)
        self.fence = in_book_terms(inside, book_mid, situation.account.index_price)


@exact
def _debt_after(debt: Debt | None, before: IsolatedAccount | None, now: IsolatedAccount, at: datetime) -> Debt | None:
    if not now.owes:
        return None
    level = margin_level(now)
    if debt is None:
        return Debt(at, level, _interest_value(now))
    peak = level if debt.peak_level is None or (level is not None and level > debt.peak_level) else debt.peak_level
    grown = ZERO if before is None else max(ZERO, _interest_value(now) - _interest_value(before))
    return Debt(debt.owing_since, peak, debt.interest_value + grown)


def _interest_value(account: IsolatedAccount) -> Decimal:
    return account.base.interest * account.index_price + account.quote.interest
