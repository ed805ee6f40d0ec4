"""One loan action at a time for the whole account, 100 ms apart: the exchange refuses them closer together.

The most endangered pair goes first; of equally endangered ones who came first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Final, TypeVar

from marginbot.engine.patience import DeadlineReached, Interrupted, Patience
from marginbot.engine.ports import Clock
from marginbot.errors import RequestRejected

T = TypeVar("T")

APART = 0.1
LOAN_PENDING = -3007
WAITS = (0.2, 0.4, 0.8, 1.6, 3.2, 6.0)
SAFE: Final = Decimal("Infinity")

Place = tuple[Decimal, int]
"""How safe the pair is (see `margin.safety`), and a number that grows."""


@dataclass(slots=True)
class LoanQueue:
    """Shared by everything that repays for one account."""

    clock: Clock
    _waiting: list[Place] = field(default_factory=list)
    _at_work: Place | None = None
    _free_at: float = 0.0
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: count[int] = field(default_factory=count)

    async def turn(self, action: Callable[[], Awaitable[T]], patience: Patience, safety: Decimal = SAFE) -> T:
        """Run a loan action when it is its turn; a refusal with -3007 (another is pending) waits 0.2 ... 6 s and goes again,
        unless a more endangered pair came meanwhile. Nobody goes during that wait: the exchange would refuse them as well.

        Raises whatever the action raises, and the last -3007 when it never became free, or not before the deadline or a signal.
        """
        place = safety, next(self._numbers)
        for wait in (*WAITS, None):
            await self._begin(place)
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
                self._end()
        raise AssertionError("unreachable: the last wait re-raises")

    async def _begin(self, place: Place) -> None:
        """Wait until nobody is at work, nobody before us waits, and the last action is long enough ago."""
        heappush(self._waiting, place)
        try:
            while True:
                rest = self._free_at - self.clock.monotonic()
                first = self._at_work is None and self._waiting[0] == place
                if first and rest <= 0:
                    self._at_work = heappop(self._waiting)
                    return
                await (self.clock.sleep(rest) if first else self._moved.wait())
        except BaseException:
            self._waiting.remove(place)
            heapify(self._waiting)
            self._stir()
            raise

    def _end(self) -> None:
        self._free_at = self.clock.monotonic() + APART
        self._at_work = None
        self._stir()

    def _stir(self) -> None:
        """Everybody looks again whether it is their turn."""
        self._moved.set()
        self._moved = asyncio.Event()
