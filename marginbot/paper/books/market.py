"""One pair's market: a price that follows a path, a margin index apart from it, and a book with depth around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from marginbot.paper.books.amounts import BPS, ONE, ZERO, ceil_step, floor_step, half_up8
from marginbot.paper.books.codec import DERIVED
from marginbot.paper.books.listing import TRADING, Listing
from marginbot.paper.books.market_book import ShownBook
from marginbot.paper.books.market_candles import Candles
from marginbot.paper.books.market_pace import NEVER, Pace
from marginbot.paper.books.market_path import Path
from marginbot.paper.books.market_walk import Walk

__all__ = ["Candles", "Course", "Market", "Path", "PriceRange", "Walk"]

SECOND = 1000
# The index is never further from the book than this.
INDEX_BAND = Decimal("0.05")

Course = Path | Walk | Candles


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

    The price follows `walk` or `candles` where there is one, else `path`, all of them in market time, which `pace` makes of
    running time. `empty` names sides without any level (`bids`, `asks`); under candles the bar's volume shapes the book.
    The margin index is the mean of the price over `smoothing_s` seconds, moved by `index_bps`; `index_path` replaces all
    of that. `taken` is what fills took from each level; all of it comes back `refill_ms` after the last fill. `shown_ms` is
    the market time whose price is shown, `next_ms` the next running time at which price or index may move. `shown_book`
    stands in the place of the levels until the price follows another course.
    """

    listing: Listing
    path: Path
    level_quantity: Decimal
    levels: int = 100
    half_spread_bps: Decimal = ONE
    gap_bps: Decimal = ONE
    index_bps: Decimal = ZERO
    index_path: Path | None = None
    walk: Walk | None = None
    candles: Candles | None = None
    pace: Pace = field(default_factory=Pace)
    smoothing_s: int = 0
    status: str = TRADING
    empty: list[str] = field(default_factory=list)
    price_range: PriceRange | None = None
    update_id: int = 1
    taken: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    taken_at: int = 0
    shown_ms: int = 0
    mid: Decimal = field(default=ZERO, compare=False, metadata=DERIVED)
    index: Decimal = field(default=ZERO, compare=False, metadata=DERIVED)
    next_ms: int = field(default=NEVER, compare=False, metadata=DERIVED)
    shown_levels: int | None = field(default=None, compare=False, metadata=DERIVED)
    gone: str = field(default="", compare=False, metadata=DERIVED)
    shown_book: ShownBook | None = field(default=None, repr=False, compare=False, metadata=DERIVED)
    samples: tuple[int, list[Decimal]] = field(default=(-1, []), repr=False, compare=False, metadata=DERIVED)

    def __post_init__(self) -> None:
        self.show_again(0)

    @property
    def course(self) -> Course:
        """What the price follows."""
        return self.candles or self.walk or self.path

    def follow(self, course: Course, index_path: Path | None = None, smoothing_s: int = 0) -> None:
        """Price and index follow these from the next move on; nothing of the course before stays."""
        self.path = course if isinstance(course, Path) else self.path
        self.walk = course if isinstance(course, Walk) else None
        self.candles = course if isinstance(course, Candles) else None
        self.index_path, self.smoothing_s = index_path, smoothing_s
        self.shown_levels, self.gone, self.samples = None, "", (-1, [])
        self.shown_book = None

    def show_book(self, book: ShownBook) -> None:
        """These levels are the book now, untouched."""
        self.shown_book, self.taken = book, {}
        self.update_id += 1

    def set_to(self, running_ms: int) -> None:
        """Put price and index where they are at `running_ms`, without counting it as a change."""
        self.shown_ms = self.pace.at(running_ms)
        self.show_again(running_ms)

    def show_again(self, running_ms: int) -> None:
        """Price and index as they were last shown: between two moves a world that was read back has them as before."""
        market_ms, course = self.shown_ms, self.course
        self.mid = half_up8(course.at(market_ms))
        if self.index_path is not None:
            self.index = half_up8(self.index_path.at(market_ms))
        else:
            base = self._mean(market_ms, course) if self.smoothing_s else self.mid
            self.index = half_up8(base * (ONE + self.index_bps * BPS))
        if self.candles is not None:
            self._shape(self.candles, market_ms)
        self.next_ms = self._next_move(running_ms, market_ms, course)

    def between(self, start_ms: int, end_ms: int) -> list[Decimal]:
        """The prices of a span of running time on the tick: the first, the last, and its extremes among the others."""
        prices = self.course.between(self.pace.at(start_ms), self.pace.at(end_ms))
        return [floor_step(half_up8(price), self.listing.tick) for price in prices]

    def _mean(self, market_ms: int, course: Course) -> Decimal:
        """The mean price of the last seconds, kept within the band around the present one."""
        second = market_ms // SECOND
        last, prices = self.samples
        if second != last or not prices:
            first = second - self.smoothing_s + 1
            if prices and first <= last < second:
                first = last + 1
            new = [course.at(moment * SECOND) for moment in range(first, second + 1)]
            prices = [*prices, *new][-self.smoothing_s :]
            self.samples = second, prices
        mean = sum(prices, ZERO) / len(prices)
        return min(max(mean, self.mid * (ONE - INDEX_BAND)), self.mid * (ONE + INDEX_BAND))

    def _shape(self, candles: Candles, market_ms: int) -> None:
        """Spread what the bar offers over the levels, over fewer of them when it is very little."""
        offered, step = candles.offered(market_ms), self.listing.step
        each = floor_step(offered / self.levels, step)
        self.shown_levels = None if each else int(offered / step)
        self.level_quantity = each or step
        self.gone = candles.gone(market_ms)

    def _next_move(self, running_ms: int, market_ms: int, course: Course) -> int:
        ends_at, step = course.ends_at + self.smoothing_s * SECOND, course.step_ms
        if self.index_path is not None:
            ends_at, step = max(ends_at, self.index_path.ends_at), min(step, self.index_path.step_ms)
        if market_ms >= ends_at:
            return NEVER
        return max(self.pace.reaches((market_ms // step + 1) * step), running_ms + 1)

    def move(self, running_ms: int) -> bool:
        """Bring price and index to `running_ms`; tells whether either changed."""
        before = self.mid, self.index, self.gone
        self.set_to(running_ms)
        if before == (self.mid, self.index, self.gone):
            return False
        self.update_id += 1
        return True

    @property
    def last(self) -> Decimal:
        """The last traded price: the mid price on the tick."""
        return floor_step(self.mid, self.listing.tick)

    def best(self, side: str) -> Decimal:
        """The price an order of `side` meets first: the best ask for a BUY, the best bid for a SELL."""
        if self.shown_book is not None and (levels := self.shown_book.met_by(side)):
            return levels[0][0]
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
        if self.shown_book is not None and not self.shown_book.met_by(side):
            return True
        met = "asks" if side == "BUY" else "bids"
        return met in self.empty or met == self.gone or self.shown_levels == 0

    def may_take(self, side: str, price: Decimal) -> bool:
        """Whether the price-range rule lets a taker of `side` trade at `price`."""
        return self.price_range is None or self.price_range.allows(side, price)

    def depth(self, side: str) -> Iterator[tuple[int, Decimal, Decimal]]:
        """What an order of `side` meets, best first: (level, price, quantity still there)."""
        if self.is_empty(side):
            return
        if self.shown_book is not None:
            yield from self.shown_book.left(side, self.taken.get(side, {}))
            return
        tick, price = self.listing.tick, self.best(side)
        gap = max(tick, floor_step(self.mid * self.gap_bps * BPS, tick))
        taken = self.taken.get(side, {})
        levels = self.levels if self.shown_levels is None else min(self.shown_levels, self.levels)
        for level in range(levels):
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
