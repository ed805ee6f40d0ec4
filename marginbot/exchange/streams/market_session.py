"""One connection to the market streams: ticks go to the sink in a tight loop, subscriptions follow what is wanted."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Final

import msgspec

from marginbot.domain.amounts import Symbol
from marginbot.errors import ReadFailed, RequestRejected
from marginbot.exchange.faults import tidy
from marginbot.exchange.ports import Clock
from marginbot.exchange.streams.ports import Socket, TickSink
from marginbot.exchange.streams.session import Session

PULSE: Final = "btcusdt@avgPrice"
"""Told every second whatever happens, so that a calm market and a dead stream can be told apart."""
MOST_PAIRS: Final = 1023
"""With the pulse as many streams as the exchange serves on one connection; of more pairs the last stay with polling."""
LOST_AFTER_S: Final = 30.0
"""A connection that was silent for so long is given up."""
_AT_ONCE: Final = 200
_APART_S: Final = 0.3
"""Between two messages of ours; the exchange takes five a second, pongs included, and ends the connection above that."""
_EVERY_S: Final = 1.0


class _Refusal(msgspec.Struct, gc=False):
    code: int
    msg: str = ""


class Told(msgspec.Struct, gc=False):
    """Any message of a market stream: a tick (`s`, `b`, `a`), another event, or an answer (`id`), refusals in both shapes."""

    s: str = ""
    b: float = 0.0
    a: float = 0.0
    e: str = ""
    id: int | str | None = None
    error: _Refusal | None = None
    code: int | None = None
    msg: str = ""


# Prices come as text; they are hints, and a float is what a fence compares.
decode: Final = msgspec.json.Decoder(Told, strict=False).decode


class MarketSession(Session[Told]):
    """sink: told symbol, bid and ask. wanted: the pairs that should be followed; set `changed` when they are others."""

    def __init__(
        self,
        socket: Socket,
        clock: Clock,
        now_ms: Callable[[], int],
        sink: TickSink,
        wanted: Callable[[], frozenset[Symbol]],
    ) -> None:
        super().__init__(socket, clock, now_ms)
        self.heard = False
        self.changed = asyncio.Event()
        self._sink = sink
        self._wanted = wanted
        self._followed: frozenset[Symbol] = frozenset()
        self._next_at = -math.inf

    async def listen(self) -> None:
        """Thousands of messages a second pass here: nothing is counted, logged or timed for each."""
        recv, tick, calm, read, endless = self.socket.recv, self._sink.tick, self._sink.calm, decode, math.inf
        while True:
            message = await recv(False)
            if not calm.is_set():
                await calm.wait()
            told = read(message)
            # Not so for an empty side of a book, which has no price.
            if 0.0 < told.b <= told.a < endless:
                tick(told.s, told.b, told.a)
                self.heard = True
            else:
                self._other(told)

    async def subscribe(self) -> None:
        """Make what is subscribed what is wanted. Raises: RequestRejected, ReadFailed when the exchange does not say yes."""
        wanted = frozenset(sorted(self._wanted())[:MOST_PAIRS])
        for method, symbols in (("UNSUBSCRIBE", self._followed - wanted), ("SUBSCRIBE", wanted - self._followed)):
            names = [f"{symbol.lower()}@bookTicker" for symbol in sorted(symbols)]
            for start in range(0, len(names), _AT_ONCE):
                await self._request(method, names[start : start + _AT_ONCE])
        self._followed = wanted

    async def keep_subscribed(self) -> None:
        """Follow what is wanted, whenever it changes."""
        while True:
            self.changed.clear()
            await self.subscribe()
            await self.changed.wait()

    async def attend(self, well: Callable[[], None]) -> None:
        """Say that all is well each second in which something was told. Raises: ReadFailed after a long silence."""
        heard_at = self.clock.monotonic()
        while True:
            await self.clock.sleep(_EVERY_S)
            now = self.clock.monotonic()
            if self.heard:
                self.heard, heard_at = False, now
                well()
            elif now - heard_at >= LOST_AFTER_S:
                raise ReadFailed(f"nothing was heard for {now - heard_at:.0f} s on an open connection")

    async def _request(self, method: str, names: list[str]) -> None:
        now = self.clock.monotonic()
        wait, self._next_at = self._next_at - now, max(now, self._next_at) + _APART_S
        if wait > 0:
            await self.clock.sleep(wait)
        answer = await self.ask(method, names)
        if (refusal := _refusal(answer)) is not None:
            raise refusal

    def _other(self, told: Told) -> None:
        """An answer, or an event that is no tick. Only those of the market prove that it is heard."""
        if isinstance(told.id, int):
            self.answered(told.id, told)
        elif (refusal := _refusal(told)) is not None:
            self.end(refusal)
        elif told.e == "serverShutdown":
            self.worn.set()
        else:
            self.heard = True


def _refusal(told: Told) -> RequestRejected | None:
    code, text = (told.error.code, told.error.msg) if told.error is not None else (told.code, told.msg)
    if code is None:
        return None
    return RequestRejected(f"the stream refused: {tidy(text)} (code {code})", code=code, http_status=400, text=tidy(text))
