"""What the exchange says about things that happened: orders, fills, loan actions, transfers, and what a key may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum

from marginbot.domain.amounts import Asset, Symbol
from marginbot.domain.plan import Side


class RecordStatus(Enum):
    """Status of a loan or transfer record. Anything but CONFIRMED and FAILED is not settled yet."""

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution: price in quote per base, quantity in base, commission in units of `commission_asset`."""

    price: Decimal
    quantity: Decimal
    commission: Decimal
    commission_asset: Asset


@dataclass(frozen=True, slots=True)
class OrderReport:
    """One order as the exchange knows it. `fills` is None where the answer has none (a lookup): ask for the trades.

    Source: POST and GET /sapi/v1/margin/order. executed_qty in base, quote_qty in quote; `final`: it can fill no more.
    """

    symbol: Symbol
    order_id: str
    client_id: str
    side: Side
    status: str
    quantity: Decimal
    executed_qty: Decimal
    quote_qty: Decimal
    fills: tuple[Fill, ...] | None

    @property
    def final(self) -> bool:
        """Whether the order is over."""
        return self.status not in ("NEW", "PARTIALLY_FILLED", "PENDING_NEW", "PENDING_CANCEL")


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """One order that rests at the exchange. locked: what it holds back, in base for a SELL and in quote for a BUY.

    list_id: of the order list it is a leg of, None for an order alone; the legs of a list lock their coins together.
    quantity: of base, as it was placed. stop_price, limit_price: 0 for none. works: it stands in the book, of a
    stop order: it was triggered.
    Source: GET /sapi/v1/margin/openOrders, lists of GET /sapi/v1/margin/openOrderList.
    """

    order_id: str
    client_id: str
    side: Side
    locked: Decimal
    placed_at: datetime
    list_id: str | None = None
    quantity: Decimal = Decimal(0)
    stop_price: Decimal = Decimal(0)
    limit_price: Decimal = Decimal(0)
    works: bool = False


@dataclass(frozen=True, slots=True)
class LoanRecord:
    """One row of GET /sapi/v1/margin/borrow-repay: amount = principal + interest, in units of `asset`."""

    record_id: str
    asset: Asset
    amount: Decimal
    principal: Decimal
    interest: Decimal
    status: RecordStatus
    at: datetime


@dataclass(frozen=True, slots=True)
class TransferRecord:
    """One row of GET /sapi/v1/asset/transfer, in units of `asset`."""

    record_id: str
    asset: Asset
    amount: Decimal
    status: RecordStatus
    at: datetime


@dataclass(frozen=True, slots=True)
class KeyRights:
    """What the key may do, and until when, where the answer tells. Source: GET /sapi/v1/account/apiRestrictions."""

    reading: bool
    trading: bool
    margin: bool
    universal_transfer: bool
    withdrawals: bool
    ip_restricted: bool
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delisting:
    """A pair that leaves isolated margin. Source: GET /sapi/v1/margin/delist-schedule."""

    symbol: Symbol
    at: datetime


@dataclass(frozen=True, slots=True)
class SpotWallet:
    """The spot wallet: free coins by asset, and the account's number. Source: GET /api/v3/account."""

    uid: str
    free: dict[Asset, Decimal]
