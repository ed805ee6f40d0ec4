"""Orders and fills on the wire."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from marginbot.domain.amounts import ZERO, Asset, Symbol, exact, parse_amount
from marginbot.domain.plan import Side
from marginbot.domain.records import Fill, OpenOrder, OrderReport
from marginbot.errors import MoneyError
from marginbot.exchange.messages import Answer
from marginbot.exchange.wire import Id, instant, positive, read


class _Fill(msgspec.Struct):
    price: str
    qty: str
    commission: str
    commissionAsset: str

    def value(self) -> Fill:
        return Fill(
            price=positive(self.price, "price"),
            quantity=parse_amount(self.qty, "qty"),
            commission=parse_amount(self.commission, "commission"),
            commission_asset=Asset(self.commissionAsset),
        )


class Trade(_Fill):
    """One row of GET /sapi/v1/margin/myTrades."""

    id: int
    orderId: Id


class _Order(msgspec.Struct):
    """An order as answered to a placement (with fills) or a lookup (without). The `price` of a MARKET order means nothing."""

    symbol: str
    orderId: Id
    clientOrderId: str
    side: Side
    status: str
    origQty: str
    executedQty: str
    cummulativeQuoteQty: str
    isIsolated: bool
    fills: list[_Fill] | None = None

    def report(self) -> OrderReport:
        if not self.isIsolated:
            raise MoneyError(f"order {self.orderId} is on the cross account")
        return OrderReport(
            symbol=Symbol(self.symbol),
            order_id=str(self.orderId),
            client_id=self.clientOrderId,
            side=self.side,
            status=self.status,
            quantity=parse_amount(self.origQty, "origQty"),
            executed_qty=parse_amount(self.executedQty, "executedQty"),
            quote_qty=parse_amount(self.cummulativeQuoteQty, "cummulativeQuoteQty"),
            fills=None if self.fills is None else tuple(fill.value() for fill in self.fills),
        )


class _OpenOrder(msgspec.Struct):
    """An order that rests. The margin answers do not say which list it is a leg of."""

    symbol: str
    orderId: Id
    clientOrderId: str
    side: Side
    status: str
    price: str
    stopPrice: str
    origQty: str
    executedQty: str
    isWorking: bool
    time: int

    def value(self) -> OpenOrder:
        return OpenOrder(
            order_id=str(self.orderId),
            client_id=self.clientOrderId,
            side=self.side,
            locked=self.locked(),
            placed_at=instant(self.time, "time"),
            quantity=parse_amount(self.origQty, "origQty"),
            stop_price=parse_amount(self.stopPrice, "stopPrice"),
            limit_price=parse_amount(self.price, "price"),
            works=self.isWorking,
        )

    @exact
    def locked(self) -> Decimal:
        """A leg that waits for another (PENDING_NEW) locks nothing yet; a BUY at market by its stop locks the stop price."""
        rest = parse_amount(self.origQty, "origQty") - parse_amount(self.executedQty, "executedQty")
        if self.status == "PENDING_NEW":
            return ZERO
        price = parse_amount(self.price, "price") or parse_amount(self.stopPrice, "stopPrice")
        return rest if self.side is Side.SELL else rest * price


class _Resting(msgspec.Struct):
    """The answer to an order that rests, in its shortest form (ACK)."""

    symbol: str
    orderId: Id
    clientOrderId: str
    isIsolated: bool

    def number(self) -> str:
        if not self.isIsolated:
            raise MoneyError(f"order {self.orderId} is on the cross account")
        return str(self.orderId)


class _OpenClientId(msgspec.Struct):
    symbol: str
    clientOrderId: str


class _Leg(msgspec.Struct):
    symbol: str


class _ListLeg(msgspec.Struct):
    orderId: Id


class _OpenList(msgspec.Struct):
    """One row of GET /sapi/v1/margin/openOrderList."""

    orderListId: Id
    symbol: str
    orders: list[_ListLeg]


class _CancelledOrder(msgspec.Struct):
    """The answer to cancelling one order; `orderId` is text here."""

    orderId: Id
    status: str


class _CancelledList(msgspec.Struct):
    orderListId: Id
    listOrderStatus: str


class _Cancelled(msgspec.Struct):
    """One element of the answer to cancelling everything: an order, or a list of orders with its legs."""

    symbol: str
    orders: list[_Leg] | None = None


def read_order(answer: Answer) -> OrderReport:
    """One order."""
    return read(answer, _Order, lambda body: body.report())


def read_resting(answer: Answer) -> str:
    """The number of an order that was placed and rests."""
    return read(answer, _Resting, lambda body: body.number())


def read_open_client_ids(answer: Answer, symbol: Symbol) -> tuple[str, ...]:
    """The client ids of the open orders of one pair."""
    return read(answer, list[_OpenClientId], lambda rows: tuple(row.clientOrderId for row in rows if row.symbol == symbol))


def read_open_orders(answer: Answer, symbol: Symbol) -> tuple[OpenOrder, ...]:
    """The open orders of one pair, none of them in a list yet."""
    return read(answer, list[_OpenOrder], lambda rows: tuple(row.value() for row in rows if row.symbol == symbol))


def read_lists_of_orders(answer: Answer, symbol: Symbol) -> dict[str, str]:
    """The list id of every order that is a leg of an open list of the pair."""
    return read(
        answer,
        list[_OpenList],
        lambda rows: {str(leg.orderId): str(row.orderListId) for row in rows if row.symbol == symbol for leg in row.orders},
    )


def read_cancelled_order(answer: Answer) -> str:
    """The status of an order that was cancelled."""
    return read(answer, _CancelledOrder, lambda body: body.status)


def read_cancelled_list(answer: Answer) -> str:
    """The status of an order list that was cancelled."""
    return read(answer, _CancelledList, lambda body: body.listOrderStatus)


def read_trades(answer: Answer) -> list[tuple[int, Fill]]:
    """Executions with their ids."""
    return read(answer, list[Trade], lambda rows: [(row.id, row.value()) for row in rows])


def read_cancelled(answer: Answer) -> int:
    """How many orders were cancelled, each leg of a list counted."""
    return read(
        answer,
        list[_Cancelled],
        lambda rows: sum(1 if row.orders is None else len(row.orders) for row in rows),
    )
