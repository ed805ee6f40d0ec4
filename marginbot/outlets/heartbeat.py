"""A ping to a watching service, once a minute while looks succeed: it raises the alarm when this machine no longer can."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from marginbot.outlets.ports import Clock, rest

if TYPE_CHECKING:
    import httpx

EVERY: Final = 60.0
LOOK_EVERY: Final = 5.0
WITHIN: Final = 10.0


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """url: asked for by GET, a secret. alive: whether looks succeed. well, ill: told how the last ping went."""

    url: str
    clock: Clock
    alive: Callable[[], bool]
    well: Callable[[], None]
    ill: Callable[[str], None]
    transport: httpx.AsyncBaseTransport | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Ping until `stop` is set."""
        import httpx

        next_at = 0.0
        async with httpx.AsyncClient(timeout=WITHIN, trust_env=False, transport=self.transport) as client:
            while not stop.is_set():
                if self.alive() and self.clock.monotonic() >= next_at:
                    next_at = self.clock.monotonic() + EVERY
                    await self._ping(client)
                await rest(self.clock, stop, LOOK_EVERY)

    async def _ping(self, client: httpx.AsyncClient) -> None:
        """No message names the address."""
        import httpx

        try:
            async with self.clock.timeout(WITHIN):
                answer = await client.get(self.url)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            self.ill(f"the service could not be reached ({type(error).__name__})")
            return
        if not answer.is_success:  # a redirect leads to a page that nobody watches
            self.ill(f"the service answered with HTTP {answer.status_code}")
        else:
            self.well()
