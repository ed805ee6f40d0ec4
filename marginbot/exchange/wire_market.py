"""The market side of the wire: filters, tiers, fees, the order book, repay minimums, interest rates."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from functools import lru_cache
from typing import Final

import msgspec

from marginbot.domain.amounts import CONTEXT, ONE, ZERO, Asset, Symbol, parse_amount, parse_money
from marginbot.domain.market import BookLevel, Fees, Filters, OrderBook, PairRules, Tier
from marginbot.errors import MoneyError
from marginbot.exchange.messages import Answer
from marginbot.exchange.wire import positive, read

_HOURS: Final = Decimal(24)


class _Filter(msgspec.Struct):
    """Any filter; which numbers it must have, its type says."""

    filterType: str
    tickSize: str | None = None
    stepSize: str | None = None
    minQty: str | None = None
    maxQty: str | None = None
    minNotional: str | None = None
    maxNotional: str | None = None
    maxPosition: str | None = None

    def number(self, name: str) -> Decimal:
        """One of its numbers. Raises: MoneyError when it is missing or malformed."""
        text = getattr(self, name)
        if text is None:
            raise MoneyError(f"filter {self.filterType} has no {name}")
        return parse_amount(text, f"{self.filterType}.{name}")


class _Pair(msgspec.Struct):
    symbol: str
    status: str
    baseAsset: str
    quoteAsset: str
    filters: list[_Filter]

    def rules(self) -> PairRules:
        return PairRules(Symbol(self.symbol), Asset(self.baseAsset), Asset(self.quoteAsset), self.status, _filters(self.filters))


class _ExchangeInfo(msgspec.Struct):
    symbols: list[_Pair]


class _Tier(msgspec.Struct):
    symbol: str
    tier: int
    effectiveMultiple: str
    initialRiskRatio: str
    liquidationRiskRatio: str
    baseAssetMaxBorrowable: str
    quoteAssetMaxBorrowable: str

    def value(self) -> Tier:
        return Tier(
            tier=self.tier,
            multiple=positive(self.effectiveMultiple, "effectiveMultiple"),
            initial_level=positive(self.initialRiskRatio, "initialRiskRatio"),
            liquidation_level=positive(self.liquidationRiskRatio, "liquidationRiskRatio"),
            base_max_borrowable=parse_amount(self.baseAssetMaxBorrowable, "baseAssetMaxBorrowable"),
            quote_max_borrowable=parse_amount(self.quoteAssetMaxBorrowable, "quoteAssetMaxBorrowable"),
        )


class _Rates(msgspec.Struct):
    maker: str
    taker: str
    buyer: str
    seller: str


class _Commission(msgspec.Struct):
    standardCommission: _Rates
    specialCommission: _Rates
    taxCommission: _Rates


class _Depth(msgspec.Struct):
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


class _MarginAsset(msgspec.Struct):
    assetName: str
    userMinRepay: str


class _Interest(msgspec.Struct):
    coin: str
    dailyInterest: str


class _FeeData(msgspec.Struct):
    symbol: str
    data: list[_Interest]


class _IsolatedPair(msgspec.Struct):
    symbol: str


def read_pair_rules(answer: Answer, symbol: Symbol) -> PairRules:
    """The rules of one pair, picked by its name."""
    return read(answer, _ExchangeInfo, lambda body: _only_pair(body.symbols, symbol).rules())


def read_rules(answer: Answer) -> dict[Symbol, PairRules]:
    """The rules of every pair in the answer that can be read: one that cannot must not blind those who trade the others."""

    def convert(body: _ExchangeInfo) -> dict[Symbol, PairRules]:
        found = {}
        for pair in body.symbols:
            with suppress(MoneyError):
                found[Symbol(pair.symbol)] = pair.rules()
        return found

    return read(answer, _ExchangeInfo, convert)


def read_tiers(answer: Answer, symbol: Symbol) -> tuple[Tier, ...]:
    """The tiers of one pair, lowest first; at least one."""

    def convert(rows: list[_Tier]) -> tuple[Tier, ...]:
        tiers = sorted((row.value() for row in rows if row.symbol == symbol), key=lambda tier: tier.tier)
        if not tiers:
            raise MoneyError(f"no tier of {symbol}")
        return tuple(tiers)

    return read(answer, list[_Tier], convert)


def read_fees(answer: Answer) -> Fees:
    """Standard, special and tax rates added up, each with the dearer of its buyer's and seller's part; no discount taken off."""

    def convert(body: _Commission) -> Fees:
        groups = (body.standardCommission, body.specialCommission, body.taxCommission)
        sides = sum((max(parse_amount(g.buyer, "buyer"), parse_amount(g.seller, "seller")) for g in groups), ZERO)
        maker = sum((parse_money(g.maker, "maker") for g in groups), sides)
        taker = sum((parse_amount(g.taker, "taker") for g in groups), sides)
        if taker >= ONE or abs(maker) >= ONE:
            raise MoneyError("a commission of 100 % or more")
        return Fees(maker, taker)

    return read(answer, _Commission, convert)


def read_order_book(answer: Answer) -> OrderBook:
    """Bids from the highest, asks from the lowest, whatever the order of the answer."""

    def convert(body: _Depth) -> OrderBook:
        bids = sorted((_level(row) for row in body.bids), key=lambda level: level.price, reverse=True)
        asks = sorted((_level(row) for row in body.asks), key=lambda level: level.price)
        return OrderBook(tuple(bids), tuple(asks))

    return read(answer, _Depth, convert)


def read_min_repays(answer: Answer) -> dict[Asset, Decimal]:
    """`userMinRepay` of every margin asset, in its units."""
    return read(
        answer,
        list[_MarginAsset],
        lambda rows: {Asset(row.assetName): parse_amount(row.userMinRepay, f"{row.assetName}.userMinRepay") for row in rows},
    )


def read_hourly_rates(answer: Answer, symbol: Symbol) -> dict[Asset, Decimal]:
    """Interest per hour of the pair's assets, as a fraction; the dearest where several fee levels are answered."""

    def convert(rows: list[_FeeData]) -> dict[Asset, Decimal]:
        rates: dict[Asset, Decimal] = {}
        for interest in (interest for row in rows if row.symbol == symbol for interest in row.data):
            hourly = CONTEXT.divide(parse_amount(interest.dailyInterest, "dailyInterest"), _HOURS)
            asset = Asset(interest.coin)
            rates[asset] = max(hourly, rates.get(asset, ZERO))
        return rates

    return read(answer, list[_FeeData], convert)


