"""Placing and cancelling orders: what an order locks, which checks it passes, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from marginbot.paper.books import loans, matching, news, stops
from marginbot.paper.books.amounts import ZERO, ceil8
from marginbot.paper.books.filters import check_filters
from marginbot.paper.books.listing import TRADING
from marginbot.paper.books.market import Market
from marginbot.paper.books.records import STOP_TYPES, Order, Scope, Trade
from marginbot.paper.books.refusal import (
    DUPLICATE,
    INSUFFICIENT,
    WOULD_TAKE,
    WOULD_TRIGGER,
    filter_failure,
    refuse,
    rejected,
)
from marginbot.paper.books.ticket import BORROWING_EFFECTS, Ticket
from marginbot.paper.books.wallets import Account

if TYPE_CHECKING:
    from marginbot.paper.books.world import World


@dataclass(frozen=True, slots=True)
class Placed:
    """A placed order and the fills it found at once."""

    order: Order
    trades: list[Trade]


def check(world: World, account: Account, ticket: Ticket) -> Market:
    """Everything that can refuse an order before the engine: market, account, filters, client id. Returns its market."""
    market = world.market(ticket.symbol)
    if market.status != TRADING:
        raise refuse(-1013)
    if ticket.scope is Scope.ISOLATED:
        _check_pair(world, account, ticket.symbol)
    elif ticket.scope is Scope.CROSS:
        if not world.takes_cross(market.listing):
            raise refuse(-3021)
        if account.cross_liquidating_until is not None:
            raise refuse(world.config.liquidation_order_code)
    check_filters(ticket, market, account, world.config)
    twin = account.by_client_id.get((ticket.scope, ticket.symbol, ticket.client_id)) if ticket.client_id else None
    if twin is not None and twin.is_open():
        raise rejected(DUPLICATE)
    _check_stop(ticket, market)
    if ticket.type == "LIMIT_MAKER" and ticket.price is not None and market.crosses(ticket.side, ticket.price):
        raise rejected(WOULD_TAKE)
    return market


def place(world: World, account: Account, ticket: Ticket) -> Placed:
    """Check, lock what the order spends (borrowing what is missing where asked to), match, and let the rest stand."""
    market = check(world, account, ticket)
    market.refill(world.running_ms, world.config.refill_ms)
    quantity, cost = _size(ticket, market)
    spent_asset, need = _spends(ticket, market, quantity, cost)
    locked, borrowed = lock(world, account, ticket, market, spent_asset, need)
    order = new_order(world, account, ticket, quantity, locked, borrowed)
    if ticket.type in STOP_TYPES:
        order.working = False
        if order.trailing_delta:
            stops.begin(order, market.last, world.now_ms)
        world.watch_order(order)
        news.of_order(world, order, news.NEW)
        return Placed(order, [])
    news.of_order(world, order, news.NEW)
    return Placed(order, _execute(world, account, order, market))


def cancel(world: World, account: Account, order: Order, cancel_id: str = "") -> Order:
    """Take an open order off the book and unlock what it held; -2011 when it is not open.

    What its loan was not needed for is repaid, unless the order said not to. Own money is spent before borrowed money.
    """
    if not order.is_open():
        raise refuse(-2011)
    order.cancel_id = cancel_id
    legs = [order, *account.open_siblings(order)]
    borrower = next((leg for leg in legs if leg.borrowed), order)
    matching.end(world, account, order, "CANCELED")
    spent = order.quote_executed if order.is_buy else order.executed
    unused = min(borrower.borrowed, borrower.reserved - spent)
    if unused > 0 and borrower.repay_at_cancel:
        listing = world.market(order.symbol).listing
        asset = listing.quote if order.is_buy else listing.base
        loans.auto_repay(world, account, order.scope, order.symbol, asset, unused)
    return order


def activate(world: World, account: Account, order: Order) -> None:
    """A stop order whose price was reached becomes an ordinary one."""
    order.working = True
    order.update_time = world.now_ms
    market = world.market(order.symbol)
    for limit_leg in account.open_siblings(order):
        # The two legs of a list lock once, on the limit leg; now the money is the stop leg's.
        order.locked, limit_leg.locked = limit_leg.locked, ZERO
        order.borrowed, order.reserved, limit_leg.borrowed = limit_leg.borrowed, limit_leg.reserved, ZERO
        matching.end(world, account, limit_leg, "EXPIRED", "OCO_TRIGGER")
    if order.is_buy and not order.price and not _lock_more(account, order, market):
        matching.end(world, account, order, "EXPIRED", "INSUFFICIENT_LIQUIDITY")
        return
    news.of_order(world, order, news.NEW)
    _execute(world, account, order, market)


def _check_pair(world: World, account: Account, symbol: str) -> None:
    if not world.market(symbol).listing.isolated:
        raise refuse(-3021)
    pair = world.pair(account, symbol)
    if not pair.enabled or not pair.trade_enabled:
        raise refuse(-3021)
    if pair.liquidating_until is not None:
        raise refuse(world.config.liquidation_order_code)


def _check_stop(ticket: Ticket, market: Market) -> None:
    if ticket.type not in STOP_TYPES or ticket.stop_price is None or ticket.trailing_delta:
        return
    if stops.is_triggered(ticket.type, ticket.side, ticket.stop_price, market.last):
        raise rejected(WOULD_TRIGGER)


def _size(ticket: Ticket, market: Market) -> tuple[Decimal, Decimal]:
    """(quantity in base, cost in quote) the order will want; a MARKET order's are what the book shows now."""
    if ticket.type != "MARKET":
        quantity = ticket.quantity or ZERO
        price = ticket.price or ticket.stop_price or stops.turning_price(ticket.side, market.last, ticket.trailing_delta or 0)
        return quantity, ceil8(quantity * price)
    filled, cost = matching.quote_market(market, ticket.side, ticket.quantity, ticket.quote_quantity)
    if ticket.quantity is not None:
        return ticket.quantity, cost
    if filled < market.listing.step or not filled:
        raise filter_failure("LOT_SIZE")
    return filled, cost


