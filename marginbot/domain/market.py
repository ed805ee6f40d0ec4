"""What the pair's market and rules look like: filters, tiers, fees, the order book."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from marginbot.domain.amounts import CRUMB, ZERO, Asset, Symbol


@dataclass(frozen=True, slots=True)
class Filters:
    """Trading rules of one pair; 0 (or None for a maximum) means "no rule". Source: GET /api/v3/exchangeInfo `filters`."""

    tick_size: Decimal
    step_size: Decimal
    min_qty: Decimal
    max_qty: Decimal | None
    market_step_size: Decimal
    market_min_qty: Decimal
    market_max_qty: Decimal | None
    min_notional: Decimal
    max_notional: Decimal | None
    max_position: Decimal | None

    @property
    def order_step(self) -> Decimal:
        """The step a MARKET quantity must keep: both lot filters apply, and one is a multiple of the other.

        Without any step rule it is the last of the 8 decimals that an order may have.
        """
        return max(self.step_size, self.market_step_size) or CRUMB

    @property
    def price_step(self) -> Decimal:
        """The step of a limit price: the tick, or the last of 8 decimals without a rule."""
        return self.tick_size or CRUMB

    @property
    def order_min_qty(self) -> Decimal:
        """The least MARKET quantity."""
        return max(self.min_qty, self.market_min_qty)

    @property
    def order_max_qty(self) -> Decimal | None:
        """The largest quantity of one MARKET order, None for no rule."""
        limits = [limit for limit in (self.max_qty, self.market_max_qty) if limit]
        return min(limits) if limits else None


@dataclass(frozen=True, slots=True)
class Tier:
    """One row of GET /sapi/v1/margin/isolatedMarginTier. Limits in units of each asset."""

    tier: int
    multiple: Decimal
    initial_level: Decimal
    liquidation_level: Decimal
    base_max_borrowable: Decimal
    quote_max_borrowable: Decimal


@dataclass(frozen=True, slots=True)
class Fees:
    """Commission rates of this account on one pair, tax and special rates included. Source: GET /api/v3/account/commission."""

    maker: Decimal
    taker: Decimal


@dataclass(frozen=True, slots=True)
class BookLevel:
    """One price of the order book and the base quantity waiting there."""

    price: Decimal
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class OrderBook:
    """Bids from the highest, asks from the lowest. Source: GET /api/v3/depth."""

    bids: tuple[BookLevel, ...]
    asks: tuple[BookLevel, ...]

    @property
    def mid(self) -> Decimal | None:
        """Half-way between best bid and best ask, None when a side is empty."""
        if not self.bids or not self.asks:
            return None
        return (self.bids[0].price + self.asks[0].price) / 2


@dataclass(frozen=True, slots=True)
class PairRules:
    """One pair's entry of GET /api/v3/exchangeInfo. `status` is TRADING, or a word that means closed."""

    symbol: Symbol
    base: Asset
    quote: Asset
    status: str
    filters: Filters

    @property
    def trading(self) -> bool:
        """Whether orders are taken at all."""
        return self.status == "TRADING"


@dataclass(frozen=True, slots=True)
class Market:
    """Everything about one pair that is not the account. `interest_rates` are hourly, per asset; missing means not read."""

    rules: PairRules
    tiers: tuple[Tier, ...]
    fees: Fees
    book: OrderBook
    min_repay: Mapping[Asset, Decimal] = field(default_factory=dict)
    interest_rates: Mapping[Asset, Decimal] = field(default_factory=dict)

    def hourly_rate(self, asset: Asset) -> Decimal:
        """The next hour's interest rate of `asset`, or a cautious stand-in (0.01 %) where it was not read."""
        return self.interest_rates.get(asset, _CAUTIOUS_HOURLY_RATE)

    def repay_minimum(self, asset: Asset) -> Decimal:
        """`userMinRepay` of the asset; 0 means the exchange names none."""
        return self.min_repay.get(asset, ZERO)


_CAUTIOUS_HOURLY_RATE = Decimal("0.0001")
