"""What margin and spot orders share: finding one, cancelling, open orders, histories."""

from __future__ import annotations

from itertools import islice

from marginbot.paper.api.order_rows import Row, cancelled_list, cancelled_order, order_row, trade_row
from marginbot.paper.api.params import DAY, Params, client_id, integer, limit, window
from marginbot.paper.books import trading
from marginbot.paper.books.records import Order, Scope
from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.wallets import Account
from marginbot.paper.books.world import World


def find_order(world: World, account: Account, scope: Scope, params: Params, missing: int) -> Order:
    """The order of this account named by `orderId` or `origClientOrderId`; `missing` is the code when there is none."""
    symbol = params["symbol"]
    world.market(symbol)
    order_id, name = integer(params, "orderId"), params.get("origClientOrderId")
    if order_id is None and name is None:
        raise refuse(-1102, name="orderId")
    by_name = account.by_client_id.get((scope, symbol, name or ""))
    order = by_name if order_id is None else account.orders.get(order_id)
    if order is None or order.scope is not scope or order.symbol != symbol:
        raise refuse(missing)
    if missing == -2013 and world.now_ms - order.time < world.config.lookup_lag_ms:
        raise refuse(missing)
    if name is not None and order.client_id != name:
        raise refuse(-2039)
    return order


def cancel_one(world: World, account: Account, scope: Scope, params: Params) -> Row:
    cancel_id = client_id(params, "newClientOrderId")
    order = find_order(world, account, scope, params, missing=-2011)
    restriction = params.get("cancelRestrictions")
    if restriction is not None:
        _check_restriction(restriction, order)
    trading.cancel(world, account, order, cancel_id)
    return cancelled_order(world, order, cancel_id or _cancel_id(order), many=False)


def cancel_all(world: World, account: Account, scope: Scope, symbol: str) -> list[Row]:
    """Cancel every open order of one pair, lists mixed with single orders; -2011 when nothing is open."""
    world.market(symbol)
    orders = _open(account, scope, symbol)
    if not orders and (scope is Scope.SPOT or world.config.empty_cancel_refused):
        raise refuse(-2011)
    rows: list[Row] = []
    for order in orders:
        if not order.is_open():
            # The other leg of a list that is in the answer already.
            continue
        trading.cancel(world, account, order)
        found = account.lists.get(order.list_id)
        single = cancelled_order(world, order, _cancel_id(order), many=True)
        rows.append(single if found is None else cancelled_list(world, account, found))
    return rows


def open_orders(world: World, account: Account, scope: Scope, symbol: str | None) -> list[Row]:
    if symbol is not None:
        world.market(symbol)
    return [order_row(world, order) for order in _open(account, scope, symbol)]


def all_orders(world: World, account: Account, scope: Scope, params: Params, largest: int) -> list[Row]:
    """Orders of one pair, oldest first: from `orderId` upwards, or of a window of 24 hours, else the newest."""
    symbol, first, count = params["symbol"], integer(params, "orderId"), limit(params, 500, largest)
    world.market(symbol)
    mine = (o for o in account.orders.values() if o.scope is scope and o.symbol == symbol)
    if first is not None:
        return [order_row(world, order) for order in islice((o for o in mine if o.order_id >= first), count)]
    if "startTime" in params or "endTime" in params:
        start, end = window(params, world.now_ms, default_ms=DAY, largest_ms=DAY)
        return [order_row(world, order) for order in islice((o for o in mine if start <= o.time <= end), count)]
    newest = (o for o in reversed(account.orders.values()) if o.scope is scope and o.symbol == symbol)
    return [order_row(world, order) for order in reversed(list(islice(newest, count)))]


def my_trades(world: World, account: Account, scope: Scope, params: Params) -> list[Row]:
    """Trades of one pair, oldest first: of an order, from a trade id, of a window of 24 hours, else the newest."""
    symbol, count = params["symbol"], limit(params, 500, 1000)
    world.market(symbol)
    order_id, first = integer(params, "orderId"), integer(params, "fromId")
    timed = "startTime" in params or "endTime" in params
    start, end = window(params, world.now_ms, default_ms=DAY, largest_ms=DAY) if timed else (0, world.now_ms)
    newest_first = first is None and not timed
    mine = (
        trade
        for trade in (reversed(account.trades) if newest_first else account.trades)
        if trade.scope is scope and trade.symbol == symbol and start <= trade.time <= end
        and (order_id is None or trade.order_id == order_id) and (first is None or trade.trade_id >= first)
    )  # fmt: skip
    found = list(islice(mine, count))
    return [trade_row(world, trade) for trade in (reversed(found) if newest_first else found)]


def _open(account: Account, scope: Scope, symbol: str | None) -> list[Order]:
    return [o for o in account.open_orders.values() if o.scope is scope and symbol in (None, o.symbol)]


def _check_restriction(restriction: str, order: Order) -> None:
    statuses = {"ONLY_NEW": "NEW", "ONLY_PARTIALLY_FILLED": "PARTIALLY_FILLED"}
    if restriction not in statuses:
        raise refuse(-1145)
    if order.status != statuses[restriction]:
        raise refuse(-2011)


def _cancel_id(order: Order) -> str:
    return f"paper-cancel-{order.order_id}"
