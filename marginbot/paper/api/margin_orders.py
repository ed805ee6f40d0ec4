"""/sapi margin orders. Without `isIsolated` every one of these works on the CROSS account."""

from __future__ import annotations

from marginbot.paper.api import order_queries
from marginbot.paper.api.endpoint import Caller, Endpoint, Security, WeightKind
from marginbot.paper.api.order_limits import order_counts
from marginbot.paper.api.order_rows import new_order, order_row
from marginbot.paper.api.params import DAY, Params, margin_scope, page, window
from marginbot.paper.api.tickets import read_ticket, response_form
from marginbot.paper.books import trading
from marginbot.paper.books.records import Liquidation, Scope
from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.ticket import BORROWING_EFFECTS
from marginbot.paper.books.world import World


def place_order(world: World, caller: Caller, params: Params) -> object:
    ticket = read_ticket(params, margin_scope(params))
    form = response_form(params)
    placed = trading.place(world, world.account(caller.uid), ticket)
    return new_order(world, placed.order, placed.trades, form)


def get_order(world: World, caller: Caller, params: Params) -> object:
    account = world.account(caller.uid)
    return order_row(world, order_queries.find_order(world, account, margin_scope(params), params, missing=-2013))


def cancel_order(world: World, caller: Caller, params: Params) -> object:
    return order_queries.cancel_one(world, world.account(caller.uid), margin_scope(params), params)


def get_open_orders(world: World, caller: Caller, params: Params) -> object:
    scope, symbol = margin_scope(params), params.get("symbol")
    if scope is Scope.ISOLATED and symbol is None:
        raise refuse(-1102, name="symbol")
    return order_queries.open_orders(world, world.account(caller.uid), scope, symbol)


def cancel_open_orders(world: World, caller: Caller, params: Params) -> object:
    return order_queries.cancel_all(world, world.account(caller.uid), margin_scope(params), params["symbol"])


def get_all_orders(world: World, caller: Caller, params: Params) -> object:
    return order_queries.all_orders(world, world.account(caller.uid), margin_scope(params), params, largest=500)


def get_my_trades(world: World, caller: Caller, params: Params) -> object:
    return order_queries.my_trades(world, world.account(caller.uid), margin_scope(params), params)


def order_count(world: World, caller: Caller, params: Params) -> object:
    """Unfilled orders of the account in the present 10 seconds and the present day."""
    if margin_scope(params) is Scope.ISOLATED and "symbol" not in params:
        raise refuse(-1102, name="symbol")
    return order_counts(world, caller, params)


def liquidation_records(world: World, caller: Caller, params: Params) -> object:
    """Orders of the system during forced liquidations, newest first."""
    symbol = params.get("isolatedSymbol")
    start, end = window(params, world.now_ms, default_ms=7 * DAY, largest_ms=30 * DAY)
    rows = [
        row
        for row in reversed(world.account(caller.uid).liquidations)
        if _is_asked_for(row, symbol) and start <= row.updated <= end
    ]
    return {"rows": [_liquidation(world, row) for row in rows[page(params)]], "total": len(rows)}


def _is_asked_for(row: Liquidation, symbol: str | None) -> bool:
    """Without a pair the rows of every account, cross and isolated."""
    return symbol is None or (row.scope is Scope.ISOLATED and row.symbol == symbol)


def _liquidation(world: World, row: Liquidation) -> dict[str, object]:
    return {
        "avgPrice": world.text(row.average_price),
        "executedQty": world.text(row.executed),
        "orderId": row.order_id,
        "price": world.text(row.price),
        "qty": world.text(row.quantity),
        "side": row.side,
        "symbol": row.symbol,
        "timeInForce": "GTC",
        "isIsolated": row.scope is Scope.ISOLATED,
        "updatedTime": row.updated,
    }


def order_weight(params: Params) -> int:
    return 1500 if params.get("sideEffectType") in BORROWING_EFFECTS else 6


_BASE, _TRADE = "/sapi/v1/margin", ("enableSpotAndMarginTrading",)
_SIGNED, _IP, _UID = Security.SIGNED, WeightKind.SAPI_IP, WeightKind.SAPI_UID
_NEW = (
    "isIsolated", "quantity", "quoteOrderQty", "price", "stopPrice", "newClientOrderId", "icebergQty",
    "newOrderRespType", "sideEffectType", "timeInForce", "selfTradePreventionMode", "trailingDelta", "autoRepayAtCancel",
)  # fmt: skip
_ID = ("isIsolated", "orderId", "origClientOrderId")
_TIMES = ("startTime", "endTime")

ENDPOINTS = (
    Endpoint(
        "POST", f"{_BASE}/order", _SIGNED, order_weight, _UID, place_order, ("symbol", "side", "type"), _NEW, _TRADE
    ),
    Endpoint("GET", f"{_BASE}/order", _SIGNED, 10, _IP, get_order, ("symbol",), _ID),
    Endpoint(
        "DELETE", f"{_BASE}/order", _SIGNED, 10, _IP, cancel_order, ("symbol",), (*_ID, "newClientOrderId"), _TRADE
    ),
    Endpoint("GET", f"{_BASE}/openOrders", _SIGNED, 10, _IP, get_open_orders, (), ("symbol", "isIsolated")),
    Endpoint(
        "DELETE", f"{_BASE}/openOrders", _SIGNED, 1, _IP, cancel_open_orders, ("symbol",), ("isIsolated",), _TRADE
    ),
    Endpoint(
        "GET", f"{_BASE}/allOrders", _SIGNED, 200, _IP, get_all_orders, ("symbol",),
        ("isIsolated", "orderId", *_TIMES, "limit"),
    ),
    Endpoint(
        "GET", f"{_BASE}/myTrades", _SIGNED, 10, _IP, get_my_trades, ("symbol",),
        ("isIsolated", "orderId", *_TIMES, "fromId", "limit"),
    ),
    Endpoint("GET", f"{_BASE}/rateLimit/order", _SIGNED, 20, _IP, order_count, (), ("isIsolated", "symbol")),
    Endpoint(
        "GET", f"{_BASE}/forceLiquidationRec", _SIGNED, 1, _IP, liquidation_records, (),
        (*_TIMES, "isolatedSymbol", "current", "size"),
    ),
)  # fmt: skip
