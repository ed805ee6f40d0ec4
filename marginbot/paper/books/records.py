"""What the exchange remembers of one event: order, trade, loan, transfer, interest, liquidation. Times in ms."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from marginbot.paper.books.amounts import ZERO

OPEN_STATUSES = frozenset({"NEW", "PARTIALLY_FILLED"})
STOP_TYPES = frozenset({"STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"})


class Scope(StrEnum):
    """Which of a customer's accounts an order, a loan or a balance belongs to."""

    SPOT = "SPOT"
    CROSS = "CROSS"
    ISOLATED = "ISOLATED"


@dataclass(slots=True)
class Order:
    """One order. Quantities in base, `price`, `stop_price`, `quote_*` in quote, `locked` in the asset it spends.

    `cancel_id`: the client id of the request that cancelled it, empty when that had none. `reserved`: what it has locked
    in all, so that what its loan was not needed for is known. `trailing_delta` in basis points, 0 for none; `trailing_best`:
    the best price since it began to follow the market at `trailing_time`, 0 while it does not.
    """

    order_id: int
    uid: int
    scope: Scope
    symbol: str
    side: str
    type: str
    time_in_force: str
    client_id: str
    quantity: Decimal
    price: Decimal
    time: int
    update_time: int
    quote_quantity: Decimal = ZERO
    stop_price: Decimal = ZERO
    iceberg: Decimal = ZERO
    executed: Decimal = ZERO
    quote_executed: Decimal = ZERO
    locked: Decimal = ZERO
    status: str = "NEW"
    working: bool = True
    working_time: int = -1
    side_effect: str = "NO_SIDE_EFFECT"
    repay_at_cancel: bool = True
    borrowed: Decimal = ZERO
    stp_mode: str = "EXPIRE_MAKER"
    expiry_reason: str | None = None
    list_id: int = -1
    cancel_id: str = ""
    reserved: Decimal = ZERO
    trailing_delta: int = 0
    trailing_best: Decimal = ZERO
    trailing_time: int = -1

    @property
    def remaining(self) -> Decimal:
        return self.quantity - self.executed

    @property
    def is_buy(self) -> bool:
        return self.side == "BUY"

    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES


@dataclass(slots=True)
class OrderList:
    """Two orders of which one at most is carried out (OCO). `legs` are their ids, the limit leg first."""

    list_id: int
    scope: Scope
    symbol: str
    client_id: str
    legs: list[int]
    time: int


@dataclass(slots=True)
class Trade:
    """One fill. `commission` in units of `commission_asset`; `tran_id` is its number in the capital flow."""

    trade_id: int
    order_id: int
    scope: Scope
    symbol: str
    price: Decimal
    quantity: Decimal
    quote_quantity: Decimal
    commission: Decimal
    commission_asset: str
    is_buyer: bool
    is_maker: bool
    time: int
    tran_id: int = 0


@dataclass(slots=True)
class Loan:
    """One borrowing or repayment. While PENDING it is settled at running time `due` (ms)."""

    tx_id: int
    direction: str
    scope: Scope
    symbol: str
    asset: str
    amount: Decimal
    interest: Decimal
    principal: Decimal
    type: str
    status: str
    timestamp: int
    due: int = 0


@dataclass(slots=True)
class Transfer:
    """One move between two wallets of a customer. While PENDING it arrives at running time `due` (ms)."""

    tran_id: int
    type: str
    asset: str
    amount: Decimal
    from_symbol: str
    to_symbol: str
    status: str
    timestamp: int
    due: int = 0


@dataclass(slots=True)
class Interest:
    """One charge of one hour. `daily_rate` is a plain ratio, `type` ON_BORROW or PERIODIC, with _CONVERTED when paid in BNB.

    `interest` in units of `asset`; `raw_asset` is what was borrowed where that is another one, `principal` in its units.
    """

    tx_id: int
    scope: Scope
    symbol: str
    asset: str
    principal: Decimal
    interest: Decimal
    daily_rate: Decimal
    type: str
    time: int
    raw_asset: str = ""


@dataclass(slots=True)
class Liquidation:
    """One order of the system during a forced liquidation. Source: GET /sapi/v1/margin/forceLiquidationRec."""

    order_id: int
    symbol: str
    side: str
    price: Decimal
    average_price: Decimal
    quantity: Decimal
    executed: Decimal
    updated: int
    scope: Scope = Scope.ISOLATED


@dataclass(slots=True)
class Seizure:
    """One movement of free money by the exchange's own hand. `amount`: what the account gained, below zero what it lost.

    type, as capital-flow names it: BUY_LIQUIDATION or SELL_LIQUIDATION (one row for each of the two assets, with the order
    that did it), REPAY_LIQUIDATION, LIQUIDATION_FEE, and OTHER_LIQUIDATION for what the insurance fund has paid in.
    """

    tran_id: int
    type: str
    scope: Scope
    symbol: str
    asset: str
    amount: Decimal
    time: int
    order_id: int = -1


@dataclass(frozen=True, slots=True)
class DebtExchange:
    """A small cross debt of `amount` in `asset`, interest included, that became one of `target_amount` in `target`."""

    tran_id: int
    asset: str
    amount: Decimal
    target: str
    target_amount: Decimal
    time: int


@dataclass(frozen=True, slots=True)
class Crumb:
    """All that was free of `asset`, what arrived for it in BNB, and the fee kept of that, in BNB too."""

    asset: str
    amount: Decimal
    arrived: Decimal
    fee: Decimal


@dataclass(slots=True)
class Dribblet:
    """One conversion of crumbs in the spot or the cross wallet. Source: GET /sapi/v1/asset/dribblet."""

    tran_id: int
    scope: Scope
    time: int
    crumbs: list[Crumb]


@dataclass(frozen=True, slots=True)
class RiskKey:
    """A listen key of the cross risk stream, made by version 1 or 2 of its endpoint. Ends at `expires_ms`."""

    key: str
    version: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class ListenToken:
    """A right to the user stream of one account; `symbol` empty means the cross account. Ends at `expires_ms`."""

    token: str
    uid: int
    symbol: str
    expires_ms: int
