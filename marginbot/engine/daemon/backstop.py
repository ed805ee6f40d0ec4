"""The backstop of one pair under watch: whether it rests, whether it must be looked after, and what became of it.

It is looked after only on a look under which nothing else is to be done. Once its coins are not locked any more, the order itself
is asked for: whatever it traded, the pair is brought home from there, since most of the position is gone by then. An end of this
process changes nothing about it: that is what it is for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import Asset, Symbol, exact, plain
from marginbot.domain.look import Look
from marginbot.domain.plan import BACKSTOP, Goal, Limits, Side, is_backstop_id
from marginbot.domain.policy import Do
from marginbot.domain.records import OpenOrder, OrderReport
from marginbot.domain.situation import RuleMemory
from marginbot.engine.daemon.keeping import ToBackstop
from marginbot.engine.daemon.outfit import Outfit
from marginbot.engine.daemon.watched import Watched
from marginbot.engine.errands import ToFlat
from marginbot.engine.events import Notice, Observer
from marginbot.engine.journal.journal import Intent
from marginbot.engine.patience import Patience
from marginbot.engine.report import Outcome, RunReport, StepStatus
from marginbot.rules.backstop import GROWN, MOVED, Place, place_of

CHECK_EVERY: Final = 300.0
"""Seconds between two reads of the open orders while nothing gives a reason for one."""
CHECKS_APART: Final = 5.0
OUT_OF_BAND: Final = -3064
NARROW: Final = Decimal("0.029")
WIDER_EVERY: Final = Decimal("0.01")
"""A limit that the band of a pair keeps nearer to the stop than meant is set anew after so much of the index's way."""
KEPT_WITHIN, ANSWER_WITHIN = 20.0, 5.0
"""Seconds for all of it, and for a question about one that is gone: a rung may be about to need this pair."""
TRY_AGAIN: Final = 60.0
"""Seconds until one that could not be placed is tried again."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A backstop that rests, as far as we know. Prices of the book, quantity in base."""

    client_id: str
    side: Side
    quantity: Decimal
    stop_price: Decimal
    limit_price: Decimal

    @exact
    def locks(self, row: IsolatedAccount) -> bool:
        """Whether the account locks enough for it to rest."""
        if self.side is Side.SELL:
            return row.base.locked >= self.quantity
        return row.quote.locked >= self.quantity * self.limit_price


@dataclass(frozen=True, slots=True)
class _Meant:
    """What the last check found: where the stop belongs (index price), the position in base, and the index then."""

    stop: Decimal
    position: Decimal
    index: Decimal


