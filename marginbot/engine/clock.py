"""The real clock, the only place that asks the machine for the time; and how to rest by any clock."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from marginbot.engine.ports import Clock


class SystemClock:
    """Time of this machine, satisfying the Clock port."""

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait without blocking others."""
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float) -> asyncio.Timeout:
        """A bound around a block: TimeoutError when it takes longer."""
        return asyncio.timeout(seconds)


async def rest(clock: Clock, stop: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until `stop` is set."""
    try:
        async with clock.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
