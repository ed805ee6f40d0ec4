"""The watch over one account: a look at every pair each few seconds, at once when a price crosses its fence, and a visit where
a rule fires. One task looks; visits of different pairs run side by side, the most endangered begins.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal

import structlog

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import Symbol
from marginbot.domain.plan import BACKSTOP
from marginbot.engine.daemon.crossings import Crossings
from marginbot.engine.daemon.fences import Fences
from marginbot.engine.daemon.health import Health
from marginbot.engine.daemon.homecoming import Homecoming
from marginbot.engine.daemon.outfit import Outfit
from marginbot.engine.daemon.pair_watch import PairWatch
from marginbot.engine.events import Notice
from marginbot.engine.patience import Interrupted
from marginbot.errors import JournalUnavailable, MarginbotError, RateLimited

EVERY, EVERY_IN_DANGER, EVERY_WITHOUT_DEBT = 5.0, 1.0, 30.0
LATE, SLOW_LOOK = 3.0, 30.0
"""How many intervals may pass without a look, and how many seconds one may take besides, until that is a fault."""
STUCK_AFTER = 330.0
"""Seconds a look may take: no request may be given more than 300 by the settings."""
LOOKS, MARKET_STREAM = "looks", "market stream"

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Watch:
    """Guards every isolated pair of an account. `run` ends when `stop` is set, never for a reason of the exchange.

    rows: every isolated account as the last poll showed it.
    """

    outfit: Outfit
    health: Health
    stop: asyncio.Event
    pairs: dict[Symbol, PairWatch] = field(default_factory=dict)
    rows: Mapping[Symbol, IsolatedAccount] = field(default_factory=dict)
    fences: Fences = field(init=False)
    homecoming: Homecoming = field(init=False)
    _crossings: Crossings = field(init=False)
    _visits: dict[Symbol, asyncio.Task[None]] = field(default_factory=dict)
    visits: int = 0
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _turns_by: float = math.inf
    _rested: frozenset[Symbol] | None = None
    read_since: float = -math.inf
    """Monotonic seconds: what `rows` shows was asked for then."""

    def __post_init__(self) -> None:
        self.fences = Fences(self.crossed, self.outfit.hush.calm)
        self._crossings = Crossings(self.outfit.clock, self._serve_crossed)
        self.homecoming = Homecoming(self.outfit, self.health)

    async def run(self) -> None:
        """Look, rest, look again."""
        self._turns_by = self.outfit.clock.monotonic()
        try:
            while not self.stop.is_set():
                seconds = await self._look_at_all()
                self._carry_home()
                await self._until_woken(seconds)
        finally:
            if self.stop.is_set():
                await self._end_visits()
                self._carry_home()

    @property
    def turning(self) -> bool:
        """Whether this goes round: no rest is longer than meant. For a watchdog: failing looks are no reason to start anew."""
        return self.outfit.clock.monotonic() <= self._turns_by + STUCK_AFTER

    @property
    def visiting(self) -> bool:
        """Whether any pair is being looked at or worked on."""
        return bool(self._visits)

    @property
    def owing(self) -> frozenset[Symbol]:
        """Pairs in debt, as last seen."""
        return frozenset(symbol for symbol, pair in self.pairs.items() if pair.known.row is not None and pair.known.row.owes)

    @property
    def holding(self) -> frozenset[Symbol]:
        """Pairs that owe or hold anything, as last seen."""
        return frozenset(symbol for symbol, row in self.rows.items() if row.created and row.enabled and not row.is_empty)

    def crossed(self, symbol: Symbol) -> None:
        """A price left the fence of a pair: look at it as soon as may be."""
        pair = self.pairs.get(symbol)
        if pair is not None and not pair.busy:
            self._crossings.add(symbol)

    def changed(self, symbol: Symbol) -> None:
        """Something happened on a pair's account: our own steps are looked at anyway, anything else is looked at now."""
        pair = self.pairs.get(symbol)
        if pair is not None and not pair.busy:
            pair.backstop.suspect()
        if pair is None or not pair.busy:
            self._wake.set()

    def look_now(self) -> None:
        """Somebody knows that something changed: the next look is now."""
        self._wake.set()

    def reassign(self) -> None:
        """The policy changed; each pair keeps its old ladder until it was looked at under the new one."""
        for pair in self.pairs.values():
            pair.reassign()
        self._wake.set()

    def _serve_crossed(self, crossed: Iterable[Symbol]) -> None:
        if not self.stop.is_set():
            self.outfit.hush.begin()
            self._visit_all(crossed)

    async def _look_at_all(self) -> float:
        """One read of the whole account, and a visit of every pair on which something fires. Answers how long to rest then."""
        self._wake.clear()
        began = self.outfit.clock.monotonic()
        try:
            with self.outfit.exchange.polling():
                rows = await self.outfit.exchange.isolated_accounts()
        except MarginbotError as trouble:
            self.health.ill(LOOKS, str(trouble))
            return self._until_over(trouble)
        self.rows, self.read_since = rows, began
        self.health.well(LOOKS)
        try:
            due = self._due(rows)
        except JournalUnavailable as lost:
            if not self.outfit.spare.stand_in(str(lost)):
                raise
            due = self._due(rows)
        self._visit_all(due)
        self.health.expect(LOOKS, self._interval() * LATE + SLOW_LOOK)
        return self._rest_after()

    def _due(self, rows: Mapping[Symbol, IsolatedAccount]) -> list[Symbol]:
        wanted = {episode.symbol for episode in self.outfit.journal.open_episodes(self.outfit.account)}
        left = self._left_resting()
        deaf = MARKET_STREAM in self.health.troubles()  # its last prices may be old: no fence is built on them
        due = []
        for symbol, row in rows.items():
            if not row.created or not row.enabled or not (row.owes or symbol in self.pairs or symbol in wanted or symbol in left):
                continue
            pair = self.pairs.get(symbol)
            if pair is None:
                pair = self.pairs[symbol] = PairWatch(symbol, self.outfit)
            if pair.glance(row, None if deaf else self.fences.mid(symbol)) or (symbol in wanted and not pair.busy):
                due.append(symbol)
            elif not pair.busy:
                self.fences.put(symbol, pair.known.fence)
            self._tell_backstop(pair)
        return due

    def _left_resting(self) -> frozenset[Symbol]:
        """Pairs on which a backstop of an earlier process may rest, or may have traded, though nothing is owed any more."""
        if self._rested is None:
            self._rested = frozenset(self.outfit.journal.last_done(self.outfit.account, BACKSTOP))
        return self._rested

    def _tell_backstop(self, pair: PairWatch) -> None:
        part = f"{BACKSTOP} {pair.symbol}"
        trouble, absent = self.health.troubles().get(part), pair.backstop.absent
        if absent is None and trouble is not None:
            self.health.well(part)
        if absent is not None and trouble != absent:
            self.health.ill(part, absent)

    def _visit_all(self, symbols: Iterable[Symbol]) -> None:
        """The most endangered first: what one visit takes from a shared queue or budget the next must wait for."""
        for symbol in sorted(symbols, key=self._danger):
            if symbol not in self._visits:
                self.fences.lift(symbol)
                self._visits[symbol] = asyncio.create_task(self._visit(self.pairs[symbol]), name=f"visit {symbol}")

    async def _visit(self, pair: PairWatch) -> None:
        part = f"guard {pair.symbol}"
        self.visits += 1
        try:
            await pair.visit()
        except Interrupted:
            return
        except MarginbotError as trouble:
            self._failed(pair, part, str(trouble))
        except Exception as defect:
            log.error("a guard raised", symbol=pair.symbol, exc_info=defect)
            self._failed(pair, part, f"unexpected {type(defect).__name__}; this is a defect of marginbot")
        else:
            self.health.well(part)
        finally:
            self._tell_backstop(pair)
            self.fences.put(pair.symbol, pair.known.fence)
            self._visits.pop(pair.symbol, None)

    def _carry_home(self) -> None:
        if not self.visiting:
            self.homecoming.attempt(last=self.stop.is_set())

    def _failed(self, pair: PairWatch, part: str, why: str) -> None:
        self.health.ill(part, why)
        self.outfit.tell(pair.symbol, Notice(f"{pair.symbol} could not be guarded: {why}", alarm=True))

    def _danger(self, symbol: Symbol) -> Decimal:
        return self.pairs[symbol].known.safety

    def _interval(self) -> float:
        """How long to rest: shorter when a rule has fired somewhere and is not over, longer when nobody owes."""
        if not self.owing:
            return EVERY_WITHOUT_DEBT
        disarmed = any(not memory.armed for symbol in self.owing for memory in self.pairs[symbol].known.memories.values())
        return EVERY_IN_DANGER if disarmed or self._visits else EVERY

    def _rest_after(self) -> float:
        """Seconds: the interval, or until time alone may change what a rule says."""
        now = self.outfit.clock.now()
        moments = [pair.known.valid_until for pair in self.pairs.values() if pair.known.valid_until is not None]
        return min([self._interval(), *((moment - now).total_seconds() for moment in moments if moment > now)])

    def _until_over(self, trouble: MarginbotError) -> float:
        """Seconds: a limit is sat out; anything else is tried again after one."""
        seconds = 1.0
        if isinstance(trouble, RateLimited):
            seconds = max(seconds, (trouble.until_ms - self.outfit.exchange.server_now_ms()) / 1000)
        return seconds

    async def _until_woken(self, seconds: float) -> None:
        """Rest so long, or until a fence is crossed, somebody asks, or the daemon ends."""
        self._turns_by = self.outfit.clock.monotonic() + seconds
        if seconds <= 0 or self.stop.is_set():
            return
        waits = [asyncio.create_task(event.wait()) for event in (self.stop, self._wake)]
        try:
            with suppress(TimeoutError):
                async with self.outfit.clock.timeout(seconds):
                    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _end_visits(self) -> None:
        """Visits end by themselves at their next safe point once `stop` is set."""
        if self._visits:
            await asyncio.wait(tuple(self._visits.values()))
