"""Streams without a socket: a scripted connection in virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Literal

from websockets.exceptions import ConnectionClosedError

from marginbot.engine.daemon.health import Health
from marginbot.exchange.streams.market import PART, MarketStream
from tests.exchange.streams.stage import BTC, Told
from tests.virtual_time import VirtualClock

Answers = Callable[[dict[str, Any]], dict[str, Any] | None]


class FakeSocket:
    """A connection in virtual time. Says yes to every request unless `answers` knows better; `break_off` ends it."""

    def __init__(self, answers: Answers = lambda request: None) -> None:
        self.asked: list[dict[str, Any]] = []
        self.closed = False
        self._answers = answers
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue()

    def say(self, **frame: Any) -> None:
        self._frames.put_nowait(json.dumps(frame).encode())

    def break_off(self) -> None:
        self._frames.put_nowait(None)

    async def recv(self, decode: Literal[False]) -> bytes:
        frame = await self._frames.get()
        if frame is None:
            raise ConnectionClosedError(None, None)
        return frame

    async def send(self, message: str) -> None:
        request = json.loads(message)
        self.asked.append(request)
        self.say(**({"id": request["id"]} | (self._answers(request) or {"result": None})))

    async def close(self) -> None:
        self.closed = True


class FakeDial:
    """Hands out fake connections, one a call; `down`: what it raises instead."""

    def __init__(self, answers: Answers = lambda request: None) -> None:
        self.sockets: list[FakeSocket] = []
        self.at: list[float] = []
        self.down: BaseException | None = None
        self._answers = answers

    async def __call__(self, url: str) -> FakeSocket:
        self.at.append(asyncio.get_running_loop().time())
        if self.down is not None:
            raise self.down
        self.sockets.append(FakeSocket(self._answers))
        return self.sockets[-1]


class Scene:
    """A market stream on fake connections, following BTCUSDT."""

    def __init__(self, dial: FakeDial, jitter: float = 0.0) -> None:
        self.dial, self.told, self.clock = dial, Told(), VirtualClock()
        self.health = Health(self.clock)
        self.stream = MarketStream("ws://x", self.told, self.health, self.clock, lambda: jitter, dial)
        self.stream.follow(frozenset({BTC}))

    async def keep_talking(self) -> None:
        """Every connection says something each 5 s, for ever."""
        while True:
            for socket in self.dial.sockets:
                socket.say(e="avgPrice", s=BTC)
            await asyncio.sleep(5)

    def trouble(self) -> str:
        return self.health.troubles().get(PART, "")
