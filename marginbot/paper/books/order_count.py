"""How many unfilled orders count against a customer, in the present 10 seconds and in the present day.

Source: Binance spot API docs, unfilled order count rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

TEN_SECONDS, DAY = 10_000, 86_400_000
BY_TAKER, BY_MAKER = 1, 5


@dataclass(slots=True)
class Window:
    """What counts in the `number`th span of `span_ms` since 1970, never less than nothing; the next span begins at 0."""

    span_ms: int
    number: int = 0
    counted: int = 0

    def count(self, now_ms: int) -> int:
        return self.counted if self.number == now_ms // self.span_ms else 0

    def change(self, now_ms: int, by: int) -> None:
        self.counted, self.number = max(0, self.count(now_ms) + by), now_ms // self.span_ms


@dataclass(slots=True)
class OrderCount:
    """Orders of one customer, whatever account, key or address they come by. Times are those of the server.

    Placing one adds one. Its first fill takes some off the windows of that moment, whenever it was placed; cancelling and
    expiring take nothing off.
    """

    recent: Window = field(default_factory=partial(Window, TEN_SECONDS))
    today: Window = field(default_factory=partial(Window, DAY))

    def placed(self, now_ms: int) -> None:
        self._change(now_ms, 1)

    def filled(self, now_ms: int, *, maker: bool) -> None:
        """An order has met its first fill."""
        self._change(now_ms, -(BY_MAKER if maker else BY_TAKER))

    def _change(self, now_ms: int, by: int) -> None:
        self.recent.change(now_ms, by)
        self.today.change(now_ms, by)
