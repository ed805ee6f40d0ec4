"""/sapi reference data of margin: pairs, assets, index prices, schedules, rates."""

from __future__ import annotations

from marginbot.paper.api.endpoint import Caller, Endpoint, Handler, Security, WeightKind
from marginbot.paper.api.params import Params, flag
from marginbot.paper.books.cross_bars import bars
from marginbot.paper.books.listing import TRADING, Delisting
from marginbot.paper.books.market import Market
from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.world import World

FIRST_PAIR_ID = 351_637_150_141_315_861
MOST_ASSETS = 20


def isolated_pairs(world: World, caller: Caller, params: Params) -> object:
    """Pairs that have isolated accounts."""
    return [_pair(world, market) for market in _chosen(world, params) if market.listing.isolated]


def cross_pairs(world: World, caller: Caller, params: Params) -> object:
    """Pairs of the cross account, with ids beyond what a float can hold."""
    numbers = {symbol: FIRST_PAIR_ID + number for number, symbol in enumerate(world.markets)}
    markets = [market for market in _chosen(world, params) if world.takes_cross(market.listing)]
    return [{"id": numbers[market.listing.symbol], **_pair(world, market)} for market in markets]


def margin_assets(world: World, caller: Caller, params: Params) -> object:
    """Loan terms of one asset or of all."""
    terms = [world.terms(params["asset"])] if "asset" in params else list(world.assets.values())
    return [
        {
            "assetName": one.asset,
            "assetFullName": one.full_name,
            "isBorrowable": one.borrowable,
            "isMortgageable": one.cross,
            "userMinBorrow": world.text(one.min_borrow),
            "userMinRepay": world.text(one.min_repay),
            **_delist_time([notice for notice in world.delistings if one.asset in notice.cross_assets]),
        }
        for one in terms
    ]


def price_index(world: World, caller: Caller, params: Params) -> object:
    """The margin index of one pair; -3028 where there is none."""
    market = world.market(params["symbol"])
    if not market.listing.margin:
        raise refuse(-3028)
    return {"calcTime": world.now_ms, "price": world.text(market.index), "symbol": market.listing.symbol}


def delist_schedule(world: World, caller: Caller, params: Params) -> object:
    return [
        {
            "delistTime": notice.time_ms,
            "crossMarginAssets": list(notice.cross_assets),
            "isolatedMarginSymbols": list(notice.isolated_symbols),
        }
        for notice in world.delistings
        if (notice.cross_assets or notice.isolated_symbols) and not notice.settled
    ]


def limit_price_pairs(world: World, caller: Caller, params: Params) -> object:
    listed = [symbol for symbol, market in world.markets.items() if world.takes_cross(market.listing)]
    return {"crossMarginSymbols": listed if world.config.limit_price_band else []}


def next_hourly_rate(world: World, caller: Caller, params: Params) -> object:
    """The rate of the coming hour for up to 20 assets, comma separated."""
    flag(params, "isIsolated")
    assets = params["assets"].split(",")
    if len(assets) > MOST_ASSETS:
        raise refuse(-1130, name="assets")
    rates = {asset: world.terms(asset).hourly_rate for asset in assets}
    return [{"asset": asset, "nextHourlyInterestRate": world.text(rate)} for asset, rate in rates.items()]


def trade_coefficients(world: World, caller: Caller, params: Params) -> object:
    """Levels of the cross account at its leverage: borrowing, margin call, liquidation."""
    found = bars(world, world.account(caller.uid).cross_leverage)
    return {
        "normalBar": world.text(found.initial),
        "marginCallBar": world.text(found.margin_call),
        "forceLiquidationBar": world.text(found.liquidation),
    }


def _chosen(world: World, params: Params) -> list[Market]:
    return [world.market(params["symbol"])] if "symbol" in params else list(world.markets.values())


def _pair(world: World, market: Market) -> dict[str, object]:
    listing, trades = market.listing, market.status == TRADING
    return {
        "base": listing.base,
        "quote": listing.quote,
        "symbol": listing.symbol,
        "isMarginTrade": True,
        "isBuyAllowed": trades,
        "isSellAllowed": trades,
        **_delist_time([notice for notice in world.delistings if listing.symbol in notice.isolated_symbols]),
    }


def _delist_time(notices: list[Delisting]) -> dict[str, int]:
    """In seconds here, while the delist schedule has milliseconds."""
    return {"delistTime": min(notice.time_ms for notice in notices) // 1000} if notices else {}


def _endpoint(
    path: str,
    weight: int,
    handler: Handler,
    required: tuple[str, ...] = (),
    optional: tuple[str, ...] = (),
    security: Security = Security.KEY,
) -> Endpoint:
    full = f"/sapi/v1/margin/{path}"
    return Endpoint("GET", full, security, weight, WeightKind.SAPI_IP, handler, required, optional)


ENDPOINTS = (
    _endpoint("isolated/allPairs", 10, isolated_pairs, optional=("symbol",)),
    _endpoint("allPairs", 1, cross_pairs, optional=("symbol",)),
    _endpoint("allAssets", 1, margin_assets, optional=("asset",)),
    _endpoint("priceIndex", 10, price_index, ("symbol",)),
    _endpoint("delist-schedule", 100, delist_schedule),
    _endpoint("limit-price-pairs", 1, limit_price_pairs),
    _endpoint("next-hourly-interest-rate", 100, next_hourly_rate, ("assets", "isIsolated"), security=Security.SIGNED),
    _endpoint("tradeCoeff", 10, trade_coefficients, security=Security.SIGNED),
)
