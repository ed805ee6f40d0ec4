"""One marginbot after the other on the same state directory: started, stopped by a signal, killed, started again."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event

from marginbot.app.guard import open_guard
from marginbot.app.opened import App, Streams
from marginbot.app.outside import Outside
from marginbot.domain.amounts import Symbol
from marginbot.engine.alerts.numbers import Numbers
from marginbot.engine.daemon.daemon import Daemon
from marginbot.engine.events import Event
from marginbot.engine.journal.journal import Journal
from marginbot.errors import MarginbotError
from marginbot.exchange.adapter import open_exchange
from marginbot.exchange.signing import HmacSigner
from marginbot.paper.embedded import IN_PROCESS_URL
from marginbot.paper.keys import PAPER_API_KEY, PAPER_API_SECRET
from marginbot.settings import load_settings
from marginbot.settings.policy_file import policy_of
from tests.engine.places import Place
from tests.soak.time import BOT, SoakLoop, begin_as
from tests.soak.wires import Sockets, Wire
from tests.virtual_time import VirtualClock

STOPS_WITHIN_S = 30.0
SOCKETS = f"ws{IN_PROCESS_URL.removeprefix('http')}"


class Disk:
    """What the journal's file lies on. full: nothing can be written to it."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "journal.sqlite"
        self.full = False

    def journal(self) -> Journal:
        """The journal as a new process opens it. Raises: JournalUnavailable."""
        journal = Journal.in_file(self.file)
        event.listen(journal.file.engine, "checkout", self._feel)
        return journal

    def _feel(self, connection: Any, _record: Any, _proxy: Any) -> None:
        connection.execute(f"PRAGMA query_only = {int(self.full)}")


@dataclass
class Machine:
    """Where processes run. wire: makes the line of a new process; hear: an audience of every one of them."""

    clock: VirtualClock
    disk: Disk
    policy: Path
    locks: Path
    sockets: Sockets
    wire: Callable[[], Wire]
    hear: Callable[[Symbol, Event], None]
    random: random.Random
    place: Place = field(default_factory=Place)
    lives: Iterator[int] = field(default_factory=lambda: itertools.count(1))


@dataclass
class Process:
    """One life. `daemon` is there once it is up; `trouble`: why it ended by itself."""

    machine: Machine
    number: int
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    daemon: Daemon | None = None
    outside: Outside | None = None
    trouble: MarginbotError | None = None
    task: asyncio.Task[None] = field(init=False)
    began: float = 0.0
    _wire: Wire = field(init=False)
    _journal: Journal | None = None

    @classmethod
    def begin(cls, machine: Machine) -> Process:
        life = cls(machine, next(machine.lives))
        life._wire, life.began = machine.wire(), asyncio.get_running_loop().time()
        life.task = begin_as(BOT, life._live(), f"marginbot {life.number}")
        return life

    @property
    def up(self) -> bool:
        """Whether its watch is at work."""
        return self.daemon is not None and not self.task.done() and not self.stop.is_set()

    @property
    def numbers(self) -> Numbers:
        """What /metrics would show."""
        assert self.daemon is not None
        assert self.outside is not None
        assert self.outside.alerts is not None
        return Numbers(self.daemon, self.outside.tally, self.outside.alerts)

    async def end(self) -> list[str]:
        """SIGTERM. Returns what it left behind, which should be nothing."""
        self.stop.set()
        done, _ = await asyncio.wait((self.task,), timeout=STOPS_WITHIN_S)
        if not done:
            await self._die()
            return [f"it had not ended {STOPS_WITHIN_S:.0f} s after SIGTERM"]
        for _ in range(10):
            await asyncio.sleep(0)
        left = [task.get_name() for task in _loop().bots]
        await self._die()
        return left

    async def kill(self) -> None:
        """kill -9: from now on it sends nothing and writes nothing, whatever its code does while it unwinds."""
        self._wire.cut = True
        if self._journal is not None:
            engine = self._journal.file.engine
            self._journal.file.use(create_engine("sqlite:////nowhere/at/all"))
            engine.dispose()
        await self._die()

    def reload(self) -> None:
        """SIGHUP. Raises: ConfigError, and the policy in force stays."""
        assert self.daemon is not None
        self.daemon.reload(policy_of(self._settings()))

    async def _die(self) -> None:
        while tasks := _loop().bots:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _settings(self) -> Any:
        return load_settings({"policy.file": ("policy.file", str(self.machine.policy)), "metrics.listen": ("listen", "off")})

    async def _live(self) -> None:
        try:
            await self._watch()
        except MarginbotError as trouble:
            self.trouble = trouble

    async def _watch(self) -> None:
        machine, settings, ids = self.machine, self._settings(), itertools.count(1)
        with closing(machine.disk.journal()) as journal:
            self._journal = journal
            async with open_exchange(
                rest_url=IN_PROCESS_URL, api_key=PAPER_API_KEY, signer=HmacSigner(PAPER_API_SECRET), clock=machine.clock,
                ban_store=journal, venue="paper", transport=self._wire,
            ) as exchange:  # fmt: skip
                app = App(
                    settings, "paper", exchange, journal, machine.clock, machine.locks,
                    Streams(SOCKETS, f"{SOCKETS}/ws-api/v3", machine.sockets), self.stop, machine.random.random,
                    lambda: f"mb-life{self.number}-{next(ids)}",
                )  # fmt: skip
                await self._guard(app)

    async def _guard(self, app: App) -> None:
        outside = Outside(app.settings, (self.machine.place,), systemd=None)

        def hear(symbol: Symbol, event: Event) -> None:
            self.machine.hear(symbol, event)
            outside.hear(symbol, event)

        async with open_guard(app, hear, act_now=self.number == 1) as daemon:
            outside.join(daemon, self.stop)
            self.daemon, self.outside = daemon, outside
            await daemon.run()


def _loop() -> SoakLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SoakLoop)
    return loop
