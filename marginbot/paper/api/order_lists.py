"""/sapi margin order lists: OCO in the old form of two legs. Without `isIsolated` these work on the CROSS account."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from marginbot.paper.api.endpoint import Caller, Endpoint, Security, WeightKind
from marginbot.paper.api.margin_orders import order_weight
from marginbot.paper.api.order_rows import cancelled_list, list_head, new_list
from marginbot.paper.api.params import DAY, Params, choice, client_id, integer, limit, margin_scope, window
from marginbot.paper.api.tickets import RESPONSES, read_ticket
from marginbot.paper.books import order_lists
from marginbot.paper.books.records import OrderList, Scope
from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.wallets import Account
from marginbot.paper.books.world import World

_SHARED = ("symbol", "side", "quantity", "sideEffectType", "selfTradePreventionMode", "autoRepayAtCancel")


def place_oco(world: World, caller: Caller, params: Params) -> object:
    """A limit order and a stop order on the same coins; -1102 when a stop-limit leg has no time in force."""
    scope = margin_scope(params)
    choice(params, "newOrderRespType", RESPONSES, "RESULT")
    shared = {name: params[name] for name in _SHARED if name in params}
    limit_leg = shared | {"type": "LIMIT_MAKER", "price": params["price"]}
    stop_leg = shared | {"type": "STOP_LOSS", "stopPrice": params["stopPrice"]}
    if "stopLimitPrice" in params:
        if "stopLimitTimeInForce" not in params:
            raise refuse(-1102, name="stopLimitTimeInForce")
        timed = {"price": params["stopLimitPrice"], "timeInForce": params["stopLimitTimeInForce"]}
        stop_leg |= {"type": "STOP_LOSS_LIMIT", **timed}
    first = replace(read_ticket(limit_leg, scope), client_id=client_id(params, "limitClientOrderId"))
    second = replace(read_ticket(stop_leg, scope), client_id=client_id(params, "stopClientOrderId"))
    account = world.account(caller.uid)
    placed = order_lists.place(world, account, first, second, client_id(params, "listClientOrderId"))
    return new_list(world, account, placed)


def get_list(world: World, caller: Caller, params: Params) -> object:
    account = world.account(caller.uid)
    return list_head(world, account, _find(world, account, params, "origClientOrderId", -2013))


def cancel_list(world: World, caller: Caller, params: Params) -> object:
    account = world.account(caller.uid)
    client_id(params, "newClientOrderId")
    found = _find(world, account, params, "listClientOrderId", -2011)
    order_lists.cancel(world, account, found)
    return cancelled_list(world, account, found)


def open_lists(world: World, caller: Caller, params: Params) -> object:
    account = world.account(caller.uid)
    mine = _of(world, account, params)
    return [list_head(world, account, one) for one in mine if order_lists.is_open(account, one)]


def all_lists(world: World, caller: Caller, params: Params) -> object:
    """Lists, oldest first: from `fromId` upwards, or of a window of 24 hours, else the newest."""
    account, first, count = world.account(caller.uid), integer(params, "fromId"), limit(params, 500, 1000)
    mine, timed = _of(world, account, params), "startTime" in params or "endTime" in params
    if first is not None and timed:
        raise refuse(-1128)
    if first is not None:
        mine = list(islice((one for one in mine if one.list_id >= first), count))
    elif timed:
        start, end = window(params, world.now_ms, default_ms=DAY, largest_ms=DAY)
        mine = list(islice((one for one in mine if start <= one.time <= end), count))
    return [list_head(world, account, one) for one in mine[-count:]]


def _of(world: World, account: Account, params: Params) -> list[OrderList]:
    scope, symbol = margin_scope(params), params.get("symbol")
    if scope is Scope.ISOLATED and symbol is None:
        raise refuse(-1102, name="symbol")
    if symbol is not None:
        world.market(symbol)
    return [one for one in account.lists.values() if one.scope is scope and symbol in (None, one.symbol)]


def _find(world: World, account: Account, params: Params, id_name: str, missing: int) -> OrderList:
    number, name = integer(params, "orderListId"), params.get(id_name)
    mine = _of(world, account, params)
    if number is None and name is None:
        raise refuse(-1102, name="orderListId")
    for one in mine:
        if one.list_id == number or (number is None and one.client_id == name):
            return one
    raise refuse(missing)


_BASE, _TRADE = "/sapi/v1/margin", ("enableSpotAndMarginTrading",)
_SIGNED, _IP, _UID = Security.SIGNED, WeightKind.SAPI_IP, WeightKind.SAPI_UID
_PLACE = ("symbol", "side", "quantity", "price", "stopPrice")
_NEW = (
    "isIsolated", "listClientOrderId", "limitClientOrderId", "limitIcebergQty", "stopClientOrderId", "stopLimitPrice",
    "stopIcebergQty", "stopLimitTimeInForce", "newOrderRespType", "sideEffectType", "selfTradePreventionMode",
    "autoRepayAtCancel",
)  # fmt: skip
_GET = ("isIsolated", "symbol", "orderListId", "origClientOrderId")
_CANCEL = ("isIsolated", "orderListId", "listClientOrderId", "newClientOrderId")
_ALL = ("isIsolated", "symbol", "fromId", "startTime", "endTime", "limit")

ENDPOINTS = (
    Endpoint("POST", f"{_BASE}/order/oco", _SIGNED, order_weight, _UID, place_oco, _PLACE, _NEW, _TRADE),
    Endpoint("GET", f"{_BASE}/orderList", _SIGNED, 10, _IP, get_list, (), _GET),
    Endpoint("DELETE", f"{_BASE}/orderList", _SIGNED, 1, _UID, cancel_list, ("symbol",), _CANCEL, _TRADE),
    Endpoint("GET", f"{_BASE}/openOrderList", _SIGNED, 10, _IP, open_lists, (), ("isIsolated", "symbol")),
    Endpoint("GET", f"{_BASE}/allOrderList", _SIGNED, 200, _IP, all_lists, (), _ALL),
)
