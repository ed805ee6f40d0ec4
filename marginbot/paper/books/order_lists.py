"""Order lists: two orders on one position, of which the first to act ends the other. Their money is locked once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marginbot.paper.books import news, trading
from marginbot.paper.books.amounts import ZERO, ceil8
from marginbot.paper.books.records import OrderList
from marginbot.paper.books.refusal import DUPLICATE, filter_failure, rejected
from marginbot.paper.books.ticket import Ticket
from marginbot.paper.books.wallets import Account

if TYPE_CHECKING:
    from marginbot.paper.books.world import World

WRONG_PRICES = "The relationship of the prices for the orders is not correct."


def place(world: World, account: Account, limit: Ticket, stop: Ticket, client_id: str = "") -> OrderList:
    """Place a LIMIT_MAKER and a stop order as one list (OCO). A SELL wants limit > last > stop, a BUY the reverse.

    Refusals: those of both orders, and -2010 for prices on the wrong side. What is locked is what the dearer leg needs.
    """
    market = world.market(limit.symbol)
    _check_count(account, limit, market.listing.max_order_lists)
    limit_price, stop_price = limit.price or ZERO, stop.stop_price or ZERO
    low, high = (stop_price, limit_price) if limit.side == "SELL" else (limit_price, stop_price)
    if not low < market.last < high:
        raise rejected(WRONG_PRICES)
    for ticket in (limit, stop):
        trading.check(world, account, ticket)
    if limit.client_id and limit.client_id == stop.client_id:
        raise rejected(DUPLICATE)
    quantity = limit.quantity or ZERO
    dearest = max(limit_price, stop.price or stop_price)
    asset, need = (market.listing.quote, ceil8(quantity * dearest)) if limit.side == "BUY" else (market.listing.base, quantity)
    held, borrowed = trading.lock(world, account, limit, market, asset, need)
    list_id = world.next_id("list")
    orders = OrderList(list_id, limit.scope, limit.symbol, client_id or f"paper-list-{list_id}", [], world.now_ms)
    account.lists[list_id] = orders
    for ticket, locked, lent in ((limit, held, borrowed), (stop, ZERO, ZERO)):
        order = trading.new_order(world, account, ticket, quantity, locked, lent)
        order.list_id, order.working = list_id, ticket is limit
        order.working_time = world.now_ms if order.working else -1
        orders.legs.append(order.order_id)
        world.watch_order(order)
        news.of_order(world, order, news.NEW)
    return orders


def cancel(world: World, account: Account, orders: OrderList) -> None:
    """Cancel both legs; -2011 when neither is open any more."""
    legs = [account.orders[number] for number in orders.legs]
    trading.cancel(world, account, next((leg for leg in legs if leg.is_open()), legs[0]))


def is_open(account: Account, orders: OrderList) -> bool:
    """Whether any leg can still act."""
    return any(account.orders[number].is_open() for number in orders.legs)


def _check_count(account: Account, ticket: Ticket, most: int) -> None:
    working = {order.list_id for order in account.open_orders.values() if order.symbol == ticket.symbol} - {-1}
    if most and len(working) >= most:
        raise filter_failure("MAX_NUM_ORDER_LISTS")
