"""One loan action at a time for the whole account, 100 ms apart: the exchange refuses them closer together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from marginbot.engine.patience import DeadlineReached, Interrupted, Patience
from marginbot.engine.ports import Clock
from marginbot.errors import RequestRejected

T = TypeVar("T")

APART = 0.1
LOAN_PENDING = -3007
WAITS = (0.2, 0.4, 0.8, 1.6, 3.2, 6.0)


@dataclass(slots=True)
class LoanQueue:
    """Shared by everything that repays for one account."""

    clock: Clock
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _free_at: float = 0.0

    async def turn(self, action: Callable[[], Awaitable[T]], patience: Patience) -> T:
        """Run a loan action when it is its turn; a refusal with -3007 (another is pending) waits 0.2 ... 6 s and goes again.

        Raises whatever the action raises, and the last -3007 when it never became free, or not before the deadline or a signal.
        """
        async with self._lock:
            for wait in (*WAITS, None):
                await self.clock.sleep(max(0.0, self._free_at - self.clock.monotonic()))
                try:
                    return await action()
                except RequestRejected as refused:
                    if refused.code != LOAN_PENDING or wait is None or wait >= patience.left:
                        raise
                    try:
                        await patience.pause(wait)
                    except (DeadlineReached, Interrupted):
                        raise refused from None
                finally:
                    self._free_at = self.clock.monotonic() + APART
            raise AssertionError("unreachable: the last wait re-raises")
