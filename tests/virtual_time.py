"""Virtual time: an event loop whose clock jumps to the next timer, so that hours pass in milliseconds and nothing sleeps."""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

START = datetime(2026, 3, 4, 12, 20, 0, tzinfo=UTC)


class _JumpingSelector(selectors.SelectSelector):
    """Instead of waiting for the next timer, moves the loop's clock to it. Waiting for nothing at all is a deadlock."""

    loop: VirtualTimeLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if ready:
            return ready
        if timeout is None:
            raise RuntimeError("every task waits and no timer is set: the test would hang")
        self.loop.virtual_now += timeout
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`time()` starts at 0 and moves only when every task waits."""

    def __init__(self) -> None:
        self.virtual_now = 0.0
        selector = _JumpingSelector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.virtual_now


class VirtualClock:
    """The Clock port over the running virtual loop; `START` plus what has passed, plus jumps of the wall clock."""

    def __init__(self, start: datetime = START) -> None:
        self.start = start
        self._start_ms = round(start.timestamp() * 1000)
        self.wall_jump = timedelta()

    def now(self) -> datetime:
        return self.start + (self.wall_jump + timedelta(seconds=self.monotonic()))

    def now_ms(self) -> int:
        return self._start_ms + round((self.wall_jump.total_seconds() + self.monotonic()) * 1000)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float) -> asyncio.Timeout:
        return asyncio.timeout(seconds)


def in_virtual_time(test: Callable[..., Coroutine[Any, Any, T]]) -> Callable[..., T]:
    """Run an async test on a virtual loop; fixtures work as usual."""

    @functools.wraps(test)
    def inside(*args: Any, **kwargs: Any) -> T:
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            return runner.run(test(*args, **kwargs))

    return inside
