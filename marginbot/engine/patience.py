"""Patience: asking again while a read fails or a limit lasts, inside the deadline, and stopping when told to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from marginbot.engine.ports import Clock, Exchange
from marginbot.errors import MarginbotError, NotSent, RateLimited, ReadFailed, RequestRejected

T = TypeVar("T")

FIRST_WAIT, LONGEST_WAIT = 0.25, 4.0
INVALID_TIMESTAMP = -1021


class Interrupted(MarginbotError):
    """A signal asked the run to end at a safe point."""


class DeadlineReached(MarginbotError):
    """The time the owner gave is over."""


@dataclass(slots=True)
class Patience:
    """The run's clock, deadline (monotonic seconds) and stop flag. `jitter` answers a number in [0, 1)."""

    clock: Clock
    exchange: Exchange
    deadline: float
    jitter: Callable[[], float]
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    answered: bool = False

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline - self.clock.monotonic()

    def extend(self, seconds: float) -> None:
        """From now on there are so many seconds."""
        self.deadline = self.clock.monotonic() + seconds

    def check(self) -> None:
        """A safe point. Raises Interrupted or DeadlineReached."""
        if self.stop.is_set():
            raise Interrupted("a signal asked to stop")
        if self.left <= 0:
            raise DeadlineReached("the deadline is reached")

    async def pause(self, seconds: float) -> None:
        """Sleep, but no longer than the deadline and not past a signal; ends at a safe point."""
        self.check()
        await self._unless_stopped(self.clock.sleep(max(0.0, min(seconds, self.left))))
        self.check()

    async def ask(self, question: Callable[[], Awaitable[T]]) -> T:
        """Repeat a read until it answers. Raises its last error when the deadline passes before it does."""
        wait, trouble = FIRST_WAIT, self._no_answer()
        while True:
            self.check()
            try:
                answer = await self._unless_stopped(question(), self.left)
            except (ReadFailed, NotSent, RequestRejected) as error:
                if not _may_pass(error):
                    raise
                trouble = error
                await self._pause_or(error, wait * (1 + self.jitter()))
                wait = min(wait * 2, LONGEST_WAIT)
            except RateLimited as limit:
                await self.sit_out(limit, wait)
                wait = min(wait * 2, LONGEST_WAIT)
            except TimeoutError:
                raise trouble from None
            else:
                self.answered = True
                return answer

    async def sit_out(self, limit: RateLimited, at_least: float = FIRST_WAIT) -> None:
        """Wait until a limit ends, `at_least` so many seconds; raises it when that is beyond the deadline."""
        seconds = (limit.until_ms - self.exchange.server_now_ms()) / 1000
        await self._pause_or(limit, max(seconds + 0.05, at_least))

    def _no_answer(self) -> MarginbotError:
        """What a read is told that the deadline cuts off: an exchange that never answered could not be reached."""
        if self.answered:
            return DeadlineReached("the deadline is reached")
        return ReadFailed("the exchange did not answer before the deadline")

    async def _pause_or(self, trouble: MarginbotError, seconds: float) -> None:
        """Wait and go on, or raise the trouble when the deadline comes first."""
        if seconds >= self.left:
            raise trouble
        try:
            await self.pause(seconds)
        except DeadlineReached:
            raise trouble from None

    async def _unless_stopped(self, work: Awaitable[T], within: float | None = None) -> T:
        """Raises: Interrupted on a signal, TimeoutError when it takes longer than `within` seconds."""
        bound = asyncio.timeout(within)
        try:
            async with bound:
                watcher = asyncio.create_task(_trip(self.stop, bound))
                try:
                    return await work
                finally:
                    watcher.cancel()
        except TimeoutError:
            if not (bound.expired() and self.stop.is_set()):
                raise
            raise Interrupted("a signal asked to stop") from None


def _may_pass(error: Exception) -> bool:
    """Of the refusals of a read only that of the timestamp may pass by itself: the clock is measured again each time."""
    return not isinstance(error, RequestRejected) or error.code == INVALID_TIMESTAMP


async def _trip(stop: asyncio.Event, bound: asyncio.Timeout) -> None:
    await stop.wait()
    bound.reschedule(asyncio.get_running_loop().time())