def _spends(ticket: Ticket, market: Market, quantity: Decimal, cost: Decimal) -> tuple[str, Decimal]:
    listing = market.listing
    return (listing.quote, cost) if ticket.side == "BUY" else (listing.base, quantity)


def lock(world: World, account: Account, ticket: Ticket, market: Market, asset: str, need: Decimal) -> tuple[Decimal, Decimal]:
    """Move `need` from free to locked; returns (what is locked, what had to be borrowed for it).

    Where loans are taken at execution only what is free is locked, and each fill borrows what it misses.
    """
    balance = account.balance(ticket.scope, market.listing, asset)
    missing, borrowed = need - balance.free, ZERO
    if missing > 0:
        if ticket.scope is Scope.SPOT or ticket.side_effect not in BORROWING_EFFECTS:
            raise rejected(INSUFFICIENT)
        if world.config.margin_buy_borrows == "execution":
            if missing > loans.borrowable(world, account, ticket.scope, ticket.symbol, asset):
                raise rejected(INSUFFICIENT)
            need = balance.free
    if need > balance.free:
        borrowed = max(ceil8(missing), world.terms(asset).min_borrow)
        loans.borrow(world, account, ticket.scope, ticket.symbol, asset, borrowed, "AUTO")
        if need > balance.free:
            raise rejected(INSUFFICIENT)
    balance.free -= need
    balance.locked += need
    return need, borrowed


def _lock_more(account: Account, order: Order, market: Market) -> bool:
    """A triggered market buy costs what the book asks now, not what its stop price promised."""
    balance = account.balance(order.scope, market.listing, market.listing.quote)
    _, cost = matching.quote_market(market, order.side, order.quantity, None)
    more = max(ZERO, cost - order.locked)
    if more > balance.free:
        return False
    balance.free -= more
    balance.locked += more
    order.locked += more
    order.reserved += more
    return True


def new_order(world: World, account: Account, ticket: Ticket, quantity: Decimal, locked: Decimal, borrowed: Decimal) -> Order:
    """The order as it enters the customer's books."""
    order_id = world.next_id("order")
    order = Order(
        order_id=order_id,
        uid=account.uid,
        scope=ticket.scope,
        symbol=ticket.symbol,
        side=ticket.side,
        type=ticket.type,
        time_in_force=ticket.time_in_force,
        client_id=ticket.client_id or f"paper-{order_id}",
        quantity=quantity,
        price=ticket.price or ZERO,
        time=world.now_ms,
        update_time=world.now_ms,
        quote_quantity=ticket.quote_quantity or ZERO,
        stop_price=ticket.stop_price or ZERO,
        iceberg=ticket.iceberg or ZERO,
        locked=locked,
        side_effect=ticket.side_effect,
        repay_at_cancel=ticket.repay_at_cancel,
        borrowed=borrowed,
        reserved=locked,
        stp_mode=ticket.stp_mode,
        trailing_delta=ticket.trailing_delta or 0,
    )
    account.orders[order_id] = order
    account.index(order)
    account.order_count.placed(world.now_ms)
    account.forget_oldest(world.config.history)
    return order


def _execute(world: World, account: Account, order: Order, market: Market) -> list[Trade]:
    """Take what the book offers; then the order is filled, stands on the book, or expires."""
    order.working_time = world.now_ms
    limit = order.price or None
    if order.time_in_force == "FOK" and matching.available(market, order.side, limit) < order.quantity:
        matching.end(world, account, order, "EXPIRED", "UNFILLED_FOK_ORDER_EXPIRED")
        return []
    trades = matching.take(world, account, order, market, limit)
    if order.is_open():
        if matching.is_out_of_range(market, order.side, limit):
            matching.end(world, account, order, "EXPIRED", "EXECUTION_RULE_PRICE_RANGE_EXCEEDED")
        elif limit is None:
            matching.end(world, account, order, "EXPIRED", "INSUFFICIENT_LIQUIDITY")
        elif order.time_in_force != "GTC":
            matching.end(world, account, order, "EXPIRED", "UNFILLED_IOC_QUANTITY_EXPIRED")
        else:
            world.watch_order(order)
    return trades
