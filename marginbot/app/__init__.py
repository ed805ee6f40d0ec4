"""Wiring: settings in, a working marginbot out. The only place where the venue and the dry run are chosen.

The emulator is imported where it is needed: a live run has no use for it.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from marginbot.domain.amounts import Symbol
from marginbot.domain.plan import Goal, Limits
from marginbot.engine.checkup import Checkup
from marginbot.engine.clock import SystemClock
from marginbot.engine.errands import ToFlat
from marginbot.engine.events import Observer, nobody
from marginbot.engine.journal import Journal
from marginbot.engine.lock import pair_lock
from marginbot.engine.looks import Looker
from marginbot.engine.patience import Patience
from marginbot.engine.ports import Clock
from marginbot.engine.preview import preview
from marginbot.engine.proof import Proofs
from marginbot.engine.report import RunReport
from marginbot.engine.run import Run
from marginbot.engine.survey import Survey, survey
from marginbot.errors import MarginbotError, SafetyRefused
from marginbot.exchange.adapter import BinanceExchange, Tap, open_exchange
from marginbot.exchange.signing import HmacSigner, Signer, signer_from_pem
from marginbot.settings import Settings, Venue, journal_file, state_dir

if TYPE_CHECKING:
    import httpx

READ_DEADLINE = 30.0
"""Seconds for commands that only look."""

DEMO_LATENCY_MS = 120
"""About what a server in another country sees, so that the demo's steps can be followed by eye."""


@dataclass(slots=True)
class App:
    """An open marginbot: one exchange, one journal, one clock. `stop` asks every run to end at a safe point."""

    settings: Settings
    venue: str
    exchange: BinanceExchange
    journal: Journal
    clock: Clock
    locks: Path
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    jitter: Callable[[], float] = random.random
    new_id: Callable[[], str] = field(default=lambda: f"mb-{uuid.uuid4().hex[:29]}")

    @property
    def limits(self) -> Limits:
        """What the owner allows an unwind."""
        return Limits(self.settings.unwind.max_slippage_bps, self.settings.unwind.topup_crumb)

    def unwind(self, goal: Goal, observer: Observer = nobody) -> Run:
        """A run that brings one pair to flat: `await app.unwind(goal).run()`."""
        return Run(
            exchange=self.exchange,
            journal=self.journal,
            patience=self._patience(self.settings.unwind.deadline),
            errand=ToFlat(goal, self.limits),
            venue=self.venue,
            lock=lambda account: self._lock(account, goal.symbol),
            new_id=self.new_id,
            observer=observer,
            allow_withdrawals=self.settings.exchange.allow_withdrawal_keys,
        )

    async def plan(self, goal: Goal) -> RunReport:
        """What `unwind` would do now. Raises: ConfigError for an unknown pair."""
        patience = self._patience(min(self.settings.unwind.deadline, READ_DEADLINE))
        proofs = Proofs(self.exchange, self.journal, self.clock, goal.symbol, {})
        looker = Looker(self.exchange, patience, goal.symbol, proofs, nobody)
        allowed = self.settings.exchange.allow_withdrawal_keys
        return await preview(looker, self.exchange, goal, self.limits, self.venue, allowed)

    async def status(self, symbols: tuple[Symbol, ...] = ()) -> Survey:
        """Every pair, or the named ones; leaves the reserve of every rate budget alone. Raises: ExchangeError."""
        with self.exchange.polling():
            return await survey(self.exchange, self._patience(READ_DEADLINE), symbols)

    def checkup(self) -> Checkup:
        """What `doctor` asks."""
        settings = self.settings.exchange
        patience = self._patience(READ_DEADLINE)
        return Checkup(self.exchange, self.journal, patience, settings.allow_withdrawal_keys, settings.reserve_pct)

    async def pause(self, seconds: float) -> None:
        """Wait between two looks. Raises: Interrupted when a signal asked to stop."""
        await self._patience(seconds + 1).pause(seconds)

    def _patience(self, seconds: float) -> Patience:
        return Patience(self.clock, self.exchange, self.clock.monotonic() + seconds, self.jitter, self.stop)

    def _lock(self, account: str, symbol: Symbol) -> AbstractContextManager[None]:
        return pair_lock(self.locks, self.venue, account, symbol)


