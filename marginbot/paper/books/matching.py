"""Fills: orders meet the synthetic book, money changes sides, fees are taken, and what stays locked is kept exact."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from marginbot.paper.books import loans, news
from marginbot.paper.books.amounts import ZERO, ceil8, floor8, floor_step, half_up8
from marginbot.paper.books.house import add
from marginbot.paper.books.market import Market
from marginbot.paper.books.records import Order, Scope, Trade
from marginbot.paper.books.refusal import Refusal
from marginbot.paper.books.ticket import BORROWING_EFFECTS, REPAYING_EFFECTS
from marginbot.paper.books.wallets import Account, Balance

if TYPE_CHECKING:
    from marginbot.paper.books.world import World


def quote_market(market: Market, side: str, quantity: Decimal | None, quote_quantity: Decimal | None) -> tuple[Decimal, Decimal]:
    """(base filled, quote paid or received) of a market order against the book as it stands, nothing taken."""
    filled = cost = ZERO
    step = market.listing.step
    for _, price, left in market.depth(side):
        if quantity is not None:
            part = min(left, quantity - filled)
        else:
            part = min(left, floor_step(((quote_quantity or ZERO) - cost) / price, step))
        if part <= 0:
            break
        filled += part
        cost += floor8(part * price)
    return filled, cost


def available(market: Market, side: str, limit: Decimal | None) -> Decimal:
    """Base that a taker of `side` finds within `limit` and within the price range."""
    total = ZERO
    for _, price, left in market.depth(side):
        if _is_beyond(side, price, limit) or not market.may_take(side, price):
            break
        total += left
    return total


def is_out_of_range(market: Market, side: str, limit: Decimal | None) -> bool:
    """Whether the price-range rule alone keeps a taker of `side` from the best level that is left."""
    best = next(iter(market.depth(side)), None)
    return best is not None and not _is_beyond(side, best[1], limit) and not market.may_take(side, best[1])


def take(
    world: World, account: Account, order: Order, market: Market, limit: Decimal | None, *, maker: bool = False
) -> list[Trade]:
    """Fill `order` from the book level by level within `limit`; a resting (maker) order fills at its own price."""
    parts: list[tuple[int, Decimal, Decimal]] = []
    wanted = order.remaining
    for level, price, left in market.depth(order.side):
        if wanted <= 0 or _is_beyond(order.side, price, limit) or not (maker or market.may_take(order.side, price)):
            break
        part = min(left, wanted)
        parts.append((level, price, part))
        wanted -= part
    trades = []
    for level, price, part in parts:
        at = order.price if maker else price
        if not _can_pay(world, account, order, market, floor8(part * at) if order.is_buy else part):
            end(world, account, order, "EXPIRED", "REJECTED")
            break
        market.take(order.side, level, part, world.running_ms)
        trades.append(fill(world, account, order, market, at, part, maker=maker))
    if trades:
        _settle_lock(account, order, market)
        if order.side_effect in REPAYING_EFFECTS:
            received = market.listing.base if order.is_buy else market.listing.quote
            amount = sum((_income(trade, received) for trade in trades), ZERO)
            loans.auto_repay(world, account, order.scope, order.symbol, received, amount)
        world.review(account, order.scope, market)
    return trades


def _can_pay(world: World, account: Account, order: Order, market: Market, cost: Decimal) -> bool:
    """Whether the order holds `cost` of what it spends; a borrowing one that borrows at execution gets it now."""
    missing = cost - order.locked
    if missing <= 0:
        return True
    if order.side_effect not in BORROWING_EFFECTS or order.scope is Scope.SPOT:
        return False
    asset = market.listing.quote if order.is_buy else market.listing.base
    balance = account.balance(order.scope, market.listing, asset)
    short = missing - balance.free
    if short > 0:
        amount = max(ceil8(short), world.terms(asset).min_borrow)
        try:
            loans.borrow(world, account, order.scope, order.symbol, asset, amount, "AUTO")
        except Refusal:
            # The level, the inventory or a pending loan forbids it now: the rest of the order is not carried out.
            return False
        order.borrowed += amount
    balance.free -= missing
    balance.locked += missing
    order.locked += missing
    order.reserved += missing
    return True


def fill(
    world: World, account: Account, order: Order, market: Market, price: Decimal, quantity: Decimal, *, maker: bool
) -> Trade:
    """Exchange `quantity` base against quote at `price` between `order` and the rest of the world."""
    listing, value = market.listing, floor8(quantity * price)
    base = account.balance(order.scope, listing, listing.base)
    quote = account.balance(order.scope, listing, listing.quote)
    sign = 1 if order.is_buy else -1
    add(world.house.counterparty, listing.base, -sign * quantity)
    add(world.house.counterparty, listing.quote, sign * value)
    if order.is_buy:
        quote.locked -= value
        order.locked -= value
        base.free += quantity
    else:
        base.locked -= quantity
        order.locked -= quantity
        quote.free += value
    if not order.executed:
        account.order_count.filled(world.now_ms, maker=maker)
    order.executed += quantity
    order.quote_executed += value
    order.update_time = world.now_ms
    order.status = "FILLED" if order.remaining <= 0 else "PARTIALLY_FILLED"
    received, income = (listing.base, quantity) if order.is_buy else (listing.quote, value)
    asset, fee = _charge_fee(world, account, order, market, received, income, maker=maker)
    for leg in account.open_siblings(order):
        end(world, account, leg, "EXPIRED", "OCO_TRIGGER")
    trade = Trade(
        world.next_id("trade"), order.order_id, order.scope, order.symbol, price, quantity, value, fee, asset,
        order.is_buy, maker, world.now_ms, world.next_id("transaction"),
    )  # fmt: skip
    account.trades.append(trade)
    news.of_order(world, order, news.TRADE, trade)
    if not order.is_open():
        account.index(order)
        world.forget_order(order)
    return trade


def end(world: World, account: Account, order: Order, status: str, reason: str | None = None) -> None:
    """Close an order that is not filled and give back what it still locks; cancelling a leg of a list ends the list."""
    order.status = status
    order.expiry_reason = reason
    order.update_time = world.now_ms
    order.working = False
    _settle_lock(account, order, world.market(order.symbol))
    account.index(order)
    world.forget_order(order)
    news.of_order(world, order, status)
    for leg in account.open_siblings(order) if status == "CANCELED" else ():
        end(world, account, leg, status, reason)


def _is_beyond(side: str, price: Decimal, limit: Decimal | None) -> bool:
    return limit is not None and (price > limit if side == "BUY" else price < limit)


def _settle_lock(account: Account, order: Order, market: Market) -> None:
    """Unlock what the order no longer needs: all of it once final, else what better prices have saved."""
    listing = market.listing
    if not order.is_open():
        keep = ZERO
    elif not order.is_buy:
        keep = order.remaining
    else:
        keep = ceil8(order.remaining * order.price) if order.price else order.locked
    surplus = order.locked - keep
    if surplus > 0:
        balance = account.balance(order.scope, listing, listing.quote if order.is_buy else listing.base)
        order.locked -= surplus
        balance.locked -= surplus
        balance.free += surplus


def _income(trade: Trade, asset: str) -> Decimal:
    gross = trade.quantity if trade.is_buyer else trade.quote_quantity
    return gross - trade.commission if trade.commission_asset == asset else gross


def _charge_fee(
    world: World, account: Account, order: Order, market: Market, received: str, income: Decimal, *, maker: bool
) -> tuple[str, Decimal]:
    """Take the fee in BNB where that is switched on and affordable, else from what was received."""
    rate = account.maker_fee if maker else account.taker_fee
    extra = account.special.of(order.side, maker=maker) + account.tax.of(order.side, maker=maker)
    purse = _bnb_purse(world, account, order)
    if purse is not None and received != "BNB":
        price = world.usdt_price("BNB")
        value = income * (rate * (1 - world.config.bnb_discount) + extra) * world.usdt_price(received)
        fee = half_up8(value / price) if price else ZERO
        if ZERO < fee <= purse.free:
            purse.free -= fee
            add(world.house.fees, "BNB", fee)
            return "BNB", fee
    fee = half_up8(income * (rate + extra))
    account.balance(order.scope, market.listing, received).free -= fee
    add(world.house.fees, received, fee)
    return received, fee


def _bnb_purse(world: World, account: Account, order: Order) -> Balance | None:
    if not account.spot_bnb_burn:
        return None
    if order.scope is Scope.ISOLATED:
        return account.wallet(Scope.SPOT, "BNB") if world.config.isolated_fees_in_bnb else None
    return account.wallet(order.scope, "BNB")
