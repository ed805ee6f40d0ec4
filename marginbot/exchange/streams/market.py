"""Best bid and ask of the pairs that are followed, as they change."""

from __future__ import annotations

import asyncio
from typing import Final

from marginbot.domain.amounts import Symbol
from marginbot.exchange.messages import to_ms
from marginbot.exchange.ports import Clock
from marginbot.exchange.streams.market_session import PULSE, MarketSession
from marginbot.exchange.streams.pace import Attempts, Backoff
from marginbot.exchange.streams.ports import Dial, Health, Jitter, TickSink
from marginbot.exchange.streams.sockets import TROUBLE, dial, fault_of
from marginbot.exchange.streams.upkeep import Upkeep, life

PART: Final = "market stream"
SILENCE_S: Final = 10.0
"""So long may nothing at all be heard while a pair is followed; then health says so. See `PULSE`."""


class MarketStream:
    """Tells `sink` every tick of the pairs followed. Connected only while there are any.

    url: `wss://HOST:PORT`, checked by `check_socket_url`.
    """

    def __init__(self, url: str, sink: TickSink, health: Health, clock: Clock, jitter: Jitter, dial: Dial = dial) -> None:
        self._url = f"{url}/ws/{PULSE}"
        self._sink = sink
        self._health = health
        self._clock = clock
        self._jitter = jitter
        self._dial = dial
        self._attempts = Attempts(clock)
        self._wanted: frozenset[Symbol] = frozenset()
        self._sessions: set[MarketSession] = set()
        self._some, self._enough, self._ended = asyncio.Event(), asyncio.Event(), False

    def follow(self, symbols: frozenset[Symbol]) -> None:
        """From now on these pairs and no others."""
        if symbols == self._wanted or self._ended:
            return
        self._wanted = symbols
        for session in self._sessions:
            session.changed.set()
        starts, ends = (self._some, self._enough) if symbols else (self._enough, self._some)
        starts.set()
        ends.clear()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set. Raises nothing for a reason of the exchange."""
        watching = asyncio.create_task(self._end_with(stop))
        upkeep = Upkeep(PART, self._begin, self._health, self._clock, self._attempts, Backoff(self._jitter), self._now_ms)
        try:
            while not stop.is_set():
                await self._some.wait()
                self._health.expect(PART, SILENCE_S)
                try:
                    await upkeep.run(self._enough)
                finally:
                    self._health.forget(PART)
        finally:
            watching.cancel()

    async def _end_with(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._ended = True
        self._some.set()
        self._enough.set()

    async def _begin(self) -> MarketSession:
        """A connection on which everything is subscribed. Raises: ExchangeError."""
        try:
            socket = await self._dial(self._url)
        except TROUBLE as error:
            raise fault_of(error, self._now_ms) from error
        session = MarketSession(socket, self._clock, self._now_ms, self._sink, lambda: self._wanted)
        self._sessions = {one for one in self._sessions if not one.over.is_set()} | {session}
        try:
            session.start(session.listen())
            await session.subscribe()
        except BaseException:
            await session.close()
            raise
        session.start(
            session.keep_subscribed(), session.attend(lambda: self._health.well(PART)), session.wear_out(life(self._jitter))
        )
        return session

    def _now_ms(self) -> int:
        return to_ms(self._clock.now())
