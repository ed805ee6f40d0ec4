"""/api/v3 without a key: time, rules of the symbols, depth and prices."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import islice

from marginbot.paper.api.endpoint import Caller, Endpoint, Handler, Security, WeightKind
from marginbot.paper.api.order_limits import order_limits
from marginbot.paper.api.params import Params, choice, json_symbols, limit
from marginbot.paper.books.listing import ORDER_TYPES, TRADING, exchange_info_filters
from marginbot.paper.books.market import Market
from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.world import World

STP_MODES = ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT", "TRANSFER"]
STATUSES = frozenset({TRADING, "HALT", "BREAK", "END_OF_DAY", "CANCEL_ONLY"})
RATE_LIMITS = (
    ("REQUEST_WEIGHT", "MINUTE", 1, 6000),
    ("RAW_REQUESTS", "MINUTE", 5, 300_000),
)


def ping(world: World, caller: Caller, params: Params) -> object:
    return {}


def server_time(world: World, caller: Caller, params: Params) -> object:
    return {"serverTime": world.now_ms}


def exchange_info(world: World, caller: Caller, params: Params) -> object:
    """Rules of one symbol, of several, or of all."""
    if ("symbol" in params) + ("symbols" in params) + ("permissions" in params) > 1:
        raise refuse(-1128)
    markets = _chosen(world, params)
    if "symbolStatus" in params:
        status = choice(params, "symbolStatus", STATUSES, TRADING)
        markets = [market for market in markets if market.status == status]
    show_permissions = params.get("showPermissionSets", "true") != "false"
    return {
        "timezone": "UTC",
        "serverTime": world.now_ms,
        "rateLimits": _rate_limits(world),
        "exchangeFilters": [],
        "symbols": [_symbol(market, show_permissions) for market in markets],
    }


def depth(world: World, caller: Caller, params: Params) -> object:
    """The book as it stands: `bids` and `asks` of [price, quantity], best first."""
    market, levels = world.market(params["symbol"]), limit(params, 100, 5000)
    market.refill(world.running_ms, world.config.refill_ms)

    quantity = cache(world.text)  # most levels offer the same

    def side(taker: str) -> list[list[str]]:
        return [[world.text(price), quantity(left)] for _, price, left in islice(market.depth(taker), levels)]

    return {"lastUpdateId": market.update_id, "bids": side("SELL"), "asks": side("BUY")}


def ticker_price(world: World, caller: Caller, params: Params) -> object:
    return _one_or_many(params, [_price(world, market) for market in _chosen(world, params)])


def book_ticker(world: World, caller: Caller, params: Params) -> object:
    return _one_or_many(params, [_best(world, market) for market in _chosen(world, params)])


def average_price(world: World, caller: Caller, params: Params) -> object:
    market = world.market(params["symbol"])
    return {"mins": 5, "price": world.text(market.mid), "closeTime": world.now_ms}


def _rate_limits(world: World) -> list[dict[str, object]]:
    """What is published, whatever the switches of the shell say; the limits of orders are the world's own."""
    first, *rest = RATE_LIMITS
    rows = (first, *(("ORDERS", *limit) for limit in order_limits(world)), *rest)
    return [
        {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": most}
        for kind, interval, number, most in rows
    ]


def _chosen(world: World, params: Params) -> list[Market]:
    if "symbol" in params:
        return [world.market(params["symbol"])]
    symbols = json_symbols(params)
    return list(world.markets.values()) if symbols is None else [world.market(symbol) for symbol in symbols]


def _one_or_many(params: Params, rows: list[dict[str, object]]) -> object:
    return rows[0] if "symbol" in params else rows


def _price(world: World, market: Market) -> dict[str, object]:
    return {"symbol": market.listing.symbol, "price": world.text(market.last)}


def _best(world: World, market: Market) -> dict[str, object]:
    market.refill(world.running_ms, world.config.refill_ms)
    row: dict[str, object] = {"symbol": market.listing.symbol}
    for name, taker in (("bid", "SELL"), ("ask", "BUY")):
        best = next(iter(market.depth(taker)), None)
        row[f"{name}Price"] = world.text(best[1]) if best else "0"
        row[f"{name}Qty"] = world.text(best[2]) if best else "0"
    return row


def _symbol(market: Market, show_permissions: bool) -> dict[str, object]:
    listing = market.listing
    permissions = [["SPOT", "MARGIN"] if listing.margin else ["SPOT"]]
    return {
        "symbol": listing.symbol,
        "status": market.status,
        "baseAsset": listing.base,
        "baseAssetPrecision": 8,
        "quoteAsset": listing.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": list(ORDER_TYPES),
        "icebergAllowed": True,
        "ocoAllowed": True,
        "otoAllowed": True,
        "opoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": False,
        "amendAllowed": False,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": listing.margin,
        "filters": exchange_info_filters(listing),
        "permissions": [],
        "permissionSets": permissions if show_permissions else [],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": STP_MODES,
    }


def depth_weight(params: Params) -> int:
    """5 to 100 levels, 25 to 500, 50 to 1000, 250 above; a bad limit is refused by the handler, not here."""
    text = params.get("limit", "100")
    levels = int(text) if text.isdecimal() and len(text) <= 18 else 100
    return next((weight for most, weight in ((100, 5), (500, 25), (1000, 50)) if levels <= most), 250)


def ticker_weight(params: Params) -> int:
    return 2 if "symbol" in params else 4


def _endpoint(
    path: str,
    weight: int | Callable[[Params], int],
    handler: Handler,
    required: tuple[str, ...] = (),
    optional: tuple[str, ...] = (),
) -> Endpoint:
    full = f"/api/v3/{path}"
    return Endpoint("GET", full, Security.NONE, weight, WeightKind.API, handler, required, optional, needs=())


_TICKER = ("symbol", "symbols", "symbolStatus")
_INFO = ("symbol", "symbols", "permissions", "showPermissionSets", "symbolStatus")

ENDPOINTS = (
    _endpoint("ping", 1, ping),
    _endpoint("time", 1, server_time),
    _endpoint("exchangeInfo", 20, exchange_info, optional=_INFO),
    _endpoint("depth", depth_weight, depth, ("symbol",), ("limit", "symbolStatus")),
    _endpoint("ticker/price", ticker_weight, ticker_price, optional=_TICKER),
    _endpoint("ticker/bookTicker", ticker_weight, book_ticker, optional=_TICKER),
    _endpoint("avgPrice", 2, average_price, ("symbol",)),
)
