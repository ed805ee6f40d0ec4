"""One pair's market: a price that follows a path, a margin index apart from it, and a book with depth around it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from marginbot.paper.books.amounts import BPS, ONE, ZERO, ceil_step, floor_step, half_up8
from marginbot.paper.books.codec import DERIVED
from marginbot.paper.books.listing import TRADING, Listing

SECOND = 1000


@dataclass(slots=True)
class Path:
    """Prices at running times in ms, straight lines between them; before the first and after the last it is calm."""

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

    @property
    def ends_at(self) -> int:
        return self.times[-1]


@dataclass(slots=True)
class PriceRange:
    """Takers trade within `reference` times these multipliers of their side; without a reference there is no rule.

    BUY orders go by the `bid` pair, SELL orders by the `ask` pair. Source: GET /api/v3/executionRules, referencePrice.
    """

    bid_up: Decimal
    bid_down: Decimal
    ask_up: Decimal
    ask_down: Decimal
    reference: Decimal | None = None

    def allows(self, side: str, price: Decimal) -> bool:
        """Whether a taker of `side` may trade at `price`."""
        if self.reference is None:
            return True
        down, up = (self.bid_down, self.bid_up) if side == "BUY" else (self.ask_down, self.ask_up)
        return self.reference * down <= price <= self.reference * up


@dataclass(slots=True)
class Market:
    """Prices in quote per base. The book has `levels` levels a side, each of `level_quantity` base, `gap_bps` apart.

    `empty` names sides without any level (`bids`, `asks`). `index_bps` sets the margin index off the price; `index_path`
    replaces that by a path of its own. `taken` is what fills took from each level; all of it comes back `refill_ms` after
    the last fill.
    """

    listing: Listing
    path: Path
    level_quantity: Decimal
    levels: int = 100
    half_spread_bps: Decimal = ONE
    gap_bps: Decimal = ONE
    index_bps: Decimal = ZERO
    index_path: Path | None = None
    status: str = TRADING
    empty: list[str] = field(default_factory=list)
    price_range: PriceRange | None = None
    update_id: int = 1
    taken: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    taken_at: int = 0
    mid: Decimal = field(default=ZERO, compare=False, metadata=DERIVED)
    index: Decimal = field(default=ZERO, compare=False, metadata=DERIVED)

    def __post_init__(self) -> None:
        self.set_to(0)

    def set_to(self, running_ms: int) -> None:
        """Put price and index where they are at `running_ms`, without counting it as a change."""
        self.mid = half_up8(self.path.at(running_ms))
        source = self.index_path
        self.index = half_up8(source.at(running_ms) if source else self.mid * (ONE + self.index_bps * BPS))

    def move(self, running_ms: int) -> bool:
        """Bring price and index to `running_ms`; tells whether either changed."""
        before = self.mid, self.index
        self.set_to(running_ms)
        if before == (self.mid, self.index):
            return False
        self.update_id += 1
        return True

    @property
    def last(self) -> Decimal:
        """The last traded price: the mid price on the tick."""
        return floor_step(self.mid, self.listing.tick)

    @property
    def moves_until(self) -> int:
        """The running time in ms after which neither price nor index moves by itself."""
        return max(self.path.ends_at, self.index_path.ends_at if self.index_path else 0)

    def best(self, side: str) -> Decimal:
        """The price an order of `side` meets first: the best ask for a BUY, the best bid for a SELL."""
        spread = self.mid * self.half_spread_bps * BPS
        if side == "BUY":
            return ceil_step(self.mid + spread, self.listing.tick)
        return floor_step(self.mid - spread, self.listing.tick)

    def crosses(self, side: str, price: Decimal) -> bool:
        """Whether an order of `side` at `price` would trade at once."""
        if self.is_empty(side):
            return False
        return price >= self.best(side) if side == "BUY" else price <= self.best(side)

    def is_empty(self, side: str) -> bool:
        """Whether an order of `side` would meet nobody."""
        return ("asks" if side == "BUY" else "bids") in self.empty

    def may_take(self, side: str, price: Decimal) -> bool:
        """Whether the price-range rule lets a taker of `side` trade at `price`."""
        return self.price_range is None or self.price_range.allows(side, price)

    def depth(self, side: str) -> Iterator[tuple[int, Decimal, Decimal]]:
        """What an order of `side` meets, best first: (level, price, quantity still there)."""
        if self.is_empty(side):
            return
        tick, price = self.listing.tick, self.best(side)
        gap = max(tick, floor_step(self.mid * self.gap_bps * BPS, tick))
        taken = self.taken.get(side, {})
        for level in range(self.levels):
            if price <= 0:
                return
            left = self.level_quantity - taken[str(level)] if taken and str(level) in taken else self.level_quantity
            if left > 0:
                yield level, price, left
            price = price + gap if side == "BUY" else price - gap

    def take(self, side: str, level: int, quantity: Decimal, running_ms: int) -> None:
        """An order of `side` took `quantity` base from `level`."""
        levels = self.taken.setdefault(side, {})
        levels[str(level)] = levels.get(str(level), ZERO) + quantity
        self.taken_at = running_ms
        self.update_id += 1

    def refill(self, running_ms: int, refill_ms: int) -> bool:
        """Give back what was taken once `refill_ms` have passed since; tells whether it did."""
        if not self.taken or running_ms - self.taken_at < refill_ms:
            return False
        self.taken = {}
        self.update_id += 1
        return True
