"""What each market stream has to say at one moment, reckoned once for all connections."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial

from marginbot.paper.books.market import Market
from marginbot.paper.books.news import News, OrderNews
from marginbot.paper.books.world import World
from marginbot.paper.streams import market_payloads as payloads
from marginbot.paper.streams.market_payloads import MINUTE, Payload, Print
from marginbot.paper.streams.names import Stream, parse

SECOND = 1000


class Item:
    """Something to send. `number`: of one stream only those above the last one sent are new. Reckoned when first wanted."""

    __slots__ = ("_make", "_payload", "number")

    def __init__(self, number: int, make: Callable[[], Payload]) -> None:
        self.number = number
        self._make = make
        self._payload: Payload | None = None

    @property
    def payload(self) -> Payload:
        if self._payload is None:
            self._payload = self._make()
        return self._payload


class MarketFeed:
    """`items` says what a stream has to send now. The tape has the customers' trades, and the least lot whenever the price
    has moved, for in a world of one customer nobody else would ever print a trade.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._tape: dict[str, list[Print]] = {}
        self._printed: dict[str, int] = {}
        self._last: dict[str, Decimal] = {}
        self._items: dict[str, list[Item]] = {}

    def begin(self, news: Iterable[News], followed: Iterable[str]) -> None:
        """A new moment: `news` happened since the last one, and these streams are listened to."""
        self._items, self._tape = {}, {}
        for one in news:
            if isinstance(one, OrderNews) and one.trade is not None:
                trade = one.trade
                buyer_made = trade.is_buyer == trade.is_maker
                self._print(trade.symbol, trade.price, trade.quantity, trade.time, buyer_made, trade.trade_id)
        symbols = {parsed[0] for parsed in map(parse, followed) if parsed is not None and parsed[1] is Stream.AGG_TRADE}
        self._last = {symbol: last for symbol, last in self._last.items() if symbol in symbols}
        for symbol in symbols & self._world.markets.keys():
            self._print_move(self._world.markets[symbol])

    def items(self, name: str) -> list[Item]:
        """What the stream `name` has to say, oldest first; nothing for a stream that is not served."""
        found = self._items.get(name)
        if found is None:
            parsed = parse(name)
            market = None if parsed is None else self._world.markets.get(parsed[0])
            found = self._items[name] = [] if parsed is None or market is None else self._reckon(market, parsed[1])
        return found

    def _reckon(self, market: Market, stream: Stream) -> list[Item]:
        world = self._world
        second = world.now_ms // SECOND
        if stream is Stream.BOOK_TICKER:
            market.refill(world.running_ms, world.config.refill_ms)
            return [Item(market.update_id, partial(payloads.book_ticker, world, market))]
        if stream is Stream.AGG_TRADE:
            tape = self._tape.get(market.listing.symbol, ())
            return [Item(line.number, partial(payloads.agg_trade, world, market, line)) for line in tape]
        if stream is Stream.KLINE:
            opened = world.now_ms - world.now_ms % MINUTE
            # Twice the second: the minute before closes between its last second and the first of this one.
            closed = Item(2 * opened // SECOND - 1, partial(payloads.kline, world, market, opened - MINUTE))
            return [closed, Item(2 * second, partial(payloads.kline, world, market, opened))]
        if stream is Stream.MINI_TICKER:
            return [Item(second, partial(payloads.mini_ticker, world, market))]
        return [Item(second, partial(payloads.average_price, world, market))]

    def _print_move(self, market: Market) -> None:
        symbol, last = market.listing.symbol, market.last
        before = self._last.get(symbol, last)
        self._last[symbol] = last
        if before != last:
            self._print(symbol, last, market.listing.step, self._world.now_ms, last < before, None)

    def _print(
        self, symbol: str, price: Decimal, quantity: Decimal, time_ms: int, buyer_made: bool, trade_id: int | None
    ) -> None:
        number = self._printed[symbol] = self._printed.get(symbol, 0) + 1
        first = number if trade_id is None else trade_id
        self._tape.setdefault(symbol, []).append(Print(number, first, price, quantity, time_ms, buyer_made))
