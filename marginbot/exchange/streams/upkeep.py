"""Keeps a stream connected: again after a break, and anew before the exchange ends a connection for its age."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

import structlog

from marginbot.errors import ExchangeError, RateLimited
from marginbot.exchange.ports import Clock
from marginbot.exchange.streams.pace import Attempts, Backoff
from marginbot.exchange.streams.ports import Health, Jitter
from marginbot.exchange.streams.session import Session
from marginbot.exchange.streams.waits import first_of, unless

LIFE_S, LIFE_SPREAD_S = 23 * 3600.0, 1800.0
"""A connection is replaced between 23 and 23.5 hours of age; the exchange ends it at 24."""
LONGEST_PENANCE_S: Final = 3 * 86_400.0
"""The longest ban the exchange knows."""

log = structlog.get_logger(__name__)

AnySession = Session[Any]


def life(jitter: Jitter) -> float:
    """Seconds until a new connection should be replaced."""
    return LIFE_S + LIFE_SPREAD_S * jitter()


@dataclass(slots=True)
class Upkeep:
    """part: under which name health knows the stream. begin: opens a connection and everything on it; its ExchangeErrors are
    troubles of the stream, anything else is raised by `run`. now_ms: the clock that RateLimited goes by.
    """

    part: str
    begin: Callable[[], Coroutine[Any, Any, AnySession]]
    health: Health
    clock: Clock
    attempts: Attempts
    backoff: Backoff
    now_ms: Callable[[], int]

    async def run(self, enough: asyncio.Event) -> None:
        """Keep one connection until `enough` is set. Two live only while the new one takes over from the old one."""
        current: AnySession | None = None
        try:
            while not enough.is_set():
                fresh = await self._opened(enough, current)
                if fresh is not None:
                    current, former = fresh, current
                    if former is not None:
                        await former.close()
                    await first_of(enough, fresh.worn, fresh.over)
                if current is not None and current.over.is_set():
                    ended, current = current, None
                    await self._ended(ended, enough)
        finally:
            if current is not None:
                await current.close()

    async def _opened(self, enough: asyncio.Event, current: AnySession | None) -> AnySession | None:
        """A new connection; None once `enough` is set, or after a failure and the wait that follows it."""
        await self._rest(enough, self.attempts.take())
        try:
            return await unless(enough, self.begin())
        except ExchangeError as trouble:
            if current is None or current.over.is_set():
                self.health.ill(self.part, str(trouble))
            else:
                log.warning("a stream could not be renewed, the old connection still works", part=self.part, why=str(trouble))
            await self._rest(enough, self._wait_after(trouble))
            return None

    async def _ended(self, session: AnySession, enough: asyncio.Event) -> None:
        await session.close()
        if session.trouble is not None and not isinstance(session.trouble, ExchangeError):
            raise session.trouble
        self.health.ill(self.part, str(session.trouble))
        self.backoff.lived(self.clock.monotonic() - session.began)
        await self._rest(enough, self._wait_after(session.trouble))

    def _wait_after(self, trouble: BaseException | None) -> float:
        wait = self.backoff.next_wait()
        if isinstance(trouble, RateLimited):
            wait = max(wait, min(LONGEST_PENANCE_S, (trouble.until_ms - self.now_ms()) / 1000))
        return wait

    async def _rest(self, enough: asyncio.Event, seconds: float) -> None:
        if seconds > 0:
            await unless(enough, self.clock.sleep(seconds))
