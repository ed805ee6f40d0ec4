"""Account events of the pairs that are followed. Each causes a look; what an event says is never believed."""

from __future__ import annotations

import asyncio
from typing import Final

from marginbot.domain.amounts import Symbol
from marginbot.exchange.ports import Clock
from marginbot.exchange.streams.pace import Attempts, Backoff
from marginbot.exchange.streams.ports import ChangeSink, Dial, Health, Jitter, ListenTokens
from marginbot.exchange.streams.sockets import TROUBLE, dial, fault_of
from marginbot.exchange.streams.upkeep import Upkeep, life
from marginbot.exchange.streams.user_session import UserSession
from marginbot.exchange.streams.waits import first_of

_QUIET: Final = "returnRateLimits=false"


def part(symbol: Symbol) -> str:
    """The name under which health knows the stream of one pair."""
    return f"user stream {symbol}"


class UserStreams:
    """One connection for each pair followed: whether one may serve several accounts is documented nowhere.

    url: `wss://HOST:PORT/ws-api/v3`, checked by `check_socket_url`.
    """

    def __init__(
        self, url: str, tokens: ListenTokens, sink: ChangeSink, health: Health, clock: Clock, jitter: Jitter, dial: Dial = dial
    ) -> None:
        self._url = f"{url}?{_QUIET}"
        self._tokens = tokens
        self._sink = sink
        self._health = health
        self._clock = clock
        self._jitter = jitter
        self._dial = dial
        self._attempts = Attempts(clock)
        self._wanted: frozenset[Symbol] = frozenset()
        self._changed = asyncio.Event()
        self._pairs: dict[Symbol, tuple[asyncio.Event, asyncio.Task[None]]] = {}

    def follow(self, symbols: frozenset[Symbol]) -> None:
        """From now on these pairs and no others."""
        if symbols != self._wanted:
            self._wanted = symbols
            self._changed.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set. Raises nothing for a reason of the exchange."""
        try:
            while not stop.is_set():
                self._changed.clear()
                self._begin_and_end()
                await first_of(stop, self._changed)
                self._raise_defects()
        finally:
            await self._end_all()

    def _begin_and_end(self) -> None:
        for symbol in self._pairs.keys() - self._wanted:
            self._pairs[symbol][0].set()
        for symbol in sorted(self._wanted - self._pairs.keys()):
            enough = asyncio.Event()
            task = asyncio.create_task(self._serve(symbol, enough), name=part(symbol))
            task.add_done_callback(lambda _: self._changed.set())
            self._pairs[symbol] = (enough, task)

    def _raise_defects(self) -> None:
        """Forget the pairs that are done; what one of them raised is raised here."""
        for symbol, (_, task) in list(self._pairs.items()):
            if task.done():
                del self._pairs[symbol]
                task.result()

    async def _serve(self, symbol: Symbol, enough: asyncio.Event) -> None:
        self._health.expect(part(symbol))
        try:
            await Upkeep(
                part=part(symbol),
                begin=lambda: self._begin(symbol),
                health=self._health,
                clock=self._clock,
                attempts=self._attempts,
                backoff=Backoff(self._jitter),
                now_ms=self._tokens.server_now_ms,
            ).run(enough)
        finally:
            self._health.forget(part(symbol))

    async def _begin(self, symbol: Symbol) -> UserSession:
        """A connection that hears the pair. Raises: ExchangeError."""
        now_ms = self._tokens.server_now_ms
        try:
            socket = await self._dial(self._url)
        except TROUBLE as error:
            raise fault_of(error, now_ms) from error
        session = UserSession(socket, self._clock, self._tokens, symbol, lambda: self._sink.changed(symbol))
        try:
            session.start(session.listen())
            await session.subscribe()
        except BaseException:
            await session.close()
            raise
        session.start(session.keep_subscribed(), session.wear_out(life(self._jitter)))
        self._health.well(part(symbol))
        return session

    async def _end_all(self) -> None:
        for enough, _ in self._pairs.values():
            enough.set()
        tasks = [task for _, task in self._pairs.values()]
        self._pairs.clear()
        await asyncio.gather(*tasks, return_exceptions=True)
