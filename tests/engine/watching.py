"""A watch over the stage's account: the real adapter, journal and rules, under virtual time; tests hear everything it tells."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from decimal import Decimal

from marginbot.domain.amounts import Symbol
from marginbot.domain.plan import Limits
from marginbot.domain.policy import Do, Ladder, LevelBelow, Policy, Rule
from marginbot.domain.situation import RuleMemory
from marginbot.engine.daemon.acceptance import Acceptance
from marginbot.engine.daemon.daemon import Daemon
from marginbot.engine.daemon.health import Health
from marginbot.engine.daemon.outfit import Audience, Outfit
from marginbot.engine.daemon.sharing import sharing
from marginbot.engine.events import Event, Fired, Notice, Pursued
from marginbot.engine.journal.notebook import Notebook
from marginbot.engine.loans import LoanQueue
from marginbot.engine.patience import Patience
from tests.engine.stage import Stage

ACCOUNT = "1"


def level_rule(name: str, level: str, do: Do, **more: object) -> Rule:
    """A rung at a margin level, armed again 0.02 above it."""
    return Rule(name, LevelBelow(Decimal(level)), do, rearm_level=Decimal(level) + Decimal("0.02"), **more)  # type: ignore[arg-type]


def a_policy(*rules: Rule, digest: str = "tested") -> Policy:
    """One ladder for every pair."""
    return Policy(digest, (Ladder("tested", ("*",), rules),))


@dataclass
class Watching:
    """A daemon at work on a stage."""

    stage: Stage
    daemon: Daemon
    told: list[tuple[Symbol, Event]] = field(default_factory=list)

    def fired(self, symbol: str = "BTCUSDT") -> list[str]:
        """Names of the rules that fired, in order."""
        return [event.rule.name for of, event in self.told if of == symbol and isinstance(event, Fired)]

    def ended(self) -> list[tuple[str, str]]:
        """Rule and outcome of every errand that came to an end."""
        return [(event.rule, event.report.outcome.value) for _, event in self.told if isinstance(event, Pursued)]

    def alarms(self) -> list[str]:
        return [event.text for _, event in self.told if isinstance(event, Notice) and event.alarm]

    async def price(self, price: str, symbol: str = "BTCUSDT", *, ticks: bool = True) -> None:
        """The market moves; with `ticks` the daemon hears the book's new prices as a stream would tell them."""
        self.stage.world.set_price(symbol, Decimal(price))
        if ticks:
            self.tick(symbol)

    def tick(self, symbol: str = "BTCUSDT") -> None:
        """One bookTicker of the pair as it stands now."""
        market = self.stage.world.market(symbol)
        self.daemon.watch.fences.tick(symbol, float(market.best("SELL")), float(market.best("BUY")))

    async def until(self, condition: Callable[[], bool], within: float = 60.0) -> None:
        """Let virtual time pass until it holds."""
        async with asyncio.timeout(within):
            while not condition():
                await self.stage.clock.sleep(0.05)

    async def rest(self, seconds: float) -> None:
        """Let so much virtual time pass."""
        await self.stage.clock.sleep(seconds)


@asynccontextmanager
async def watching(
    stage: Stage,
    policy: Policy,
    *,
    accepted: bool = True,
    account: str = ACCOUNT,
    deadline: float = 120.0,
    tell: Audience | None = None,
) -> AsyncIterator[Watching]:
    """Start a daemon on the stage, stop it at the end of the block; it must then end by itself within 10 s."""
    life, ids = next(stage.run_numbers), itertools.count(1)
    stop = asyncio.Event()
    told: list[tuple[Symbol, Event]] = []
    notebook = Notebook(stage.journal.file, account)

    def patience(seconds: float) -> Patience:
        return Patience(stage.clock, stage.exchange, stage.clock.monotonic() + seconds, lambda: 0.0, stop)

    outfit = Outfit(
        exchange=sharing(stage.exchange),
        journal=stage.journal,
        notebook=notebook,
        clock=stage.clock,
        account=account,
        venue="paper",
        limits=Limits(),
        policy=policy,
        loans=LoanQueue(stage.clock),
        patience=patience,
        lock=lambda _symbol: nullcontext(),
        new_id=lambda: f"mb-watch{life}-{next(ids)}",
        tell=tell or (lambda symbol, event: told.append((symbol, event))),
        deadline=deadline,
    )
    acceptance = Acceptance(notebook, policy.digest, accepted)
    daemon = Daemon(outfit, Health(stage.clock), stop, acceptance)
    running = asyncio.create_task(daemon.run())
    try:
        yield Watching(stage, daemon, told)
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await running
        assert_nothing_is_remembered_only_in_memory(daemon)


def assert_nothing_is_remembered_only_in_memory(daemon: Daemon) -> None:
    """What a daemon that ended knew of its rules is what the next one will know."""
    for symbol, pair in daemon.watch.pairs.items():
        kept = daemon.outfit.notebook.memories(symbol)
        assert {rule: kept.get(rule, RuleMemory()) for rule in pair.known.memories} == pair.known.memories
