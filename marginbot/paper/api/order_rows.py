"""Orders and trades as the answers show them: margin and spot differ in a few keys."""

from __future__ import annotations

from marginbot.paper.books.records import Order, OrderList, Scope, Trade
from marginbot.paper.books.wallets import Account
from marginbot.paper.books.world import World

Row = dict[str, object]


def new_order(world: World, order: Order, trades: list[Trade], form: str) -> Row:
    """The answer to a new order in the form ACK, RESULT or FULL."""
    row: Row = {"symbol": order.symbol, "orderId": order.order_id}
    if order.scope is Scope.SPOT:
        row["orderListId"] = -1
    row |= {"clientOrderId": order.client_id, "transactTime": order.time}
    if order.scope is not Scope.SPOT:
        row["isIsolated"] = order.scope is Scope.ISOLATED
    if form == "ACK":
        return row
    row |= _state(world, order) | {"selfTradePreventionMode": order.stp_mode}
    if order.scope is Scope.SPOT:
        row |= {"origQuoteOrderQty": world.text(order.quote_quantity), "workingTime": order.working_time}
        row |= _trailing(order)
    if order.borrowed:
        asset = world.market(order.symbol).listing.quote if order.is_buy else world.market(order.symbol).listing.base
        row |= {"marginBuyBorrowAmount": world.text(order.borrowed), "marginBuyBorrowAsset": asset}
    if form == "FULL":
        row["fills"] = [_fill(world, trade) for trade in trades]
    return row


def order_row(world: World, order: Order) -> Row:
    """One order of a query."""
    row = {"symbol": order.symbol, "orderId": order.order_id, "clientOrderId": order.client_id}
    row |= _state(world, order) | {
        "stopPrice": world.text(order.stop_price),
        "icebergQty": world.text(order.iceberg),
        "time": order.time,
        "updateTime": order.update_time,
        "isWorking": order.working,
        "selfTradePreventionMode": order.stp_mode,
    }
    if order.scope is not Scope.SPOT:
        return row | {"isIsolated": order.scope is Scope.ISOLATED}
    spent = world.text(order.quote_quantity)
    row |= {"orderListId": -1, "workingTime": order.working_time, "origQuoteOrderQty": spent}
    return row | _trailing(order)


def cancelled_order(world: World, order: Order, cancel_id: str, *, many: bool) -> Row:
    """One cancelled order; `orderId` is text in the answer to cancelling one margin order, and only there."""
    row: Row = {
        "symbol": order.symbol,
        "origClientOrderId": order.client_id,
        "orderId": order.order_id,
        "clientOrderId": cancel_id,
        **_state(world, order),
    }
    if order.scope is Scope.SPOT:
        spent = world.text(order.quote_quantity)
        row |= {"orderListId": order.list_id, "transactTime": order.update_time, "origQuoteOrderQty": spent}
        return row | {"selfTradePreventionMode": order.stp_mode}
    row["isIsolated"] = order.scope is Scope.ISOLATED
    if many:
        return row | {"orderListId": order.list_id, "selfTradePreventionMode": order.stp_mode}
    return row | {"orderId": str(order.order_id)}


def list_head(world: World, account: Account, orders: OrderList) -> Row:
    """A list of orders without reports of its legs."""
    legs = [account.orders[number] for number in orders.legs]
    works = any(leg.is_open() for leg in legs)
    return {
        "orderListId": orders.list_id,
        "contingencyType": "OCO",
        "listStatusType": "EXEC_STARTED" if works else "ALL_DONE",
        "listOrderStatus": "EXECUTING" if works else "ALL_DONE",
        "listClientOrderId": orders.client_id,
        "transactionTime": orders.time if works else max(leg.update_time for leg in legs),
        "symbol": orders.symbol,
        "isIsolated": orders.scope is Scope.ISOLATED,
        "orders": [{"symbol": leg.symbol, "orderId": leg.order_id, "clientOrderId": leg.client_id} for leg in legs],
    }


def new_list(world: World, account: Account, orders: OrderList) -> Row:
    """The answer to a new list, with what was borrowed for it."""
    legs = [account.orders[number] for number in orders.legs]
    head, borrowed = list_head(world, account, orders), legs[0].borrowed
    if borrowed:
        listing = world.market(orders.symbol).listing
        asset = listing.quote if legs[0].is_buy else listing.base
        head |= {"marginBuyBorrowAmount": world.text(borrowed), "marginBuyBorrowAsset": asset}
    return head | {"orderReports": [_new_leg(world, leg) for leg in legs]}


def cancelled_list(world: World, account: Account, orders: OrderList) -> Row:
    """The answer to cancelling a list, or one element of the answer to cancelling everything."""
    legs = [account.orders[number] for number in orders.legs]
    reports = [cancelled_leg(world, leg) for leg in legs]
    for report in reports:
        report.pop("isIsolated", None)  # the head of the list says it, the reports of its legs do not
    return list_head(world, account, orders) | {"orderReports": reports}


def cancelled_leg(world: World, leg: Order) -> Row:
    """The report of one order of a cancelled list."""
    return cancelled_order(world, leg, f"paper-cancel-{leg.order_id}", many=True) | _stop(world, leg)


def _new_leg(world: World, leg: Order) -> Row:
    row: Row = {"symbol": leg.symbol, "orderId": leg.order_id, "orderListId": leg.list_id, "clientOrderId": leg.client_id}
    return row | {"transactTime": leg.time, **_state(world, leg), **_stop(world, leg), "selfTradePreventionMode": leg.stp_mode}


def _stop(world: World, leg: Order) -> Row:
    return {"stopPrice": world.text(leg.stop_price)} if leg.stop_price else {}


def trade_row(world: World, trade: Trade) -> Row:
    """One trade of myTrades; only the spot answer has `quoteQty` and `orderListId`."""
    row: Row = {
        "symbol": trade.symbol,
        "id": trade.trade_id,
        "orderId": trade.order_id,
        "price": world.text(trade.price),
        "qty": world.text(trade.quantity),
        "commission": world.text(trade.commission),
        "commissionAsset": trade.commission_asset,
        "time": trade.time,
        "isBuyer": trade.is_buyer,
        "isMaker": trade.is_maker,
        "isBestMatch": True,
    }
    if trade.scope is Scope.SPOT:
        return row | {"orderListId": -1, "quoteQty": world.text(trade.quote_quantity)}
    return row | {"isIsolated": trade.scope is Scope.ISOLATED}


def _trailing(order: Order) -> Row:
    """What only a trailing order has, `trailingTime` once it follows the market."""
    if not order.trailing_delta:
        return {}
    since = {"trailingTime": order.trailing_time} if order.trailing_time > 0 else {}
    return {"trailingDelta": order.trailing_delta, **since}


def _state(world: World, order: Order) -> Row:
    row: Row = {
        "price": world.text(order.price),
        "origQty": world.text(order.quantity),
        "executedQty": world.text(order.executed),
        "cummulativeQuoteQty": world.text(order.quote_executed),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
    }
    told = order.scope is Scope.SPOT or world.config.sapi_expiry_reason
    if order.expiry_reason is not None and order.status == "EXPIRED" and told:
        row["expiryReason"] = order.expiry_reason
    return row


def _fill(world: World, trade: Trade) -> Row:
    return {
        "price": world.text(trade.price),
        "qty": world.text(trade.quantity),
        "commission": world.text(trade.commission),
        "commissionAsset": trade.commission_asset,
        "tradeId": trade.trade_id,
    }
