"""A price by script: straight lines through given points, or no movement at all."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

SECOND = 1000


@dataclass(slots=True)
class Path:
    """Prices at running times in ms, straight lines between them; before the first and after the last it is calm."""

    step_ms: ClassVar[int] = 250

    times: list[int]
    prices: list[Decimal]

    @staticmethod
    def constant(price: Decimal) -> Path:
        return Path([0], [price])

    @staticmethod
    def through(points: list[tuple[int, str]], start_ms: int = 0) -> Path:
        """A script of (seconds, price) that begins at running time `start_ms`."""
        return Path([start_ms + seconds * SECOND for seconds, _ in points], [Decimal(price) for _, price in points])

    def at(self, running_ms: int) -> Decimal:
        after = bisect_right(self.times, running_ms)
        if after == 0:
            return self.prices[0]
        if after == len(self.times):
            return self.prices[-1]
        start, end = self.times[after - 1], self.times[after]
        low, high = self.prices[after - 1], self.prices[after]
        return low + (high - low) * (running_ms - start) / (end - start)

    def between(self, start_ms: int, end_ms: int) -> list[Decimal]:
        """The price at both ends of a span and at every bend between: no price of the span lies outside of these."""
        bends = self.prices[bisect_right(self.times, start_ms) : bisect_left(self.times, end_ms)]
        return [self.at(start_ms), *bends, self.at(end_ms)]

    @property
    def ends_at(self) -> int:
        return self.times[-1]
