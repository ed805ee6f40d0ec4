"""What outlets need: time, and to be told when to end."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol


class Clock(Protocol):
    """`monotonic` in seconds."""

    def monotonic(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...
    def timeout(self, seconds: float) -> AbstractAsyncContextManager[Any]: ...


async def rest(clock: Clock, stop: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until `stop` is set."""
    try:
        async with clock.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