@dataclass(slots=True)
class Backstop:
    """standing: None when none rests. absent: why one that should rest does not, None otherwise; tells health and status."""

    known: Watched
    outfit: Outfit
    hear: Observer
    standing: Standing | None = field(init=False)
    absent: str | None = None
    _meant: _Meant | None = None
    _checked_at: float = -math.inf
    _not_before: float = -math.inf
    _suspect: bool = False
    _banded: bool = False
    _gone: set[str] = field(default_factory=set)
    _said: str | None = None
    _far: bool = False

    def __post_init__(self) -> None:
        self.standing = _left_behind(self.outfit, self.known)

    @property
    def symbol(self) -> Symbol:
        return self.known.symbol

    def errand(self) -> ToBackstop:
        """To have it rest where it belongs, or to have none."""
        return ToBackstop(self.known, self.outfit.clock.now, self._banded)

    def suspect(self) -> None:
        """Something happened on the pair's account: it is looked after at once."""
        self._suspect = True

    def missing(self, row: IsolatedAccount) -> bool:
        """Whether it should rest, and its coins are not locked: it was filled or cancelled."""
        return self.standing is not None and not self.standing.locks(row)

    def due(self, row: IsolatedAccount) -> bool:
        """Whether it must be looked after now. Not without a journal on disk: nobody could tell it after a crash."""
        place, now = self._place(row), self.outfit.clock.monotonic()
        if place is None:
            self.absent = None
        if self.outfit.spare.in_use or now < self._not_before:
            return False
        if place is None or self.standing is None:
            return (place is None) is not (self.standing is None)
        return self._suspect or self._moved(place, row) or now - self._checked_at >= CHECK_EVERY

    async def account_for(self, row: IsolatedAccount) -> bool:
        """When it is missing, learn what became of it. Answers whether it traded anything. Raises what reads raise."""
        return self.missing(row) and await self._look_up()

    async def heard(self, report: RunReport, look: Look, patience: Patience) -> bool:
        """How an errand of `errand` ended, and the last look of it. Answers whether to look again at once."""
        now = self.outfit.clock.monotonic()
        self._checked_at, self._not_before, self._suspect = now, now + CHECKS_APART, False
        executed = look.orders is not None and await self._take_in(look)
        place, account = self._place(look.account), look.account
        if place is None or self.standing is not None:
            self.absent, self._far = None, False
            self._meant = None if place is None else _Meant(place.stop, account.base.equity, account.index_price)
        elif not self._banded and any(step.code == OUT_OF_BAND for step in report.steps):
            self._banded, self._not_before = True, now
            return True
        elif not executed and not patience.stop.is_set():
            self._is_absent(_why(report), for_now=report.outcome is Outcome.REACHED)
        return executed

    def recall(self) -> None:
        """After a run, which may have settled what an earlier process or an earlier visit left open."""
        left = _left_behind(self.outfit, self.known) if self.standing is None else None
        if left is not None and left.client_id not in self._gone:
            self.standing = left

    def postpone(self) -> None:
        """A rehearsal was enough for a while."""
        self._not_before = self.outfit.clock.monotonic() + CHECK_EVERY

    async def _take_in(self, look: Look) -> bool:
        """What rests by the open orders; one that vanished meanwhile is asked for. Answers whether it traded anything."""
        ours = next((order for order in look.orders or () if is_backstop_id(order.client_id)), None)
        before, executed = self.standing, False
        if before is not None and (ours is None or ours.client_id != before.client_id):
            executed = await self._look_up()
        if ours is not None:
            self.standing = _standing(ours)
            self._say_where(self.standing, look.account)
        return executed

    async def _look_up(self) -> bool:
        """Ask for the order that does not rest any more. Answers whether it traded anything."""
        gone = self.standing
        assert gone is not None  # noqa: S101  # the callers looked
        order = await self.outfit.patience(ANSWER_WITHIN).ask(
            lambda: self.outfit.exchange.order_by_client_id(self.symbol, gone.client_id)
        )
        if order is not None and order.executed_qty > 0:
            self._executed(order)
        elif order is not None and not order.final:
            self._suspect = True  # it rests all the same: the open orders tell more
            return False
        self._gone.add(gone.client_id)
        self.standing = None
        return order is not None and order.executed_qty > 0

    def _executed(self, order: OrderReport) -> None:
        """Tell it, and have an episode bring the rest home: that is written down before the order is forgotten."""
        verb = "sold" if order.side is Side.SELL else "bought"
        part = "" if order.executed_qty == order.quantity else f" of {plain(order.quantity)}"
        base, quote = self._assets()
        text = f"{verb} {plain(order.executed_qty)}{part} {base} for {plain(order.quote_qty)} {quote}"
        self.hear(Notice(f"{self.symbol}: the backstop was executed: it {text}; what is left is brought home", alarm=True))
        journal, now = self.outfit.journal, self.outfit.clock.now()
        episode = next((one for one in journal.open_episodes(self.outfit.account) if one.symbol == self.symbol), None)
        home = self._home()
        if episode is None:
            journal.open_episode(self.outfit.account, self.symbol, home.rule, home.described(), now)
        elif episode.goal.get("goal") != "flat":
            journal.retarget(episode.id, home.rule, home.described())
        self.outfit.notebook.remember(self.symbol, BACKSTOP, RuleMemory(fired_at=now))

    def _home(self) -> ToFlat:
        """As the ladder's own unwind would do it, where there is one."""
        rules = () if self.known.assigned is None else self.known.assigned.ladder.rules
        unwind = next((rule for rule in reversed(rules) if rule.do is Do.UNWIND), None)
        cap = self.outfit.limits.max_slippage_bps if unwind is None else unwind.max_slippage_bps
        goal = Goal(self.symbol) if unwind is None else Goal(self.symbol, unwind.into, unwind.sweep_home)
        return ToFlat(goal, Limits(cap, self.outfit.limits.topup_crumb), BACKSTOP, widens=True)

    def _place(self, row: IsolatedAccount) -> Place | None:
        """Where it belongs, in index prices; None when none is wanted or nothing could be done with one."""
        assigned = self.known.assigned
        if assigned is None or not assigned.ladder.backstop:
            return None
        place = place_of(assigned.ladder, self.known.situation(row, self.outfit.clock.now(), None))
        return place if isinstance(place, Place) else None

    @exact
    def _moved(self, place: Place, row: IsolatedAccount) -> bool:
        was, standing = self._meant, self.standing
        if was is None or standing is None:
            return True
        if abs(place.stop - was.stop) > was.stop * MOVED or abs(row.base.equity - was.position) > abs(was.position) * GROWN:
            return True
        narrow = abs(standing.stop_price - standing.limit_price) < standing.stop_price * NARROW
        return self._banded and narrow and abs(row.index_price - was.index) > was.index * WIDER_EVERY

    @exact
    def _say_where(self, standing: Standing, account: IsolatedAccount) -> None:
        """Once for each order."""
        if standing.client_id == self._said:
            return
        self._said = standing.client_id
        base, _ = self._assets()
        what = f"{standing.side.value} {plain(standing.quantity)} {base} at {plain(standing.limit_price)} or better"
        self.hear(Notice(f"{self.symbol}: a backstop rests: {what} once the last trade reaches {plain(standing.stop_price)}"))
        open_position = abs(account.base.equity)
        if standing.quantity < open_position * (1 - GROWN):
            lack = f"{plain(standing.quantity)} of {plain(open_position)} {base}"
            self.hear(Notice(f"{self.symbol}: the backstop covers only {lack}", alarm=True))

    def _is_absent(self, why: str, *, for_now: bool) -> None:
        """for_now: the price is too far away for it. That is told once, and nothing is broken."""
        self._not_before = self.outfit.clock.monotonic() + TRY_AGAIN
        told = self._far if for_now else why == self.absent
        self.absent, self._far = None if for_now else why, for_now
        if not told:
            self.hear(Notice(f"{self.symbol}: backstop absent: {why}", alarm=True))

    def _assets(self) -> tuple[Asset, Asset]:
        row = self.known.row
        assert row is not None  # noqa: S101  # there was a look
        return row.base.asset, row.quote.asset


def _why(report: RunReport) -> str:
    refused = [step for step in report.steps if step.status is StepStatus.REJECTED]
    return refused[-1].note if refused and report.outcome is not Outcome.RESIDUE else report.reason


def _standing(order: OpenOrder) -> Standing:
    return Standing(order.client_id, order.side, order.quantity, order.stop_price, order.limit_price)


def _left_behind(outfit: Outfit, known: Watched) -> Standing | None:
    """The last one that was placed, unless what it traded was dealt with: it may rest, or be gone since."""
    intent: Intent | None = outfit.journal.last_done(outfit.account, BACKSTOP).get(known.symbol)
    if intent is None or intent.client_id is None:
        return None
    memory = known.memories.get(BACKSTOP)
    if memory is not None and memory.fired_at is not None and memory.fired_at >= intent.started_at:
        return None
    step = intent.step
    numbers = (Decimal(step[name]) for name in ("quantity", "stop_price", "limit_price"))
    return Standing(intent.client_id, Side(step["side"]), *numbers)
