"""One isolated account as one look showed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum

from marginbot.domain.amounts import CONTEXT, Asset, Symbol


class LevelStatus(Enum):
    """`marginLevelStatus`. UNKNOWN stands for a word the exchange added since: act on the numbers."""

    EXCESSIVE = "EXCESSIVE"
    NORMAL = "NORMAL"
    MARGIN_CALL = "MARGIN_CALL"
    PRE_LIQUIDATION = "PRE_LIQUIDATION"
    FORCE_LIQUIDATION = "FORCE_LIQUIDATION"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class AssetBalance:
    """One side of one isolated account, in units of `asset`, as of one snapshot. No field is negative.

    Source: `baseAsset` / `quoteAsset` of GET /sapi/v1/margin/isolated/account.
    """

    asset: Asset
    free: Decimal
    locked: Decimal
    borrowed: Decimal
    interest: Decimal

    @property
    def total(self) -> Decimal:
        """free + locked."""
        return CONTEXT.add(self.free, self.locked)

    @property
    def liability(self) -> Decimal:
        """borrowed + interest."""
        return CONTEXT.add(self.borrowed, self.interest)

    @property
    def equity(self) -> Decimal:
        """total - liability; negative on the side that is owed."""
        return CONTEXT.subtract(self.total, self.liability)


@dataclass(frozen=True, slots=True)
class IsolatedAccount:
    """One pair's isolated account. `index_price` is quote per base; `reported_level` None for the no-debt placeholders.

    Source: one row of GET /sapi/v1/margin/isolated/account.
    """

    symbol: Symbol
    base: AssetBalance
    quote: AssetBalance
    index_price: Decimal
    reported_level: Decimal | None
    status: LevelStatus
    created: bool
    enabled: bool
    trade_enabled: bool
    at: datetime

    @property
    def owes(self) -> bool:
        """Whether anything is borrowed or any interest is unpaid."""
        return self.base.liability > 0 or self.quote.liability > 0

    @property
    def is_empty(self) -> bool:
        """Nothing held and nothing owed."""
        return not self.owes and self.base.total == 0 and self.quote.total == 0

    def side(self, asset: Asset) -> AssetBalance:
        """The balance of one of the pair's two assets. Raises: KeyError for a third asset."""
        if asset == self.base.asset:
            return self.base
        if asset == self.quote.asset:
            return self.quote
        raise KeyError(f"{asset} is neither side of {self.symbol}")
