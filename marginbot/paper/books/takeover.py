"""What the exchange does on a customer's account by its own hand: it cancels, trades and pays, whatever its owner wants."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from marginbot.paper.books import loans, matching, news
from marginbot.paper.books.amounts import ZERO, floor8, half_up8
from marginbot.paper.books.house import add
from marginbot.paper.books.market import Market
from marginbot.paper.books.records import Order, Scope, Seizure, Trade
from marginbot.paper.books.wallets import Account, Balance

if TYPE_CHECKING:
    from marginbot.paper.books.world import World


def cancel_orders(world: World, account: Account, scope: Scope, symbol: str = "") -> None:
    """End the open orders of one margin account, or of one pair in it, without anybody having asked."""
    for order in list(account.open_orders.values()):
        if order.scope is scope and symbol in ("", order.symbol) and order.is_open():
            matching.end(world, account, order, "CANCELED", "EXCHANGE_CANCELED")


def trade(world: World, account: Account, scope: Scope, market: Market, side: str, quantity: Decimal, name: str) -> Trade | None:
    """One order of the system: it takes the book, and beyond the book's end goes on at the worst price seen.

    A BUY takes no more than the free quote pays for; None when that is nothing. `name` begins its client order id.
    """
    listing = market.listing
    base, quote = (account.balance(scope, listing, asset) for asset in (listing.base, listing.quote))
    price = _average_price(market, side, quantity)
    if side == "BUY":
        quantity = min(quantity, floor8(quote.free / price))
    if quantity <= 0:
        return None
    value = min(floor8(quantity * price), quote.free) if side == "BUY" else floor8(quantity * price)
    sign = 1 if side == "BUY" else -1
    base.free += sign * quantity
    quote.free -= sign * value
    add(world.house.counterparty, listing.base, -sign * quantity)
    add(world.house.counterparty, listing.quote, sign * value)
    return _remember(world, account, scope, market, side, quantity, half_up8(price), value, name)


def pay_debt(world: World, asset: str, balance: Balance) -> tuple[Decimal, Decimal]:
    """Clear a debt from what is free; the insurance fund pays the rest. Returns (the whole debt, what the fund paid)."""
    debt = balance.debt
    insured = max(ZERO, debt - balance.free)
    add(world.house.insurance, asset, -insured)
    balance.free -= debt - insured
    loans.return_to_inventory(world, asset, balance.borrowed)
    balance.borrowed = balance.interest = ZERO
    return debt, insured


def note(
    world: World, account: Account, kind: str, scope: Scope, symbol: str, asset: str, amount: Decimal, order_id: int = -1
) -> None:
    """Record what moved; nothing is recorded of nothing."""
    if amount:
        row = Seizure(world.next_id("transaction"), kind, scope, symbol, asset, amount, world.now_ms, order_id)
        account.seizures.append(row)


def _average_price(market: Market, side: str, quantity: Decimal) -> Decimal:
    filled, cost = matching.quote_market(market, side, quantity, None)
    worst = market.best(side)
    for _, level_price, _left in market.depth(side):
        worst = level_price
    return (cost + (quantity - filled) * worst) / quantity


def _remember(
    world: World,
    account: Account,
    scope: Scope,
    market: Market,
    side: str,
    quantity: Decimal,
    price: Decimal,
    value: Decimal,
    name: str,
) -> Trade:
    now, listing, order_id = world.now_ms, market.listing, world.next_id("order")
    order = Order(
        order_id, account.uid, scope, listing.symbol, side, "LIMIT", "GTC", f"{name}-{order_id}", quantity, price,
        now, now, executed=quantity, quote_executed=value, status="FILLED", working_time=now,
    )  # fmt: skip
    account.orders[order_id] = order
    account.index(order)
    received, trade_id = listing.quote if side == "SELL" else listing.base, world.next_id("trade")
    number = world.next_id("transaction")
    made = Trade(
        trade_id, order_id, scope, listing.symbol, price, quantity, value, ZERO, received, order.is_buy, False, now, number,
    )  # fmt: skip
    account.trades.append(made)
    news.of_order(world, order, news.TRADE, made)
    return made
