"""A price that replays candles: inside a bar it goes from the open to one extreme, to the other, and to the close."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import ClassVar

from marginbot.paper.books.amounts import ONE, ZERO
from marginbot.paper.books.codec import DERIVED

SECOND, MINUTE = 1000, 60_000
LONG, SHORT = "long", "short"


@dataclass(slots=True)
class Candles:
    """`rows`: one candle a line, as `open_time_ms,open,high,low,close,volume`; a header and further columns are passed over.

    The first bar opens at market time `start_ms`. against: `long` goes to the low first, `short` to the high. In a bar
    whose first extreme is at least `vanish` (a ratio) off its open, the side of the book that is run over is empty on the
    way there. Bars that are missing are calm at the close before them.
    """

    step_ms: ClassVar[int] = SECOND

    rows: str
    start_ms: int = 0
    against: str = LONG
    vanish: Decimal | None = None
    bar_ms: int = field(default=MINUTE, metadata=DERIVED)
    times: list[int] = field(default_factory=list, repr=False, compare=False, metadata=DERIVED)
    corners: list[tuple[Decimal, ...]] = field(default_factory=list, repr=False, compare=False, metadata=DERIVED)
    volumes: list[Decimal] = field(default_factory=list, repr=False, compare=False, metadata=DERIVED)

    def __post_init__(self) -> None:
        if self.against not in (LONG, SHORT):
            raise ValueError(f"candles go against a long or a short, not {self.against!r}")
        lines = [line for line in self.rows.split() if line[:1].isdigit()]
        if not lines:
            raise ValueError("there are no candles")
        for line in lines:
            self._read(line)
        first = self.times[0]
        self.times = [time - first for time in self.times]
        self.bar_ms = min((late - early for early, late in pairwise(self.times)), default=MINUTE)
        if self.bar_ms < 4 * SECOND:
            raise ValueError("candles come in rising order, each of 4 seconds at least")

    def at(self, market_ms: int) -> Decimal:
        bar, into = self._place(market_ms)
        corners = self.corners[bar]
        if into >= self.bar_ms:
            return corners[3]
        third, into = self.bar_ms // 3, into - into % SECOND
        if into < third:
            return _line(corners[0], corners[1], into, third)
        if into < 2 * third:
            return _line(corners[1], corners[2], into - third, third)
        # The close is what the last second of the bar shows.
        return _line(corners[2], corners[3], into - 2 * third, self.bar_ms - SECOND - 2 * third)

    def between(self, start_ms: int, end_ms: int) -> list[Decimal]:
        """The price at both ends of a span and at every corner between."""
        found, third = [self.at(start_ms)], self.bar_ms // 3
        for bar in range(self._place(start_ms)[0], self._place(end_ms)[0] + 1):
            opened = self.start_ms + self.times[bar]
            moments = (opened, opened + third, opened + 2 * third, opened + self.bar_ms - SECOND)
            found += [price for moment, price in zip(moments, self.corners[bar], strict=True) if start_ms < moment < end_ms]
        return [*found, self.at(end_ms)]

    def offered(self, market_ms: int) -> Decimal:
        """Base that stands on each side of the book: what the bar traded in a second, a sixtieth of a minute's volume."""
        bar, _ = self._place(market_ms)
        return self.volumes[bar] * SECOND / self.bar_ms

    def gone(self, market_ms: int) -> str:
        """The side of the book that has vanished, `bids` or `asks`; empty when none has."""
        if self.vanish is None:
            return ""
        bar, into = self._place(market_ms)
        opened, extreme = self.corners[bar][:2]
        if into > self.bar_ms // 3 or abs(extreme / opened - ONE) < self.vanish:
            return ""
        return "bids" if extreme < opened else "asks"

    @property
    def ends_at(self) -> int:
        return self.start_ms + self.times[-1] + self.bar_ms

    def _place(self, market_ms: int) -> tuple[int, int]:
        """Which bar, and how far into it."""
        passed = max(market_ms - self.start_ms, 0)
        bar = bisect_right(self.times, passed) - 1
        return bar, passed - self.times[bar]

    def _read(self, line: str) -> None:
        try:
            time, *figures = line.split(",")[:6]
            opened, high, low, closed, volume = (Decimal(figure) for figure in figures)
            self.times.append(int(time))
            if not ZERO < low <= min(opened, closed) <= max(opened, closed) <= high or volume < 0:
                raise ValueError("low, open and close, high")
        except (ValueError, InvalidOperation) as problem:
            raise ValueError(f"this is no candle: {line[:100]!r}") from problem
        extremes = (low, high) if self.against == LONG else (high, low)
        self.corners.append((opened, *extremes, closed))
        self.volumes.append(volume)


def _line(start: Decimal, end: Decimal, into: int, length: int) -> Decimal:
    return start + (end - start) * into / length
