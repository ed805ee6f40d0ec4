"""What the exchange lists: a trading pair with its rules, and an asset with its loan terms."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from marginbot.paper.books.amounts import verbatim

TRADING = "TRADING"
ORDER_TYPES = (
    "LIMIT",
    "LIMIT_MAKER",
    "MARKET",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
)


@dataclass(frozen=True, slots=True)
class Listing:
    """One pair. Prices in `quote`, quantities in `base`; a step, minimum or maximum of 0 means there is no such rule.

    `leverage` is the pair's largest on isolated margin, 0 when it has no isolated accounts. `tier_base` and `tier_quote`
    are the debts the first tier allows. Decimals keep the digits they were written with. Source: exchangeInfo.
    """

    symbol: str
    base: str
    quote: str
    tick: Decimal
    step: Decimal
    min_notional: Decimal
    leverage: int = 0
    tier_base: Decimal = Decimal(0)
    tier_quote: Decimal = Decimal(0)
    min_price: Decimal = Decimal("0.00000001")
    max_price: Decimal = Decimal("1000000.00000000")
    max_quantity: Decimal = Decimal("9000.00000000")
    market_min_quantity: Decimal = Decimal("0.00000000")
    market_max_quantity: Decimal = Decimal("120.00000000")
    market_step: Decimal = Decimal("0.00000000")
    max_notional: Decimal = Decimal("9000000.00000000")
    notional_max_to_market: bool = False
    max_position: Decimal = Decimal(0)
    multiplier_up: Decimal = Decimal("5")
    multiplier_down: Decimal = Decimal("0.2")
    max_orders: int = 200
    max_algo_orders: int = 5
    notional_filter: str = "NOTIONAL"
    margin: bool = True

    @property
    def isolated(self) -> bool:
        return self.leverage > 0


@dataclass(slots=True)
class AssetTerms:
    """Loan terms of one asset. `daily_rate` is a plain ratio; `inventory` in units, None when it never runs out."""

    asset: str
    full_name: str
    daily_rate: Decimal
    min_borrow: Decimal
    min_repay: Decimal
    borrowable: bool = True
    inventory: Decimal | None = None

    @property
    def hourly_rate(self) -> Decimal:
        return self.daily_rate / 24


@dataclass(frozen=True, slots=True)
class Delisting:
    """At `time_ms` these leave margin. Source: GET /sapi/v1/margin/delist-schedule."""

    time_ms: int
    cross_assets: list[str]
    isolated_symbols: list[str]


def exchange_info_filters(listing: Listing) -> list[dict[str, object]]:
    """`filters` of one symbol of GET /api/v3/exchangeInfo, in the order of live answers: today's, or that of 2021."""
    filters = _old_filters(listing) if listing.notional_filter == "MIN_NOTIONAL" else _filters(listing)
    if listing.max_position:
        filters.append(_filter("MAX_POSITION", maxPosition=listing.max_position))
    return filters


def _filters(listing: Listing) -> list[dict[str, object]]:
    bounds = (("Up", listing.multiplier_up), ("Down", listing.multiplier_down))
    multipliers = {f"{side}Multiplier{way}": str(value) for side in ("bid", "ask") for way, value in bounds}
    return [
        _price_filter(listing),
        _lot_size(listing),
        {"filterType": "ICEBERG_PARTS", "limit": 100},
        _market_lot_size(listing),
        _trailing_delta(),
        {"filterType": "PERCENT_PRICE_BY_SIDE", **multipliers, "avgPriceMins": 5},
        {
            "filterType": "NOTIONAL",
            "minNotional": verbatim(listing.min_notional),
            "applyMinToMarket": True,
            "maxNotional": verbatim(listing.max_notional),
            "applyMaxToMarket": listing.notional_max_to_market,
            "avgPriceMins": 5,
        },
        *_counts(listing),
    ]


def _old_filters(listing: Listing) -> list[dict[str, object]]:
    multipliers = {"multiplierUp": str(listing.multiplier_up), "multiplierDown": str(listing.multiplier_down)}
    smallest = verbatim(listing.min_notional)
    return [
        _price_filter(listing),
        {"filterType": "PERCENT_PRICE", **multipliers, "avgPriceMins": 5},
        _lot_size(listing),
        {"filterType": "MIN_NOTIONAL", "minNotional": smallest, "applyToMarket": True, "avgPriceMins": 5},
        {"filterType": "ICEBERG_PARTS", "limit": 10},
        _market_lot_size(listing),
        *_counts(listing),
    ]


def _price_filter(listing: Listing) -> dict[str, object]:
    return _filter("PRICE_FILTER", minPrice=listing.min_price, maxPrice=listing.max_price, tickSize=listing.tick)


def _lot_size(listing: Listing) -> dict[str, object]:
    return _filter("LOT_SIZE", minQty=listing.step, maxQty=listing.max_quantity, stepSize=listing.step)


def _market_lot_size(listing: Listing) -> dict[str, object]:
    least, most = listing.market_min_quantity, listing.market_max_quantity
    return _filter("MARKET_LOT_SIZE", minQty=least, maxQty=most, stepSize=listing.market_step)


def _counts(listing: Listing) -> list[dict[str, object]]:
    return [
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": listing.max_orders},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": listing.max_algo_orders},
    ]


def _trailing_delta() -> dict[str, object]:
    bounds = {f"{end}Trailing{way}Delta": value for way in ("Above", "Below") for end, value in (("min", 10), ("max", 2000))}
    return {"filterType": "TRAILING_DELTA", **bounds}


def _filter(name: str, **values: Decimal) -> dict[str, object]:
    return {"filterType": name, **{key: verbatim(value) for key, value in values.items()}}
