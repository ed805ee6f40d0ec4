"""Forced liquidation of an isolated account: orders vanish, the position is traded away, debts and the fee are paid."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from marginbot.paper.books import matching, news, risk
from marginbot.paper.books.amounts import ZERO, floor8, half_up8
from marginbot.paper.books.house import add
from marginbot.paper.books.market import Market
from marginbot.paper.books.records import Liquidation, Order, Scope, Trade
from marginbot.paper.books.wallets import Account, Balance, IsolatedPair

if TYPE_CHECKING:
    from marginbot.paper.books.world import World


def is_due(pair: IsolatedPair, market: Market) -> bool:
    """Whether the exchange must take over: the level is at the liquidation ratio of the position's tier or below."""
    if pair.liquidating_until is not None or not pair.owes():
        return False
    level = risk.margin_level(pair, market.index)
    return level is not None and level <= risk.pair_tier(market.listing, pair).liquidation_ratio


def begin(world: World, account: Account, pair: IsolatedPair) -> None:
    """Cancel the pair's orders and shut its owner out until `finish`."""
    for order in list(account.open_orders.values()):
        if order.scope is Scope.ISOLATED and order.symbol == pair.symbol and order.is_open():
            matching.end(world, account, order, "CANCELED", "EXCHANGE_CANCELED")
    pair.liquidating_until = world.running_ms + world.config.liquidation_ms
    if not world.config.liquidation_ms:
        finish(world, account, pair)
        return
    world.wake_at(pair.liquidating_until)


def finish(world: World, account: Account, pair: IsolatedPair) -> None:
    """Trade the position into quote, repay both debts, take the fee; the insurance fund pays what is missing."""
    market = world.market(pair.symbol)
    fee = half_up8(risk.assets_value(pair, market.index) * world.config.liquidation_fee)
    surplus = pair.base.free - pair.base.debt
    if surplus > 0:
        _trade(world, account, pair, market, "SELL", surplus)
    elif surplus < 0:
        _trade(world, account, pair, market, "BUY", -surplus)
    for asset, balance in ((market.listing.base, pair.base), (market.listing.quote, pair.quote)):
        _pay_debt(world, asset, balance)
    fee = min(fee, pair.quote.free)
    pair.quote.free -= fee
    add(world.house.insurance, market.listing.quote, fee)
    pair.liquidating_until = None


def _pay_debt(world: World, asset: str, balance: Balance) -> None:
    unpaid = max(ZERO, balance.debt - balance.free)
    balance.free -= balance.debt - unpaid
    add(world.house.insurance, asset, -unpaid)
    balance.borrowed = balance.interest = ZERO


def _trade(world: World, account: Account, pair: IsolatedPair, market: Market, side: str, quantity: Decimal) -> None:
    """One order of the system: it takes the book, and beyond the book's end goes on at the worst price seen."""
    price = _average_price(market, side, quantity)
    if side == "BUY":
        quantity = min(quantity, floor8(pair.quote.free / price))
    if quantity <= 0:
        return
    value = min(floor8(quantity * price), pair.quote.free) if side == "BUY" else floor8(quantity * price)
    sign = 1 if side == "BUY" else -1
    pair.base.free += sign * quantity
    pair.quote.free -= sign * value
    add(world.house.counterparty, market.listing.base, -sign * quantity)
    add(world.house.counterparty, market.listing.quote, sign * value)
    _remember(world, account, market, side, quantity, half_up8(price), value)


def _average_price(market: Market, side: str, quantity: Decimal) -> Decimal:
    filled, cost = matching.quote_market(market, side, quantity, None)
    worst = market.best(side)
    for _, level_price, _left in market.depth(side):
        worst = level_price
    return (cost + (quantity - filled) * worst) / quantity


def _remember(
    world: World, account: Account, market: Market, side: str, quantity: Decimal, price: Decimal, value: Decimal
) -> None:
    now, symbol, order_id = world.now_ms, market.listing.symbol, world.next_id("order")
    order = Order(
        order_id, account.uid, Scope.ISOLATED, symbol, side, "LIMIT", "GTC", f"autoclose-{order_id}", quantity, price,
        now, now, executed=quantity, quote_executed=value, status="FILLED", working_time=now,
    )  # fmt: skip
    account.orders[order_id] = order
    account.index(order)
    received = market.listing.quote if side == "SELL" else market.listing.base
    trade_id = world.next_id("trade")
    trade = Trade(trade_id, order_id, order.scope, symbol, price, quantity, value, ZERO, received, order.is_buy, False, now)
    account.trades.append(trade)
    news.of_order(world, order, news.TRADE, trade)
    account.liquidations.append(Liquidation(order_id, symbol, side, price, price, quantity, quantity, now))
