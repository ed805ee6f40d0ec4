"""What the exchange lists: a trading pair with its rules, and an asset with its loan terms."""

from __future__ import annotations

from dataclasses import dataclass, field
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

    `leverage` is the pair's largest on isolated margin, 0 when it has no isolated accounts; `isolated_ended`: it had them.
    `tier_base` and `tier_quote` are the debts the first tier allows. `multiplier_*` bound the price of a BUY, `ask_*` that
    of a SELL where they are not 0. Trailing deltas in basis points: above for orders that act when the price has risen,
    below for the others. Decimals keep the digits they were written with. Source: exchangeInfo.
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
    isolated_ended: bool = False
    ask_multiplier_up: Decimal = Decimal(0)
    ask_multiplier_down: Decimal = Decimal(0)
    max_order_lists: int = 20
    iceberg_parts: int = 100
    min_trailing_above: int = 10
    max_trailing_above: int = 2000
    min_trailing_below: int = 10
    max_trailing_below: int = 2000

    @property
    def isolated(self) -> bool:
        return self.leverage > 0 and not self.isolated_ended

    def multipliers(self, side: str) -> tuple[Decimal, Decimal]:
        """(down, up) that bound the price of an order of `side`, relative to the reference price."""
        if side == "BUY":
            return self.multiplier_down, self.multiplier_up
        return self.ask_multiplier_down or self.multiplier_down, self.ask_multiplier_up or self.multiplier_up


@dataclass(slots=True)
class AssetTerms:
    """Loan terms of one asset. `daily_rate` is a plain ratio; `inventory` in units, None when it never runs out.

    `cross` false: the cross account no longer takes it.
    """

    asset: str
    full_name: str
    daily_rate: Decimal
    min_borrow: Decimal
    min_repay: Decimal
    borrowable: bool = True
    inventory: Decimal | None = None
    cross: bool = True

    @property
    def hourly_rate(self) -> Decimal:
        return self.daily_rate / 24


@dataclass(slots=True)
class Delisting:
    """At `time_ms` (server time) these leave margin, or the exchange altogether; `settled` once they have.

    Source: GET /sapi/v1/margin/delist-schedule, GET /sapi/v1/spot/delist-schedule.
    """

    time_ms: int
    cross_assets: list[str]
    isolated_symbols: list[str]
    settled: bool = False
    spot_symbols: list[str] = field(default_factory=list)


def exchange_info_filters(listing: Listing) -> list[dict[str, object]]:
    """`filters` of one symbol of GET /api/v3/exchangeInfo, in the order of live answers: today's, or that of 2021."""
    filters = _old_filters(listing) if listing.notional_filter == "MIN_NOTIONAL" else _filters(listing)
    if listing.max_position:
        filters.append(_filter("MAX_POSITION", maxPosition=listing.max_position))
    return filters


def _filters(listing: Listing) -> list[dict[str, object]]:
    multipliers: dict[str, str] = {}
    for name, side in (("bid", "BUY"), ("ask", "SELL")):
        down, up = listing.multipliers(side)
        multipliers |= {f"{name}MultiplierUp": str(up), f"{name}MultiplierDown": str(down)}
    return [
        _price_filter(listing),
        _lot_size(listing),
        {"filterType": "ICEBERG_PARTS", "limit": listing.iceberg_parts},
        _market_lot_size(listing),
        _trailing_delta(listing),
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
        {"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": listing.max_order_lists},
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


def _trailing_delta(listing: Listing) -> dict[str, object]:
    return {
        "filterType": "TRAILING_DELTA",
        "minTrailingAboveDelta": listing.min_trailing_above,
        "maxTrailingAboveDelta": listing.max_trailing_above,
        "minTrailingBelowDelta": listing.min_trailing_below,
        "maxTrailingBelowDelta": listing.max_trailing_below,
    }


def _filter(name: str, **values: Decimal) -> dict[str, object]:
    return {"filterType": name, **{key: verbatim(value) for key, value in values.items()}}
