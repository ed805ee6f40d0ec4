"""Streams over real sockets: the emulator's own server over loopback, a clock moved by hand, and who is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection
from websockets.protocol import State

from marginbot.domain.amounts import Symbol
from marginbot.engine.clock import SystemClock
from marginbot.exchange.streams.sockets import dial
from marginbot.paper.embedded import fresh_exchange
from marginbot.paper.exchange import Switches
from marginbot.paper.server import Ready, serving
from tests.no_tls import NO_TLS

BTC, ETH, SOL = Symbol("BTCUSDT"), Symbol("ETHUSDT"), Symbol("SOLUSDT")
PATIENCE_S = 10.0


class HandClock:
    """The machine's time, and as much more as a test lets pass: whoever has slept long enough then wakes at once."""

    def __init__(self) -> None:
        self._machine = SystemClock()
        self.passed = 0.0
        self._sleeping: list[tuple[float, asyncio.Event]] = []

    def let_pass(self, seconds: float) -> None:
        self.passed += seconds
        for until, awake in self._sleeping:
            if until <= self.monotonic():
                awake.set()

    @property
    def longest_sleep(self) -> float:
        """How many seconds the last to wake still sleeps."""
        return max((until - self.monotonic() for until, _ in self._sleeping), default=0.0)

    def sleep_of(self, most: float) -> float:
        """The longest of the sleeps that last no longer than `most`, in seconds from now."""
        return max((until - self.monotonic() for until, _ in self._sleeping if until - self.monotonic() <= most), default=0.0)

    def now(self) -> datetime:
        return self._machine.now() + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self._machine.monotonic() + self.passed

    async def sleep(self, seconds: float) -> None:
        entry = (self.monotonic() + seconds, asyncio.Event())
        self._sleeping.append(entry)
        try:
            await asyncio.wait_for(entry[1].wait(), seconds)
        except TimeoutError:
            return
        finally:
            self._sleeping.remove(entry)

    def timeout(self, seconds: float) -> asyncio.Timeout:
        return asyncio.timeout(seconds)


class Told:
    """What sinks were told, in order."""

    def __init__(self) -> None:
        self.ticks: asyncio.Queue[tuple[str, float, float]] = asyncio.Queue()
        self.changes: asyncio.Queue[str] = asyncio.Queue()
        self.calm = asyncio.Event()
        self.calm.set()

    def tick(self, symbol: str, bid: float, ask: float) -> None:
        self.ticks.put_nowait((symbol, bid, ask))

    def changed(self, symbol: str) -> None:
        self.changes.put_nowait(symbol)

    async def next_tick(self) -> tuple[str, float, float]:
        async with asyncio.timeout(PATIENCE_S):
            return await self.ticks.get()

    async def next_change(self) -> str:
        async with asyncio.timeout(PATIENCE_S):
            return await self.changes.get()

    async def the_tick(self, symbol: str, bid: float) -> None:
        """Wait for this one, whatever else comes before."""
        while (await self.next_tick())[:2] != (symbol, bid):
            pass


async def until(condition: Callable[[], bool]) -> None:
    """Let everybody else work until it is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in a server, which sets no event
            await asyncio.sleep(0.002)


class Shop:
    """The emulator, served, and the hand of whoever runs it."""

    def __init__(self, ready: Ready, exchange: Any, http: httpx.AsyncClient) -> None:
        self.ready = ready
        self.exchange = exchange
        self._http = http

    async def control(self, name: str, /, **body: Any) -> None:
        answer = await self._http.post(f"{self.ready['rest_url']}/paper/{name}", json=body)
        assert answer.status_code == 200, answer.text

    async def price(self, symbol: str, price: int) -> None:
        await self.control("price", symbol=symbol, price=str(price))

    async def both_pass(self, clock: HandClock, seconds: int) -> None:
        """Time goes on here and there."""
        await self.control("advance", ms=seconds * 1000)
        clock.let_pass(seconds)


class Line:
    """The real way to connect, keeping what it made; `when`: how many of those were still open at each call."""

    def __init__(self) -> None:
        self.made: list[ClientConnection] = []
        self.when: list[int] = []

    @property
    def open(self) -> list[ClientConnection]:
        return [one for one in self.made if one.state is State.OPEN]

    async def __call__(self, url: str) -> ClientConnection:
        self.when.append(len(self.open))
        self.made.append(await dial(url))
        return self.made[-1]


@asynccontextmanager
async def a_shop(switches: Switches | None = None, began_ms: int | None = None) -> AsyncIterator[Shop]:
    """With a long in BTCUSDT. began_ms: what its clock shows first, if not the time of this machine."""
    wall_ms = time.time_ns() // 1_000_000
    ahead = 0 if began_ms is None else began_ms - wall_ms
    exchange = fresh_exchange(lambda: time.time_ns() // 1_000_000 + ahead, "long", switches=switches)
    async with serving(exchange) as ready, httpx.AsyncClient(verify=NO_TLS, trust_env=False) as http:
        yield Shop(ready, exchange, http)


@asynccontextmanager
async def running(stream: Any) -> AsyncIterator[asyncio.Task[None]]:
    """The stream at work; it must end by itself, and soon, once it is told to stop."""
    stop = asyncio.Event()
    task = asyncio.create_task(stream.run(stop))
    try:
        yield task
    finally:
        stop.set()
        async with asyncio.timeout(PATIENCE_S):
            await task
