"""/api/v3 market data without a key beyond prices and depth: candles, the last day, execution rules."""

from __future__ import annotations

from decimal import Decimal

from marginbot.paper.api.endpoint import Caller, Endpoint, Security, WeightKind
from marginbot.paper.api.params import DAY, Params, choice, integer, json_symbols, limit
from marginbot.paper.books.amounts import ZERO
from marginbot.paper.books.market import Market
from marginbot.paper.books.refusal import Refusal, refuse
from marginbot.paper.books.world import World

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
INTERVALS = {
    "1s": SECOND, "1m": MINUTE, "3m": 3 * MINUTE, "5m": 5 * MINUTE, "15m": 15 * MINUTE, "30m": 30 * MINUTE,
    "1h": HOUR, "2h": 2 * HOUR, "4h": 4 * HOUR, "6h": 6 * HOUR, "8h": 8 * HOUR, "12h": 12 * HOUR,
    "1d": DAY, "3d": 3 * DAY, "1w": 7 * DAY, "1M": 30 * DAY,
}  # fmt: skip
MINI = ("symbol", "openPrice", "highPrice", "lowPrice", "lastPrice", "volume", "quoteVolume", "openTime", "closeTime")
MINI_REST = ("firstId", "lastId", "count")


def klines(world: World, caller: Caller, params: Params) -> object:
    """Candles of the price path, oldest first. Nobody but the customer trades here, so volumes are 0; a month has 30 days."""
    market, count = world.market(params["symbol"]), limit(params, 500, 1000)
    span = INTERVALS.get(params["interval"])
    if span is None:
        raise refuse(-1120)
    start, end = integer(params, "startTime"), integer(params, "endTime")
    end = world.now_ms if end is None else min(end, world.now_ms)
    last = end // span
    first = last - count + 1 if start is None else -(-start // span)
    return [_candle(world, market, number * span, span) for number in range(first, min(last, first + count - 1) + 1)]


def day_ticker(world: World, caller: Caller, params: Params) -> object:
    """The last 24 hours of one pair, of several, or of all."""
    form = choice(params, "type", frozenset({"FULL", "MINI"}), "FULL")
    symbols = json_symbols(params)
    if "symbol" in params:
        return _day(world, world.market(params["symbol"]), form)
    markets = list(world.markets.values()) if symbols is None else [world.market(symbol) for symbol in symbols]
    return [_day(world, market, form) for market in markets]


def execution_rules(world: World, caller: Caller, params: Params) -> object:
    """Price-range rules: of the pairs asked for, or of all that have one."""
    symbols = [params["symbol"]] if "symbol" in params else json_symbols(params)
    markets = [world.market(symbol) for symbol in symbols] if symbols else list(world.markets.values())
    rows = [{"symbol": market.listing.symbol, "rules": _rules(world, market)} for market in markets]
    return {"symbolRules": [row for row in rows if symbols or row["rules"]]}


def reference_price(world: World, caller: Caller, params: Params) -> object:
    """The price that execution rules count from; -2043 where there never was one."""
    market = world.market(params["symbol"])
    if market.price_range is None:
        raise refuse(-2043)
    price = market.price_range.reference
    shown = None if price is None else world.text(price)
    return {"symbol": market.listing.symbol, "referencePrice": shown, "timestamp": world.now_ms}


def reference_calculation(world: World, caller: Caller, params: Params) -> object:
    market = world.market(params["symbol"])
    if market.price_range is None:
        raise refuse(-2043)
    return {"symbol": market.listing.symbol, "calculationType": "EXTERNAL", "externalCalculationId": 0}


def _rules(world: World, market: Market) -> list[dict[str, object]]:
    rule = market.price_range
    if rule is None:
        return []
    limits = {
        "bidLimitMultUp": rule.bid_up,
        "bidLimitMultDown": rule.bid_down,
        "askLimitMultUp": rule.ask_up,
        "askLimitMultDown": rule.ask_down,
    }
    return [{"ruleType": "PRICE_RANGE", **{name: world.text(value) for name, value in limits.items()}}]


def _prices(world: World, market: Market, start_ms: int, end_ms: int) -> list[Decimal]:
    """Prices at both ends of a span of server time and the extremes between, on the tick."""
    return market.between(start_ms - world.epoch_ms, min(end_ms, world.now_ms) - world.epoch_ms)


def _candle(world: World, market: Market, open_ms: int, span: int) -> list[object]:
    prices, text, nothing = _prices(world, market, open_ms, open_ms + span - 1), world.text, world.text(ZERO)
    figures = [text(price) for price in (prices[0], max(prices), min(prices), prices[-1])]
    return [open_ms, *figures, nothing, open_ms + span - 1, nothing, 0, nothing, nothing, "0"]


def _day(world: World, market: Market, form: str) -> dict[str, object]:
    prices, text = _prices(world, market, world.now_ms - DAY, world.now_ms), world.text
    opened, last, nothing = prices[0], market.last, text(ZERO)
    change = last - opened
    best = {name: next(iter(market.depth(taker)), (0, ZERO, ZERO)) for name, taker in (("bid", "SELL"), ("ask", "BUY"))}
    row: dict[str, object] = {
        "symbol": market.listing.symbol,
        "priceChange": text(change),
        "priceChangePercent": text((change / opened * 100).quantize(Decimal("0.001"))),
        "weightedAvgPrice": text(last),
        "prevClosePrice": text(opened),
        "lastPrice": text(last),
        "lastQty": nothing,
        **{f"{name}Price": text(level[1]) for name, level in best.items()},
        **{f"{name}Qty": text(level[2]) for name, level in best.items()},
        "openPrice": text(opened),
        "highPrice": text(max(*prices, last)),
        "lowPrice": text(min(*prices, last)),
        "volume": nothing,
        "quoteVolume": nothing,
        "openTime": world.now_ms - DAY,
        "closeTime": world.now_ms,
        "firstId": -1,
        "lastId": -1,
        "count": 0,
    }
    return row if form == "FULL" else {name: row[name] for name in (*MINI, *MINI_REST)}


def day_weight(params: Params) -> int:
    """2 up to 20 pairs, 40 up to 100, 80 for more or all; bad ones are refused by the handler."""
    if "symbol" in params:
        return 2
    try:
        count = len(json_symbols(params) or range(101))
    except Refusal:
        return 80
    return 2 if count <= 20 else 40 if count <= 100 else 80


def rules_weight(params: Params) -> int:
    if "symbol" in params:
        return 2
    try:
        return min(40, 2 * len(json_symbols(params) or range(20)))
    except Refusal:
        return 40


_NONE, _API = Security.NONE, WeightKind.API
_KLINES = ("startTime", "endTime", "timeZone", "limit")
_MANY = ("symbol", "symbols", "symbolStatus")

ENDPOINTS = (
    Endpoint("GET", "/api/v3/klines", _NONE, 2, _API, klines, ("symbol", "interval"), _KLINES, ()),
    Endpoint("GET", "/api/v3/ticker/24hr", _NONE, day_weight, _API, day_ticker, (), (*_MANY, "type"), ()),
    Endpoint("GET", "/api/v3/executionRules", _NONE, rules_weight, _API, execution_rules, (), _MANY, ()),
    Endpoint("GET", "/api/v3/referencePrice", _NONE, 2, _API, reference_price, ("symbol",), (), ()),
    Endpoint(
        "GET", "/api/v3/referencePrice/calculation", _NONE, 2, _API, reference_calculation, ("symbol",), ("symbolStatus",), ()
    ),
)  # fmt: skip
