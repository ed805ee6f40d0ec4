"""What a run costs: how many requests, and how many of them had to wait for each other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Sequence
from contextvars import ContextVar, copy_context
from typing import Any, TypeVar

from marginbot.errors import RateLimited
from marginbot.exchange.ports import Clock

T = TypeVar("T")


class Meter:
    """Counts requests; `round_trips` is the longest causal chain: each request is one deeper than what came before it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._depth: ContextVar[int] = ContextVar("marginbot_depth", default=0)
        self._first_sent: float | None = None
        self._last_read = 0.0
        self._requests = 0
        self._round_trips = 0

    @property
    def requests(self) -> int:
        """Requests that left this machine."""
        return self._requests

    @property
    def round_trips(self) -> int:
        """The longest chain of requests that waited for each other."""
        return self._round_trips

    @property
    def elapsed_ms(self) -> int:
        """From the first byte sent to the last answer read, 0 before the first."""
        return 0 if self._first_sent is None else round((self._last_read - self._first_sent) * 1000)

    def count(self, sent_at: float) -> None:
        """One request is over, sent at this reading of the monotonic clock (seconds)."""
        self._requests += 1
        self._first_sent = sent_at if self._first_sent is None else min(self._first_sent, sent_at)
        self._last_read = max(self._last_read, self._clock.monotonic())
        depth = self._depth.get() + 1
        self._depth.set(depth)
        self._round_trips = max(self._round_trips, depth)

    async def together(self, calls: Sequence[Awaitable[T]]) -> list[T]:
        """Run calls side by side and wait for all; their depth is the deepest of them.

        Returns: results in the order of the calls. Raises: the first error in that order, a ban of the host before others.
        """
        contexts = [copy_context() for _ in calls]
        tasks = [asyncio.create_task(_coroutine(call), context=context) for call, context in zip(calls, contexts, strict=True)]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        self._depth.set(max((context.get(self._depth, 0) for context in contexts), default=self._depth.get()))
        errors = [result for result in results if isinstance(result, BaseException)]
        if errors:
            raise next((error for error in errors if isinstance(error, RateLimited) and error.scope == "host"), errors[0])
        return [result for result in results if not isinstance(result, BaseException)]


def _coroutine(call: Awaitable[T]) -> Coroutine[Any, Any, T]:
    """A coroutine goes into its task as it is: wrapped, it would be left unawaited by a cancellation before its first step."""
    return call if isinstance(call, Coroutine) else _awaited(call)


async def _awaited(call: Awaitable[T]) -> T:
    return await call
