"""What /api/v3 deals with when a special margin key asks: the orders of its margin account, shown as spot orders are."""

from __future__ import annotations

from dataclasses import replace

from marginbot.paper.api.endpoint import Caller
from marginbot.paper.api.order_rows import Row, cancelled_leg, cancelled_order, order_row, trade_row
from marginbot.paper.books.records import Order, Scope
from marginbot.paper.books.refusal import rejected
from marginbot.paper.books.wallets import Account
from marginbot.paper.books.world import World

NOT_PERMITTED = "This symbol is not permitted for this account."


def scope_of(caller: Caller, symbol: str) -> Scope:
    """The account whose orders on `symbol` the key deals with: spot, or for a special key its own; -2010 for other pairs."""
    if caller.margin_symbol is None:
        return Scope.SPOT
    if caller.margin_symbol not in ("", symbol):
        raise rejected(NOT_PERMITTED)
    return Scope.ISOLATED if caller.margin_symbol else Scope.CROSS


def as_spot(order: Order) -> Order:
    """The order to be shown as a spot order."""
    return order if order.scope is Scope.SPOT else replace(order, scope=Scope.SPOT)


def orders(world: World, account: Account, rows: list[Row]) -> list[Row]:
    """The same orders as these rows of a query, in the form of spot."""
    return [order_row(world, as_spot(account.orders[_number(row)])) for row in rows]


def trades(world: World, account: Account, rows: list[Row]) -> list[Row]:
    """The same trades as these rows, in the form of spot."""
    wanted = {row["id"] for row in rows}
    return [trade_row(world, replace(trade, scope=Scope.SPOT)) for trade in account.trades if trade.trade_id in wanted]


def cancelled(world: World, account: Account, row: Row) -> Row:
    """The same cancelled order or list of orders as this row, in the form of spot."""
    if "orderReports" not in row:
        return cancelled_order(world, as_spot(account.orders[_number(row)]), str(row["clientOrderId"]), many=True)
    legs = account.lists[int(str(row["orderListId"]))].legs
    reports = [cancelled_leg(world, as_spot(account.orders[number])) for number in legs]
    head = {name: value for name, value in row.items() if name != "isIsolated"}
    return head | {"orderReports": reports}


def _number(row: Row) -> int:
    """Text in one answer of margin, a number in all others."""
    return int(str(row["orderId"]))
