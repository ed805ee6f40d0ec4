"""A soak: the whole daemon for hours of virtual time, troubles from a seed, and truths that are held against it all the while."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal as D
from pathlib import Path
from typing import Any

from marginbot.paper.books.actions import ACTIONS
from marginbot.paper.books.amounts import precise
from marginbot.paper.embedded import exchange_of
from marginbot.paper.exchange import Exchange
from marginbot.paper.streams.hub import Hub
from marginbot.paper.transport import FaultTransport
from tests.soak import scene
from tests.soak.doings import DOINGS
from tests.soak.lines import Lines
from tests.soak.memory import Memory, flat, measured
from tests.soak.process import Disk, Machine, Process
from tests.soak.states import States
from tests.soak.stories import Stories
from tests.soak.time import SoakLoop, exchange_ms, jobs_go_by
from tests.soak.troubles import TROUBLES, Trouble
from tests.soak.weather import Weather
from tests.soak.wires import Sockets, Wire
from tests.virtual_time import VirtualClock

LOOK_EVERY_S, LATENCY_MS = 2.0, 20
CALM_AT_THE_END_S = 1500.0
MOST_AT_ONCE = 4
JUST_BEFORE_S = 4.0
"""So long before a minute ends its figures are taken."""
EVERY_S, RESTARTS_EVERY_S, CALM_S = 200.0, 4500.0, 1200.0
STARTS_AGAIN_S = (1.0, 4.0, 15.0)
MOST_JOURNAL_MIB = 8.0
WARM_AFTER = 0.2
"""Of the whole time: then caches are full, and what grows from there on would grow for ever."""


@dataclass
class Violation:
    """A truth that did not hold, and when (hours of the soak)."""

    truth: str
    hours: float
    seen: str
    times: int = 1


@dataclass
class Soak:
    """One run. pace: how many times as much happens as in a day's run. lots: decides everything that is left to chance.

    alone: whether nothing else happens in this process, so that its memory is the soak's.
    """

    seed: int
    hours: float
    directory: Path
    pace: float = 1.0
    alone: bool = True
    lots: random.Random = field(init=False)
    weather: Weather = field(init=False)
    violations: dict[str, Violation] = field(default_factory=dict)
    events: Counter[str] = field(default_factory=Counter)
    restarts: Counter[str] = field(default_factory=Counter)
    refused_reloads: int = 0
    life: Process | None = None
    started: Memory | None = None
    warm: Memory | None = None
    ended: Memory | None = None
    cpu_s: float = 0.0
    wall_s: float = 0.0
    held: Counter[str] = field(default_factory=Counter)
    _calm: asyncio.Event = field(default_factory=asyncio.Event)
    _busy: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.lots = random.Random(self.seed)  # noqa: S311
        self.weather = Weather(lambda: asyncio.get_running_loop().time())

    def run(self) -> None:
        """From the first morning to the report's figures. Raises nothing for what is found."""
        cpu, wall = time.process_time(), time.monotonic()
        with asyncio.Runner(loop_factory=SoakLoop) as runner:
            runner.run(self._run())
        self.cpu_s, self.wall_s = time.process_time() - cpu, time.monotonic() - wall

    def require(self, truth: str, holds: bool, seen: str) -> None:
        """A truth was held against something."""
        self.held[truth] += 1
        if holds:
            return
        known = self.violations.get(truth)
        if known is not None:
            known.times += 1
        else:
            self.violations[truth] = Violation(truth, self.weather.now() / 3600, seen)

    def exchange_ms(self) -> int:
        """The exchange's clock."""
        return exchange_ms() + self.paper.skipped_ms

    async def sleep(self, seconds: float) -> None:
        """For whoever makes trouble: when the calm of the end begins, every trouble is over at once."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._calm.wait()

    def do(self, action: str, **values: Any) -> None:
        """Something happens in the exchange's world. Raises: Refusal."""
        precise(ACTIONS[action])(self.world, **values)

    async def _run(self) -> None:
        clock = VirtualClock()
        self.world = scene.begin(self.seed, exchange_ms())
        self.paper: Exchange = exchange_of(self.world, exchange_ms)
        self.money = self.world.totals()
        self.transport = FaultTransport(self.paper, sleep=clock.sleep, latency_ms=LATENCY_MS)
        self.lines = Lines(self.require, self.exchange_ms)
        now, muted = self.weather.now, lambda: self.weather.since(frozenset({"mute"})) < 300
        self.stories = Stories(self.require, self.world, now, muted)
        self.states = States(self, self.require, self.weather)
        self.machine = self._machine(clock)
        beating = asyncio.create_task(self.machine.sockets.beat(clock.sleep))
        with jobs_go_by(clock):
            await self._live()
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    def _machine(self, clock: VirtualClock) -> Machine:
        policy = self.directory / "policy.toml"
        policy.write_text(scene.POLICIES[0])
        return Machine(
            clock, Disk(self.directory), policy, self.directory, Sockets(Hub(self.paper)),
            lambda: Wire(self.transport, self.lines.seen, self.lines.answered), self.stories.hear, self.lots,
        )  # fmt: skip

    async def _live(self) -> None:
        self._start()
        directing = [asyncio.create_task(work) for work in (self._direct(), self._restart(), self._owner())]
        await self._watch_until(self.hours * 3600 - min(CALM_AT_THE_END_S, self.hours * 900))
        for task in directing:
            task.cancel()
        await asyncio.gather(*directing, return_exceptions=True)
        self._calm.set()
        await asyncio.gather(*self._busy, return_exceptions=True)
        await self._watch_until(self.hours * 3600)
        self.ended = measured()
        await self._stop()
        self._in_the_end()

    async def _watch_until(self, end: float) -> None:
        while (now := self.weather.now()) < end:
            await asyncio.sleep(LOOK_EVERY_S)
            self.states.look(self.life, self.weather.now() - now)
            self._read_messages()
            if (now + JUST_BEFORE_S) // 60 != (self.weather.now() + JUST_BEFORE_S) // 60:
                self.states.look_closely(self.life)
                self.transport.log.clear()
                self._measure()
                self.calm_faults()
            if self.life is not None and self.life.task.done():
                await self._start_again("gave up", self.lots.choice(STARTS_AGAIN_S))

    def _measure(self) -> None:
        if self.started is None and self.weather.now() > 300:
            self.started = measured()
        if self.warm is None and self.weather.now() > self.hours * 3600 * WARM_AFTER:
            self.warm = measured()

    def calm_faults(self) -> None:
        """Faults nobody is in the middle of are forgotten."""
        if not any(spell.lasts for spell in self.weather.spells):
            self.paper.faults.clear()

    def _read_messages(self) -> None:
        if self.life is not None:
            self.stories.read(self.life.number, self.machine.place.messages)

    def _start(self) -> None:
        self.life = Process.begin(self.machine)

    async def _start_again(self, how: str, rest: float) -> None:
        """The process is over; systemd waits a moment and starts another."""
        life, self.life = self.life, None
        assert life is not None
        self._read_messages()
        self.stories.forget(life.number, journal_lost=self.machine.disk.full)
        self.restarts[how] += 1
        with self.weather.spell("down"):
            await asyncio.sleep(rest)
            self._start()
            await asyncio.sleep(3)

    async def _stop(self) -> None:
        life = self.life
        assert life is not None
        left = await life.end()
        self.stories.read(life.number, self.machine.place.messages)
        self.require("no task is left behind", not left, ", ".join(left))

    async def _restart(self) -> None:
        while True:
            await asyncio.sleep(self.lots.expovariate(self.pace / RESTARTS_EVERY_S))
            if self.life is None or not self.life.up:
                continue
            if self.lots.random() < 0.5:
                await self.life.kill()
                await self._start_again("kill -9", self.lots.choice((0.5, 2.0, 30.0)))
            else:
                await self._stop()
                await self._start_again("SIGTERM", self.lots.choice(STARTS_AGAIN_S))

    async def _owner(self) -> None:
        """Whoever owns the account opens anew what was brought home."""
        while True:
            await asyncio.sleep(self.lots.uniform(600, 1800) / self.pace)
            for symbol in scene.GUARDED:
                scene.lever_up(self.world, symbol)
                brought = scene.reopen(self.world, symbol)
                if brought is not None:
                    self.money["USDT"] = self.money.get("USDT", D(0)) + brought

    async def _direct(self) -> None:
        kinds = {**TROUBLES, **DOINGS}
        weights = [weight for _, weight in kinds.values()]
        while True:
            await asyncio.sleep(self.lots.expovariate(self.pace / EVERY_S))
            (name,) = self.lots.choices(list(kinds), weights)
            going_on = {task.get_name() for task in self._busy}
            if name not in going_on and len(going_on) < MOST_AT_ONCE:
                self.events[name] += 1
                self._begin(name, kinds[name][0])
            if self.lots.random() < 0.12:
                await asyncio.sleep(CALM_S / self.pace)  # now and then nothing happens, and everything must be green

    def _begin(self, name: str, trouble: Trouble) -> None:
        async def happens() -> None:
            await trouble(self)

        task = asyncio.create_task(happens(), name=name)
        self._busy.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._busy.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.require("the soak itself works", False, repr(error))

    def _in_the_end(self) -> None:
        assert self.started is not None
        assert self.warm is not None
        assert self.ended is not None
        for truth, holds, seen in flat(self.warm, self.ended, of_the_process=self.alone):
            self.require(truth, holds, seen)
        journal = self.machine.disk.file.stat().st_size / 2**20
        self.require("the journal stays small", journal < MOST_JOURNAL_MIB, f"{journal:.1f} MiB")
