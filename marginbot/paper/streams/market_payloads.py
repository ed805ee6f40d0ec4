"""The payloads of the market streams, read off the world as it is now. Keys as the exchange names them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from marginbot.paper.books.amounts import ZERO
from marginbot.paper.books.market import Market
from marginbot.paper.books.world import World

MINUTE, DAY = 60_000, 86_400_000
Payload = dict[str, object]


@dataclass(frozen=True, slots=True)
class Print:
    """One line of the tape. `first`: id of its trade; buyer_made: the buyer was the maker."""

    number: int
    first: int
    price: Decimal
    quantity: Decimal
    time_ms: int
    buyer_made: bool


def book_ticker(world: World, market: Market) -> Payload:
    """The best bid and ask; an empty side shows zeros."""
    payload: Payload = {"u": market.update_id, "s": market.listing.symbol}
    for price, quantity, taker in (("b", "B", "SELL"), ("a", "A", "BUY")):
        best = next(iter(market.depth(taker)), (0, ZERO, ZERO))
        payload[price], payload[quantity] = world.text(best[1]), world.text(best[2])
    return payload


def agg_trade(world: World, market: Market, line: Print) -> Payload:
    return {
        "e": "aggTrade",
        "E": world.now_ms,
        "s": market.listing.symbol,
        "a": line.number,
        "p": world.text(line.price),
        "q": world.text(line.quantity),
        "f": line.first,
        "l": line.first,
        "T": line.time_ms,
        "m": line.buyer_made,
        "M": True,
    }


def kline(world: World, market: Market, open_ms: int) -> Payload:
    """The candle of the minute that began at `open_ms`, closed or not. As over REST, nobody but the customer trades: 0."""
    end_ms = open_ms + MINUTE - 1
    prices = market.between(open_ms - world.epoch_ms, min(end_ms, world.now_ms) - world.epoch_ms)
    text, nothing = world.text, world.text(ZERO)
    candle: Payload = {
        "t": open_ms, "T": end_ms, "s": market.listing.symbol, "i": "1m", "f": -1, "L": -1,
        "o": text(prices[0]), "c": text(prices[-1]), "h": text(max(prices)), "l": text(min(prices)),
        "v": nothing, "n": 0, "x": world.now_ms > end_ms, "q": nothing, "V": nothing, "Q": nothing, "B": "0",
    }  # fmt: skip
    return {"e": "kline", "E": world.now_ms, "s": market.listing.symbol, "k": candle}


def mini_ticker(world: World, market: Market) -> Payload:
    """The last 24 hours."""
    running = world.running_ms
    prices, text, nothing = [*market.between(running - DAY, running), market.last], world.text, world.text(ZERO)
    return {
        "e": "24hrMiniTicker", "E": world.now_ms, "s": market.listing.symbol, "c": text(market.last), "o": text(prices[0]),
        "h": text(max(prices)), "l": text(min(prices)), "v": nothing, "q": nothing,
    }  # fmt: skip


def average_price(world: World, market: Market) -> Payload:
    """What GET /api/v3/avgPrice says."""
    symbol, now = market.listing.symbol, world.now_ms
    return {"e": "avgPrice", "E": now, "s": symbol, "i": "5m", "w": world.text(market.mid), "T": now}
