"""A stage for the engine: the real adapter against the paper exchange in-process, under virtual time."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import Symbol
from marginbot.domain.plan import Goal, Limits
from marginbot.engine.errands import ToFlat
from marginbot.engine.events import Event
from marginbot.engine.journal.journal import Journal
from marginbot.engine.patience import Patience
from marginbot.engine.report import RunReport
from marginbot.engine.run import Run
from marginbot.exchange.adapter import BinanceExchange, open_exchange
from marginbot.exchange.signing import HmacSigner
from marginbot.paper.beginning import begin
from marginbot.paper.books.world import World
from marginbot.paper.embedded import IN_PROCESS_URL, exchange_of
from marginbot.paper.exchange import Exchange as PaperExchange
from marginbot.paper.faults import Fault
from marginbot.paper.keys import PAPER_API_KEY, PAPER_API_SECRET
from marginbot.paper.transport import FaultTransport
from tests.virtual_time import VirtualClock

BTCUSDT = Symbol("BTCUSDT")
WRITES = ("POST", "DELETE")
ORDER = "/sapi/v1/margin/order"
LOAN = "/sapi/v1/margin/borrow-repay"
TRANSFER = "/sapi/v1/asset/transfer"
ACCOUNT = "/sapi/v1/margin/isolated/account"
OPEN_ORDERS = "/sapi/v1/margin/openOrders"


@dataclass
class Stage:
    """One account on one paper exchange, and a marginbot in front of it."""

    clock: VirtualClock
    paper: PaperExchange
    transport: FaultTransport
    exchange: BinanceExchange
    journal: Journal
    events: list[Event] = field(default_factory=list)
    deadline: float = 120.0
    limits: Limits = field(default_factory=Limits)
    lock: Callable[[str], AbstractContextManager[None]] = lambda _account: nullcontext()
    run_numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def world(self) -> World:
        return self.paper.world

    def fault(self, **fields: Any) -> None:
        """Arm one fault, see paper.faults.Fault."""
        self.paper.faults.add(Fault(**fields))

    def run(self, symbol: str = "BTCUSDT", **goal: Any) -> Run:
        """A new run on a pair, as a fresh process would make it."""
        run, ids = next(self.run_numbers), itertools.count(1)
        return Run(
            exchange=self.exchange,
            journal=self.journal,
            patience=Patience(self.clock, self.exchange, self.clock.monotonic() + self.deadline, lambda: 0.0),
            errand=ToFlat(Goal(Symbol(symbol), **goal), self.limits),
            venue="paper",
            lock=self.lock,
            new_id=lambda: f"mb-run{run}-{next(ids)}",
            observer=self.events.append,
        )

    async def unwind(self, symbol: str = "BTCUSDT", **goal: Any) -> RunReport:
        return await self.run(symbol, **goal).run()

    @asynccontextmanager
    async def in_a_new_process(self, journal: Journal) -> AsyncIterator[Stage]:
        """The same exchange before a marginbot that has just started: of the past it knows what the journal knows."""
        async with _an_adapter(self.clock, self.transport, journal) as exchange:
            yield replace(self, exchange=exchange, journal=journal, events=[])

    async def account(self, symbol: str = "BTCUSDT") -> IsolatedAccount:
        return (await self.exchange.isolated_accounts())[Symbol(symbol)]

    async def spot(self, asset: str) -> Decimal:
        return (await self.exchange.spot_wallet()).free.get(asset, Decimal(0))  # type: ignore[call-overload]

    def sent(self, method: str, path: str) -> list[Any]:
        """Requests of one kind that reached the exchange or were lost on the way, oldest first."""
        return [entry for entry in self.transport.log if entry.method == method and entry.path == path]

    def writes(self) -> list[tuple[str, str]]:
        """Every write that was sent, in order."""
        return [(entry.method, entry.path) for entry in self.transport.log if entry.method in WRITES]


@asynccontextmanager
async def a_stage(
    scenario: str | World = "default", directory: Path | None = None, latency_ms: int = 20, journal: Journal | None = None
) -> AsyncIterator[Stage]:
    """Open a stage on a fresh world, or on one made for this moment. directory: where the journal's file lies; in memory
    without one. journal: used as it is.
    """
    clock = VirtualClock()
    world = scenario if isinstance(scenario, World) else begin(scenario, clock.now_ms())
    paper = exchange_of(world, clock.now_ms)
    transport = FaultTransport(paper, sleep=clock.sleep, latency_ms=latency_ms)
    given = journal
    journal = given or Journal("sqlite://" if directory is None else f"sqlite:///{directory / 'journal.sqlite'}")
    async with _an_adapter(clock, transport, journal) as exchange:
        yield Stage(clock, paper, transport, exchange, journal)
    if given is None:
        journal.close()


def _an_adapter(clock: VirtualClock, transport: FaultTransport, journal: Journal) -> AbstractAsyncContextManager[BinanceExchange]:
    return open_exchange(
        rest_url=IN_PROCESS_URL,
        api_key=PAPER_API_KEY,
        signer=HmacSigner(PAPER_API_SECRET),
        clock=clock,
        ban_store=journal,
        venue="paper",
        transport=transport,
    )
