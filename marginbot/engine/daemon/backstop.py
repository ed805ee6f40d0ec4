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
from marginbot.domain.plan import BACKSTOP, Side
from marginbot.domain.records import OrderReport
from marginbot.domain.situation import RuleMemory
from marginbot.engine.daemon.keeping import ToBackstop, begin_home
from marginbot.engine.daemon.outfit import Outfit
from marginbot.engine.daemon.standing import Standing, left_behind, seen_as
from marginbot.engine.daemon.watched import Watched
from marginbot.engine.events import Notice, Observer
from marginbot.engine.patience import Interrupted, Patience
from marginbot.engine.report import Outcome, RunReport, StepStatus
from marginbot.errors import MarginbotError
from marginbot.rules.backstop import GROWN, MOVED, Place, place_of
from marginbot.rules.locked import backstops

CHECK_EVERY: Final = 300.0
"""Seconds between two reads of the open orders while nothing gives a reason for one."""
CHECKS_APART: Final = 5.0
OUT_OF_BAND: Final = -3064
NARROW: Final = Decimal("0.029")
WIDER_EVERY: Final = Decimal("0.01")
"""A limit that the band of a pair keeps nearer to the stop than meant is set anew after so much of the index's way."""
ANSWER_WITHIN: Final = 5.0
"""Seconds for a question about one that is gone: a rung may be about to need this pair."""
TRY_AGAIN: Final = 60.0
"""Seconds until one that could not be placed is tried again."""


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
        self.standing = left_behind(self.outfit, self.known)

    @property
    def symbol(self) -> Symbol:
        return self.known.symbol

    def errand(self) -> ToBackstop:
        """To have it rest where it belongs, or to have none."""
        standing = self.standing
        hidden = (lambda _look: False) if standing is None else standing.hidden
        return ToBackstop(self.known, self.outfit.clock.now, self._banded, hidden)

    def suspect(self) -> None:
        """Something happened on the pair's account: it is looked after at once."""
        self._suspect = True

    @property
    def rests(self) -> bool:
        """Whether it rests, by the account as last seen."""
        row = self.known.row
        return self.standing is not None and row is not None and self.standing.locks(row)

    def missing(self, row: IsolatedAccount) -> bool:
        """Whether it should rest, and its coins are not locked: it was filled or cancelled. A dry run does not ask."""
        return not self.outfit.dry_run and self.standing is not None and not self.standing.locks(row)

    def due(self, row: IsolatedAccount) -> bool:
        """Whether it must be looked after now. Not without a journal on disk: nobody could tell it after a crash."""
        place, now = self._place(row), self.outfit.clock.monotonic()
        if place is None:
            self.absent = None
        if self.outfit.spare.in_use or now < self._not_before or self.missing(row):
            return False
        if place is None or self.standing is None:
            return (place is None) is not (self.standing is None)
        return self._suspect or self._moved(place, row) or now - self._checked_at >= CHECK_EVERY

    async def account_for(self, row: IsolatedAccount) -> bool:
        """When it is missing, learn what became of it: before that none is placed. Answers whether it traded anything."""
        if not self.missing(row):
            return False
        executed = await self._look_up()
        if isinstance(executed, str):
            self._is_absent(f"nobody tells what became of the last one: {executed}", for_now=False)
        return executed is True

    async def heard(self, report: RunReport, look: Look, patience: Patience) -> bool:
        """How an errand of `errand` ended, and the last look of it. Answers whether to look again at once."""
        now = self.outfit.clock.monotonic()
        self._checked_at, self._not_before, self._suspect = now, now + CHECKS_APART, False
        before = self.standing
        executed = look.orders is not None and await self._take_in(look)
        place, account = self._place(look.account), look.account
        if place is None or self.standing is not None:
            self.absent, self._far = None, False
            self._meant = None if place is None else _Meant(place.stop, account.base.equity, account.index_price)
        elif not self._banded and any(step.code == OUT_OF_BAND for step in report.steps):
            self._banded, self._not_before = True, now
            return True
        elif before is not None and report.outcome is Outcome.REACHED:
            self._not_before = now  # it was only hidden, and is gone: now one can be placed
            return True
        elif not executed and not patience.stop.is_set():
            self._is_absent(_why(report), for_now=report.outcome is Outcome.REACHED)
        return executed

    def recall(self) -> None:
        """After a run, which may have settled what an earlier process or an earlier visit left open."""
        left = left_behind(self.outfit, self.known) if self.standing is None else None
        if left is not None and left.client_id not in self._gone:
            self.standing = left

    def postpone(self) -> None:
        """A rehearsal was enough for a while."""
        self._not_before = self.outfit.clock.monotonic() + CHECK_EVERY

    async def _take_in(self, look: Look) -> bool:
        """What rests by the open orders; one that vanished meanwhile is asked for. Answers whether it traded anything."""
        ours = next(iter(backstops(look.orders or ())), None)
        before, executed = self.standing, False
        if before is not None and (ours is None or ours.client_id != before.client_id):
            found = await self._look_up()
            if isinstance(found, str):
                self._suspect = True
                return False
            executed = found
        if ours is not None:
            self.standing = seen_as(ours, look.account)
            self._say_where(self.standing, look.account)
        return executed

    async def _look_up(self) -> bool | str:
        """Ask for the order that does not rest any more. Answers whether it traded anything, or why nobody tells."""
        gone = self.standing
        assert gone is not None  # noqa: S101  # the callers looked
        exchange, patience = self.outfit.exchange, self.outfit.patience(ANSWER_WITHIN)
        try:
            order = await patience.ask(lambda: exchange.order_by_client_id(self.symbol, gone.client_id))
        except Interrupted:
            raise
        except MarginbotError as trouble:
            return str(trouble)
        if order is not None and order.executed_qty > 0:
            self._executed(order, gone)
        elif order is not None and not order.final:
            self._suspect = True  # it rests all the same: the open orders tell more
            return False
        self._gone.add(gone.client_id)
        self.standing = None
        return order is not None and order.executed_qty > 0

    def _executed(self, order: OrderReport, gone: Standing) -> None:
        """Tell it, and have an episode bring the rest home: that is written down before the order is forgotten.

        A position that was opened since is not the rest of this one: nobody asked to end it.
        """
        verb = "sold" if order.side is Side.SELL else "bought"
        part = "" if order.executed_qty == order.quantity else f" of {plain(order.quantity)}"
        base, quote = self._assets()
        text = f"{verb} {plain(order.executed_qty)}{part} {base} for {plain(order.quote_qty)} {quote}"
        row, now = self.known.row, self.outfit.clock.now()
        ours = row is None or gone.left(order, row)
        then = "what is left is brought home" if ours else "the position there is now is another one, and its rules go on"
        self.hear(Notice(f"{self.symbol}: the backstop was executed: it {text}; {then}", alarm=True, critical=True))
        if ours:
            begin_home(self.outfit, self.known, now)
        self.outfit.notebook.remember(self.symbol, BACKSTOP, RuleMemory(fired_at=now))

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
