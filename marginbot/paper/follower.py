"""A world whose prices, rules and books are another exchange's: asked for on demand, never older than a second."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from marginbot.paper.books.actions import STATUSES, set_status
from marginbot.paper.books.listing import Listing
from marginbot.paper.books.market import Path
from marginbot.paper.books.market_drive import INDEX_SECONDS
from marginbot.paper.errors import PaperError
from marginbot.paper.exchange import Exchange
from marginbot.paper.shown import Elsewhere, Quote, read_book, read_quotes, read_rules

Ask = Callable[[str, Mapping[str, str]], Awaitable[Any]]
"""Path and parameters of a public GET of the other exchange -> its answer, decoded. What it raises goes through."""

FRESH_S: Final = 1.0
RULES_FRESH_S: Final = 3600.0
ORDER_LEVELS: Final = 500
TICKERS: Final = "/api/v3/ticker/bookTicker"
GONE: Final = "BREAK"
"""The status of a pair that the other exchange lists no more."""
_TIMELESS: Final = frozenset({"/api/v3/ping", "/api/v3/time"})
_DEPTH: Final = "/api/v3/depth"
_MEMORY_MS: Final = INDEX_SECONDS * 1000


async def survey(ask: Ask, ours: Mapping[str, Listing]) -> Elsewhere:
    """Which of our pairs the other exchange lists, and how. Raises: PaperError when it lists none of them."""
    everywhere = read_quotes(await ask(TICKERS, {}))
    known = [symbol for symbol in ours if symbol in everywhere]
    if not known:
        raise PaperError("the other exchange lists none of the pairs that are known here")
    listings, statuses = read_rules(await ask("/api/v3/exchangeInfo", {"symbols": _list(known)}), ours)
    return Elsewhere(listings, statuses, {symbol: everywhere[symbol] for symbol in known if symbol in listings})


@dataclass(slots=True)
class _Seen:
    """Points (market time in ms, price) of the last seconds, and when the last of them was last seen to hold."""

    points: list[tuple[int, Decimal]]
    held_at: int


class Follower:
    """Sets the markets of one exchange to what another one shows.

    Its first prices in a process stand alone: what was seen before the world slept says nothing about now. After that the
    margin index is the mean of the last seconds, as for every market. seconds: a monotonic clock.
    """

    def __init__(self, exchange: Exchange, ask: Ask, seconds: Callable[[], float]) -> None:
        self.exchange = exchange
        self._ask = ask
        self._seconds = seconds
        self._seen: dict[str, _Seen] = {}
        self._known: list[str] = []
        self._rules_at = self._prices_at = -math.inf
        self._failure: Exception | None = None
        self._failed = 0
        self._books: dict[str, tuple[float, int]] = {}
        self._asking = asyncio.Lock()
        self._asking_books: dict[str, asyncio.Lock] = {}

    async def before(self, method: str, path: str, params: Mapping[str, str]) -> None:
        """Whatever the answer to this request depends on is fresh afterwards. Raises: PaperError, and what `ask` raises."""
        if path in _TIMELESS:
            return
        await self.refresh()
        symbol = params.get("symbol", "")
        if symbol in self._known and (path == _DEPTH or (method == "POST" and "/order" in path)):
            limit = params.get("limit", "100")
            levels = int(limit) if path == _DEPTH and limit.isdecimal() and len(limit) < 5 else ORDER_LEVELS
            await self._refresh_book(symbol, min(max(levels, 1), 5000))

    async def refresh(self) -> None:
        """Prices no older than a second, rules no older than an hour; whoever waited for a failure shares it."""
        met = self._failed
        async with self._asking:
            if self._failed > met and self._failure is not None:
                raise self._failure
            try:
                if self._seconds() - self._rules_at >= RULES_FRESH_S:
                    await self._survey()
                elif self._seconds() - self._prices_at >= FRESH_S:
                    await self._reprice()
            except Exception as error:
                self._failure, self._failed = error, self._failed + 1
                self._rules_at = -math.inf  # a pair may have left the list: the next time all of it is read
                raise

    async def _survey(self) -> None:
        markets = self.exchange.world.markets
        elsewhere = await survey(self._ask, {symbol: market.listing for symbol, market in markets.items()})
        self.exchange.advance()
        for symbol, market in markets.items():
            status = elsewhere.statuses.get(symbol, GONE)
            if status != market.status:
                set_status(self.exchange.world, symbol, status if status in STATUSES else GONE)
            market.listing = elsewhere.listings.get(symbol, market.listing)
        self._known = list(elsewhere.quotes)
        self._show(elsewhere.quotes)
        self._rules_at = self._seconds()

    async def _reprice(self) -> None:
        self._show(read_quotes(await self._ask(TICKERS, {"symbols": _list(self._known)})))

    def _show(self, quotes: Mapping[str, Quote]) -> None:
        self.exchange.advance()
        for symbol in self._known:
            if symbol in quotes and quotes[symbol].is_whole:
                self._set_price(symbol, quotes[symbol].mid)
        self._prices_at = self._seconds()

    async def _refresh_book(self, symbol: str, levels: int) -> None:
        async with self._asking_books.setdefault(symbol, asyncio.Lock()):
            market = self.exchange.world.market(symbol)
            read_at, read_levels = self._books.get(symbol, (-math.inf, 0))
            fresh = self._seconds() - read_at < FRESH_S and read_levels >= levels
            if fresh and market.shown_book is not None:
                return
            book = read_book(await self._ask(_DEPTH, {"symbol": symbol, "limit": str(levels)}))
            self.exchange.advance()
            if book.bids and book.asks:
                self._set_price(symbol, Quote(book.bids[0][0], book.asks[0][0]).mid)
            market.show_book(book)
            self._books[symbol] = self._seconds(), levels

    def _set_price(self, symbol: str, price: Decimal) -> None:
        """Since the price was last seen to hold it has moved to this one; the index comes after it."""
        world = self.exchange.world
        now = world.market(symbol).pace.at(world.running_ms)
        seen = self._seen.get(symbol)
        if seen is None or now - seen.held_at > _MEMORY_MS:
            seen = self._seen[symbol] = _Seen([(now, price)], now)
        elif seen.points[-1][1] == price:
            seen.held_at = now
            return
        else:
            seen.points = _joined(seen, now, price)
            seen.held_at = now
        times, prices = zip(*seen.points, strict=True)
        world.set_course(symbol, Path(list(times), list(prices)), smoothing_s=INDEX_SECONDS)


def _joined(seen: _Seen, now: int, price: Decimal) -> list[tuple[int, Decimal]]:
    """The points of the last seconds and this one; no two of them at the same time."""
    points = [*seen.points, (seen.held_at, seen.points[-1][1]), (now, price)]
    latest = dict(points)  # of two at the same time the later counts
    first = max((time for time in latest if time <= now - _MEMORY_MS), default=min(latest))
    return sorted((time, value) for time, value in latest.items() if time >= first)


def _list(symbols: Iterable[str]) -> str:
    return json.dumps(list(symbols), separators=(",", ":"))
