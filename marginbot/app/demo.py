"""The demonstration: a fresh paper exchange in memory whose price falls by a script, a policy for it, and its end unwatched."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from marginbot.app.opened import App
from marginbot.domain.amounts import Symbol
from marginbot.engine.clock import SystemClock, rest
from marginbot.engine.daemon.fences import Fences
from marginbot.engine.journal.journal import Journal
from marginbot.engine.ports import Clock
from marginbot.exchange.adapter import open_exchange
from marginbot.exchange.messages import to_ms
from marginbot.exchange.signing import HmacSigner
from marginbot.paper.books.scenarios import DEFAULT_UID
from marginbot.paper.embedded import IN_PROCESS_URL, fresh_exchange
from marginbot.paper.exchange import Exchange as PaperExchange
from marginbot.paper.keys import PAPER_API_KEY, PAPER_API_SECRET
from marginbot.paper.transport import FaultTransport
from marginbot.settings import Exchange, Settings, Unwind, Venue

PAIR: Final = Symbol("BTCUSDT")
SCENARIO: Final = "demo"
FALL_MS: Final = 60_000
"""Well beyond the end of the scenario's fall."""
LATENCY_MS: Final = 120
"""About what a server in another country sees, so that the steps can be followed by eye."""
TICK_EVERY: Final = 0.25

POLICY: Final = """\
[[policy]]
name = "demo"
pairs = ["BTCUSDT"]
rule = [
  { name = "warn", when = { margin_level_below = "1.23" }, do = "alert", cool_down = "1h" },
  { name = "pay with idle coins", when = { margin_level_below = "1.21" }, do = "repay", cool_down = "1h" },
  { name = "bring coins", when = { margin_level_below = "1.19" }, do = "top_up", target_level = "1.21", cool_down = "1h", \
budget = { per_action = "150", total = "150" } },
  { name = "sell some", when = { margin_level_below = "1.17" }, do = "deleverage", target_level = "1.25", cool_down = "1h" },
  { name = "close", when = { margin_level_below = "1.15" }, do = "unwind" },
]
"""


@dataclass(frozen=True, slots=True)
class Unwatched:
    """How the same fall ends when nobody acts. In quote: the price of the sale, the fee, and what the owner is left with."""

    price: Decimal
    fee: Decimal
    left: Decimal


@dataclass(frozen=True, slots=True)
class Demo:
    """An open marginbot on the falling world."""

    app: App
    exchange: PaperExchange
    began_ms: int

    async def tell_prices(self, fences: Fences) -> None:
        """Every new price of the book, as a market stream tells it, until the app's `stop` is set."""
        while not self.app.stop.is_set():
            self.exchange.advance()
            market = self.exchange.world.market(PAIR)
            fences.tick(PAIR, float(market.best("SELL")), float(market.best("BUY")))
            await rest(self.app.clock, self.app.stop, TICK_EVERY)

    @property
    def liquidations(self) -> int:
        """How many orders the exchange has sent by its own hand, by its own books."""
        return len(self.exchange.world.account(DEFAULT_UID).liquidations)

    def unwatched(self) -> Unwatched:
        """The same beginning, played to the end of the fall without anybody: what the exchange took then."""
        now_ms = self.began_ms
        alone = fresh_exchange(lambda: now_ms, SCENARIO)
        alone.skip(FALL_MS)
        account = alone.world.account(DEFAULT_UID)
        (sale,) = account.liquidations
        fees = (-taken.amount for taken in account.seizures if taken.type == "LIQUIDATION_FEE")
        return Unwatched(sale.average_price, sum(fees, Decimal(0)), account.isolated[PAIR].quote.free)


@asynccontextmanager
async def open_demo(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Demo]:
    """A fresh exchange in memory, with a policy, a journal and locks that end with it."""
    time = clock or SystemClock()

    def wall_ms() -> int:
        return to_ms(time.now())

    with tempfile.TemporaryDirectory(prefix="marginbot-demo-") as folder:
        policy = Path(folder) / "policy.toml"
        policy.write_text(POLICY, encoding="utf-8")
        # The same story for everybody: the day on which a live key ends, or a short deadline, has no place in it.
        usual = {"exchange": Exchange(), "unwind": Unwind()}
        own = settings.model_copy(update={"policy": settings.policy.model_copy(update={"file": policy}), **usual})
        began_ms = wall_ms()
        paper = fresh_exchange(wall_ms, SCENARIO)
        journal = Journal("sqlite://")
        try:
            async with open_exchange(
                rest_url=IN_PROCESS_URL,
                api_key=PAPER_API_KEY,
                signer=HmacSigner(PAPER_API_SECRET),
                clock=time,
                ban_store=journal,
                venue=Venue.PAPER.value,
                transport=FaultTransport(paper, sleep=time.sleep, latency_ms=LATENCY_MS),
            ) as exchange:
                app = App(own, Venue.PAPER.value, exchange, journal, time, Path(folder))
                yield Demo(app, paper, began_ms)
        finally:
            journal.close()