def read_isolated_pairs(answer: Answer) -> frozenset[Symbol]:
    """The names of all isolated pairs."""
    return read(answer, list[_IsolatedPair], lambda rows: frozenset(Symbol(row.symbol) for row in rows))


def _only_pair(pairs: list[_Pair], symbol: Symbol) -> _Pair:
    for pair in pairs:
        if pair.symbol == symbol:
            return pair
    raise MoneyError(f"no entry of {symbol}")


@lru_cache(maxsize=4096)
def _level(row: tuple[str, str]) -> BookLevel:
    """Remembered: two looks at one order book show mostly the same levels."""
    return BookLevel(positive(row[0], "price"), parse_amount(row[1], "quantity"))


def _filters(rows: list[_Filter]) -> Filters:
    """Filters by type. The least value counts for every order, whatever `applyToMarket` says: one rule too many is harmless."""
    by_type = {row.filterType: row for row in rows}
    for needed in ("PRICE_FILTER", "LOT_SIZE"):
        if needed not in by_type:
            raise MoneyError(f"no filter {needed}")

    def number(filter_type: str, name: str) -> Decimal:
        return by_type[filter_type].number(name) if filter_type in by_type else ZERO

    return Filters(
        tick_size=number("PRICE_FILTER", "tickSize"),
        step_size=number("LOT_SIZE", "stepSize"),
        min_qty=number("LOT_SIZE", "minQty"),
        max_qty=number("LOT_SIZE", "maxQty") or None,
        market_step_size=number("MARKET_LOT_SIZE", "stepSize"),
        market_min_qty=number("MARKET_LOT_SIZE", "minQty"),
        market_max_qty=number("MARKET_LOT_SIZE", "maxQty") or None,
        min_notional=max(number("NOTIONAL", "minNotional"), number("MIN_NOTIONAL", "minNotional")),
        max_notional=number("NOTIONAL", "maxNotional") or None,
        max_position=number("MAX_POSITION", "maxPosition") or None,
    )
