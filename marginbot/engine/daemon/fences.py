"""The fence check: two comparisons a tick. Floats are enough here: a tick only causes a look, and the look decides."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from decimal import Decimal

from marginbot.domain.amounts import Symbol
from marginbot.domain.margin import Fence

ANYWHERE = (-math.inf, math.inf)


class Fences:
    """By symbol: the bid at or below which, and the ask at or above which somebody must look; and the last tick of each.

    calm: see `TickSink`.
    """

    def __init__(self, crossed: Callable[[Symbol], None], calm: asyncio.Event) -> None:
        self.calm = calm
        self._crossed = crossed
        self._marks: dict[str, tuple[float, float]] = {}
        self._last: dict[str, tuple[float, float]] = {}
        self.ticks = 0

    def tick(self, symbol: str, bid: float, ask: float) -> None:
        """Best bid and ask of a pair's book, as the stream told them."""
        self.ticks += 1
        self._last[symbol] = (bid, ask)
        low, high = self._marks.get(symbol, ANYWHERE)
        if bid <= low or ask >= high:
            self._crossed(Symbol(symbol))

    def put(self, symbol: Symbol, fence: Fence) -> None:
        """From now on this is the pair's fence, in prices of the exchange's own book."""
        low = -math.inf if fence.below is None else float(fence.below)
        high = math.inf if fence.above is None else float(fence.above)
        self._marks[symbol] = (low, high)

    def lift(self, symbol: Symbol) -> None:
        """Ticks of this pair cause nothing until a new fence is put."""
        self._marks.pop(symbol, None)

    def mid(self, symbol: Symbol) -> Decimal | None:
        """Half-way between the last bid and ask; None when the stream never told them."""
        last = self._last.get(symbol)
        return None if last is None else (Decimal(str(last[0])) + Decimal(str(last[1]))) / 2
