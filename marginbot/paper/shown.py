"""What another exchange shows of its markets, read from its own answers: best prices, rules, books."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from marginbot.paper.books.amounts import half_up8
from marginbot.paper.books.listing import TRADING, Listing
from marginbot.paper.books.market import Market, Path
from marginbot.paper.books.market_book import Levels, ShownBook
from marginbot.paper.errors import PaperError

_AMOUNTS = {
    "PRICE_FILTER": {"min_price": "minPrice", "max_price": "maxPrice", "tick": "tickSize"},
    "LOT_SIZE": {"max_quantity": "maxQty", "step": "stepSize"},
    "MARKET_LOT_SIZE": {"market_min_quantity": "minQty", "market_max_quantity": "maxQty", "market_step": "stepSize"},
    "NOTIONAL": {"min_notional": "minNotional", "max_notional": "maxNotional"},
    "MIN_NOTIONAL": {"min_notional": "minNotional"},
    "PERCENT_PRICE": {"multiplier_up": "multiplierUp", "multiplier_down": "multiplierDown"},
    "PERCENT_PRICE_BY_SIDE": {
        "multiplier_up": "bidMultiplierUp",
        "multiplier_down": "bidMultiplierDown",
        "ask_multiplier_up": "askMultiplierUp",
        "ask_multiplier_down": "askMultiplierDown",
    },
    "MAX_POSITION": {"max_position": "maxPosition"},
}
_COUNTS = {
    "MAX_NUM_ORDERS": {"max_orders": "maxNumOrders"},
    "MAX_NUM_ALGO_ORDERS": {"max_algo_orders": "maxNumAlgoOrders"},
    "MAX_NUM_ORDER_LISTS": {"max_order_lists": "maxNumOrderLists"},
    "ICEBERG_PARTS": {"iceberg_parts": "limit"},
    "TRAILING_DELTA": {
        "min_trailing_above": "minTrailingAboveDelta",
        "max_trailing_above": "maxTrailingAboveDelta",
        "min_trailing_below": "minTrailingBelowDelta",
        "max_trailing_below": "maxTrailingBelowDelta",
    },
}


class Unreadable(PaperError):
    """The other exchange answered something that its own pages do not promise."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Best prices, quote per base."""

    bid: Decimal
    ask: Decimal

    @property
    def is_whole(self) -> bool:
        """Whether both sides of the book hold something."""
        return self.bid > 0 and self.ask > 0

    @property
    def mid(self) -> Decimal:
        return half_up8((self.bid + self.ask) / 2)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The pairs of ours that the other exchange lists: its rules, its status and its best prices (0 on an empty side)."""

    listings: Mapping[str, Listing]
    statuses: Mapping[str, str]
    quotes: Mapping[str, Quote]

    def markets(self, ours: Mapping[str, Market]) -> dict[str, Market]:
        """Fresh markets under the other exchange's rules, at its prices; what has no price or trade there is left out."""
        alive = [symbol for symbol in ours if self.statuses.get(symbol) == TRADING and self.quotes[symbol].is_whole]
        return {
            symbol: Market(self.listings[symbol], Path.constant(self.quotes[symbol].mid), ours[symbol].level_quantity)
            for symbol in alive
        }


def read_quotes(answer: Any) -> dict[str, Quote]:
    """Best prices by symbol, 0 on an empty side. Source: GET /api/v3/ticker/bookTicker."""
    try:
        return {row["symbol"]: Quote(_amount(row["bidPrice"]), _amount(row["askPrice"])) for row in answer}
    except (TypeError, KeyError) as problem:
        raise Unreadable(f"best prices of the other exchange cannot be read: {problem!r}") from problem


def read_rules(answer: Any, ours: Mapping[str, Listing]) -> tuple[dict[str, Listing], dict[str, str]]:
    """(rules, status) by symbol of the pairs that are ours too. Source: GET /api/v3/exchangeInfo."""
    try:
        rows = [row for row in answer["symbols"] if row["symbol"] in ours]
        listings = {row["symbol"]: adopt(ours[row["symbol"]], row["filters"]) for row in rows}
        return listings, {row["symbol"]: str(row["status"]) for row in rows}
    except (TypeError, KeyError, ValueError) as problem:
        raise Unreadable(f"the rules of the other exchange cannot be read: {problem!r}") from problem


def read_book(answer: Any) -> ShownBook:
    """Both sides, best first. Source: GET /api/v3/depth."""
    try:
        return ShownBook(_levels(answer["bids"]), _levels(answer["asks"]))
    except (TypeError, KeyError, ValueError) as problem:
        raise Unreadable(f"a book of the other exchange cannot be read: {problem!r}") from problem


def adopt(listing: Listing, filters: list[Mapping[str, Any]]) -> Listing:
    """The pair under the filters of `exchangeInfo`; leverage and tiers, which these do not know, stay ours."""
    by_name = {row["filterType"]: row for row in filters}
    rules: dict[str, Any] = {}
    for name in _AMOUNTS.keys() & by_name.keys():
        rules |= {field: _amount(by_name[name][wire]) for field, wire in _AMOUNTS[name].items()}
    for name in _COUNTS.keys() & by_name.keys():
        rules |= {field: int(by_name[name][wire]) for field, wire in _COUNTS[name].items()}
    if "NOTIONAL" in by_name:
        rules["notional_max_to_market"] = bool(by_name["NOTIONAL"]["applyMaxToMarket"])
    rules["notional_filter"] = "NOTIONAL" if "NOTIONAL" in by_name else "MIN_NOTIONAL"
    rules.setdefault("max_position", Decimal(0))
    return replace(listing, **rules)


def _levels(rows: Any) -> Levels:
    return tuple((_amount(price), _amount(quantity)) for price, quantity, *_ in rows)


def _amount(text: Any) -> Decimal:
    try:
        value = Decimal(text)
    except (InvalidOperation, ValueError) as problem:
        raise Unreadable(f"the other exchange showed {str(text)[:40]!r} for an amount") from problem
    if not value.is_finite() or value < 0:
        raise Unreadable(f"the other exchange showed {str(text)[:40]!r} for an amount")
    return value
