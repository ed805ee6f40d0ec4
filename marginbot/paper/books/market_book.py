"""A book that somebody else showed: its levels as they were, less what fills took since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

Levels = tuple[tuple[Decimal, Decimal], ...]


@dataclass(frozen=True, slots=True)
class ShownBook:
    """(price, quantity in base) of each side, best first."""

    bids: Levels
    asks: Levels

    def met_by(self, side: str) -> Levels:
        """What an order of `side` meets."""
        return self.asks if side == "BUY" else self.bids

    def left(self, side: str, taken: Mapping[str, Decimal]) -> Iterator[tuple[int, Decimal, Decimal]]:
        """(level, price, quantity still there), best first. taken: by number of the level, as text."""
        for level, (price, quantity) in enumerate(self.met_by(side)):
            rest = quantity - taken.get(str(level), Decimal(0))
            if rest > 0:
                yield level, price, rest
