"""An open marginbot: what every command does with it."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from marginbot.domain.amounts import Symbol
from marginbot.domain.plan import OUR_ID, Goal, Limits
from marginbot.engine.checkup import Checkup
from marginbot.engine.errands import ToFlat
from marginbot.engine.events import Observer, nobody
from marginbot.engine.journal.journal import Journal
from marginbot.engine.journal.spare import Spare
from marginbot.engine.lock import pair_lock
from marginbot.engine.looks import Looker
from marginbot.engine.patience import Patience
from marginbot.engine.ports import Clock
from marginbot.engine.preview import preview
from marginbot.engine.proof import Proofs
from marginbot.engine.report import RunReport
from marginbot.engine.run import Run
from marginbot.engine.survey import Survey, survey
from marginbot.exchange.adapter import BinanceExchange
from marginbot.exchange.spot_testnet import SpotTestnet
from marginbot.exchange.streams.ports import Dial
from marginbot.exchange.streams.sockets import dial
from marginbot.settings import Settings

READ_DEADLINE = 30.0
"""Seconds for commands that only look."""


@dataclass(frozen=True, slots=True)
class Streams:
    """Where prices and account events are heard: bases of the market streams and of the WebSocket API; None: nowhere."""

    market: str | None
    account: str | None
    dial: Dial = dial


@dataclass(slots=True)
class App:
    """An open marginbot: one exchange, one journal, one clock. `stop` asks every run to end at a safe point.

    streams: None for a command that hears none. testnet: whose prices the books follow, on venue testnet alone. spare: of the
    journal of a process that stays.
    """

    settings: Settings
    venue: str
    exchange: BinanceExchange
    journal: Journal
    clock: Clock
    locks: Path
    streams: Streams | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    jitter: Callable[[], float] = random.random
    new_id: Callable[[], str] = field(default=lambda: f"{OUR_ID}{uuid.uuid4().hex[:29]}")
    testnet: SpotTestnet | None = None
    spare: Spare | None = None

    @property
    def limits(self) -> Limits:
        """What the owner allows an unwind."""
        return Limits(self.settings.unwind.max_slippage_bps, self.settings.unwind.topup_crumb)

    def unwind(self, goal: Goal, observer: Observer = nobody) -> Run:
        """A run that brings one pair to flat: `await app.unwind(goal).run()`."""
        return Run(
            exchange=self.exchange,
            journal=self.journal,
            patience=self.patience(self.settings.unwind.deadline),
            errand=ToFlat(goal, self.limits),
            venue=self.venue,
            lock=lambda account: self.hold(account, goal.symbol),
            new_id=self.new_id,
            observer=observer,
            allow_withdrawals=self.settings.exchange.allow_withdrawal_keys,
        )

    async def plan(self, goal: Goal) -> RunReport:
        """What `unwind` would do now. Raises: ConfigError for an unknown pair."""
        patience = self.patience(min(self.settings.unwind.deadline, READ_DEADLINE))
        proofs = Proofs(self.exchange, self.journal, self.clock, goal.symbol, {})
        looker = Looker(self.exchange, patience, goal.symbol, proofs, nobody)
        allowed = self.settings.exchange.allow_withdrawal_keys
        return await preview(looker, self.exchange, goal, self.limits, self.venue, allowed)

    async def status(self, symbols: tuple[Symbol, ...] = ()) -> Survey:
        """Every pair, or the named ones; leaves the reserve of every rate budget alone. Raises: ExchangeError."""
        with self.exchange.polling():
            return await survey(self.exchange, self.patience(READ_DEADLINE), symbols)

    async def delistings(self) -> dict[Symbol, datetime]:
        """When pairs leave isolated margin, by the exchange's schedule; leaves the reserve alone. Raises: ExchangeError."""
        with self.exchange.polling():
            rows = await self.patience(READ_DEADLINE).ask(self.exchange.delistings)
        return {row.symbol: row.at for row in reversed(rows)}

    def checkup(self) -> Checkup:
        """What `doctor` asks."""
        settings = self.settings.exchange
        patience = self.patience(READ_DEADLINE)
        return Checkup(
            self.exchange, self.journal, patience, settings.allow_withdrawal_keys, settings.reserve_pct, settings.key_expires
        )

    async def pause(self, seconds: float) -> None:
        """Wait between two looks. Raises: Interrupted when a signal asked to stop."""
        await self.patience(seconds + 1).pause(seconds)

    def patience(self, seconds: float) -> Patience:
        """For so many seconds from now."""
        return Patience(self.clock, self.exchange, self.clock.monotonic() + seconds, self.jitter, self.stop)

    def hold(self, account: str, symbol: Symbol) -> AbstractContextManager[None]:
        """The lock of one pair, for as long as the context is open."""
        return pair_lock(self.locks, self.venue, account, symbol)