@asynccontextmanager
async def open_app(
    settings: Settings, *, dry_run: bool = False, clock: Clock | None = None, tap: Tap | None = None
) -> AsyncIterator[App]:
    """Open everything the settings name, and close it again. Nothing is sent by opening.

    dry_run: the transport lets reads through and nothing else. tap: put between the last lock and the network.
    Raises: ConfigError, SafetyRefused (paper world held by somebody else), JournalUnavailable.
    """
    time = clock or SystemClock()
    with ExitStack() as opened:
        place = _place(settings, time, opened)
        journal = Journal.in_file(journal_file(settings))
        opened.callback(journal.close)
        async with _exchange(settings, place, time, journal, dry_run, tap) as exchange:
            yield App(settings, settings.venue.value, exchange, journal, time, state_dir())


@asynccontextmanager
async def open_demo(settings: Settings) -> AsyncIterator[App]:
    """A fresh paper exchange in memory, whose price falls by a script, with a journal and locks that end with it."""
    from marginbot.paper.embedded import IN_PROCESS_URL, fresh_exchange
    from marginbot.paper.keys import PAPER_API_KEY, PAPER_API_SECRET
    from marginbot.paper.transport import FaultTransport

    time = SystemClock()
    with tempfile.TemporaryDirectory(prefix="marginbot-demo-") as locks:
        paper = fresh_exchange(_wall_ms(time), "demo")
        transport = FaultTransport(paper, sleep=time.sleep, latency_ms=DEMO_LATENCY_MS)
        place = _Place(IN_PROCESS_URL, PAPER_API_KEY, HmacSigner(PAPER_API_SECRET), transport)
        journal = Journal("sqlite://")
        async with _exchange(settings, place, time, journal, dry_run=False) as exchange:
            yield App(settings, Venue.PAPER.value, exchange, journal, time, Path(locks))
        journal.close()


@dataclass(frozen=True, slots=True)
class _Place:
    rest_url: str
    api_key: str | None
    signer: Signer | None
    transport: httpx.AsyncBaseTransport | None


def _exchange(
    settings: Settings, place: _Place, clock: Clock, journal: Journal, dry_run: bool, tap: Tap | None = None
) -> AbstractAsyncContextManager[BinanceExchange]:
    return open_exchange(
        rest_url=place.rest_url,
        api_key=place.api_key,
        signer=place.signer,
        clock=clock,
        ban_store=journal,
        venue=settings.venue.value,
        transport=place.transport,
        timeout=settings.exchange.timeout,
        reserve_pct=settings.exchange.reserve_pct,
        dry_run=dry_run,
        tap=tap,
    )


def _place(settings: Settings, clock: Clock, opened: ExitStack) -> _Place:
    """Where requests go. Paper without an address is the embedded world; everything else is an address and a key."""
    if settings.venue is Venue.PAPER and settings.exchange.rest_url is None:
        return _embedded(clock, opened)
    key = settings.exchange.api_key
    return _Place(settings.exchange.base_url, key.get_secret_value() if key else None, _signer(settings), None)


def _embedded(clock: Clock, opened: ExitStack) -> _Place:
    from marginbot.paper.embedded import embedded
    from marginbot.paper.errors import PaperError, WorldBusy

    try:
        venue = opened.enter_context(embedded(state_dir(), _wall_ms(clock), sleep=clock.sleep))
    except WorldBusy as busy:
        raise SafetyRefused(str(busy)) from busy
    except PaperError as problem:
        raise MarginbotError(str(problem)) from problem
    return _Place(venue.rest_url, venue.api_key, HmacSigner(venue.api_secret), venue.transport)


def _wall_ms(clock: Clock) -> Callable[[], int]:
    return lambda: int(clock.now().timestamp() * 1000)


def _signer(settings: Settings) -> Signer | None:
    if settings.exchange.private_key_file is not None:
        return signer_from_pem(settings.exchange.private_key_file)
    secret = settings.exchange.api_secret
    return HmacSigner(secret.get_secret_value()) if secret is not None else None
