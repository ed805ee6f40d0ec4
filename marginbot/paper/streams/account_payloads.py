"""The payloads of account events. Debt, interest and the margin level are in none of them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from marginbot.paper.books.amounts import ZERO
from marginbot.paper.books.news import MoneyNews, OrderNews
from marginbot.paper.books.records import OrderList
from marginbot.paper.books.world import World

Payload = dict[str, object]
# free and locked, by asset
Holdings = Mapping[str, tuple[Decimal, Decimal]]


def execution_report(world: World, news: OrderNews, execution_id: int) -> Payload:
    """What became of an order. `c` and `C` change places when its owner cancelled it."""
    order, trade, text = news.order, news.trade, world.text
    names = (order.client_id, "")
    if news.what == "CANCELED" and order.expiry_reason is None:
        names = (order.cancel_id or f"paper-cancel-{order.order_id}", order.client_id)
    payload: Payload = {
        "e": "executionReport", "E": news.at_ms, "s": order.symbol, "c": names[0], "S": order.side, "o": order.type,
        "f": order.time_in_force, "q": text(order.quantity), "p": text(order.price), "P": text(order.stop_price),
        "F": text(order.iceberg), "g": order.list_id, "C": names[1], "x": news.what, "X": order.status, "r": "NONE",
        "i": order.order_id, "l": text(trade.quantity if trade else ZERO), "z": text(order.executed),
        "L": text(trade.price if trade else ZERO), "n": text(trade.commission if trade else ZERO),
        "N": trade.commission_asset if trade else None, "T": news.at_ms, "t": trade.trade_id if trade else -1,
        "I": execution_id, "w": order.working and order.is_open(), "m": trade is not None and trade.is_maker, "M": False,
        "O": order.time, "Z": text(order.quote_executed), "Y": text(trade.quote_quantity if trade else ZERO),
        "Q": text(order.quote_quantity), "V": order.stp_mode,
    }  # fmt: skip
    if order.working_time > 0:
        payload["W"] = order.working_time
    if order.trailing_delta:
        payload |= {"d": order.trailing_delta} | ({"D": order.trailing_time} if order.trailing_time > 0 else {})
    if order.status == "EXPIRED" and order.expiry_reason is not None:
        payload["eR"] = order.expiry_reason
    return payload


def list_status(world: World, news: OrderNews, orders: OrderList, *, works: bool) -> Payload:
    """What became of an order list (OCO)."""
    legs = [world.account(news.uid).orders[number] for number in orders.legs]
    return {
        "e": "listStatus", "E": news.at_ms, "s": orders.symbol, "g": orders.list_id, "c": "OCO",
        "l": "EXEC_STARTED" if works else "ALL_DONE", "L": "EXECUTING" if works else "ALL_DONE", "r": "NONE",
        "C": orders.client_id, "T": news.at_ms, "O": [{"s": leg.symbol, "i": leg.order_id, "c": leg.client_id} for leg in legs],
    }  # fmt: skip


def balance_update(world: World, news: MoneyNews) -> Payload:
    """A transfer, loan or repayment."""
    return {"e": "balanceUpdate", "E": news.at_ms, "a": news.asset, "d": world.text(news.change), "T": news.at_ms}


def account_position(world: World, changed: Holdings) -> Payload:
    rows = [{"a": asset, "f": world.text(free), "l": world.text(locked)} for asset, (free, locked) in changed.items()]
    return {"e": "outboundAccountPosition", "E": world.now_ms, "u": world.now_ms, "B": rows}
