"""Closing: how much base to sell or to buy back, and by which order."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from marginbot.domain.amounts import ONE, ZERO, ceil_step, exact, floor_step, plain
from marginbot.domain.book import affordable, cap_price, depth_within, levels_for, slippage_bps, walk
from marginbot.domain.look import Look
from marginbot.domain.margin import buy_back_quantity
from marginbot.domain.plan import CloseOrder, Goal, Into, Limits, Need, Side
from marginbot.rules.sizes import NOTIONAL_MARGIN, is_tradable, largest_order, order_price, slices, smallest_order

HEADROOM = Decimal("1.001")
"""A BUY that spends all there is leaves this much for the book to move before the order arrives."""


@dataclass(frozen=True, slots=True)
class Trade:
    """What should be traded: base quantity on the step, and why."""

    side: Side
    quantity: Decimal
    because: str


@dataclass(frozen=True, slots=True)
class Closing:
    """The orders that bring a trade about now; without orders, `needs` what must be read first or `blocked` why it must wait.

    capped: it is the slippage cap that blocks.
    """

    orders: tuple[CloseOrder, ...] = ()
    blocked: str | None = None
    needs: frozenset[Need] = frozenset()
    capped: bool = False


@exact
def trade_for(goal: Goal, look: Look) -> Trade | None:
    """The trade that the goal still needs, None when there is none worth an order."""
    base, quote = look.account.base, look.account.quote
    if look.account.index_price <= 0:
        return None  # nothing can be valued; only a pair that owes nothing may be without an index
    if base.liability > base.free:
        return _buy_back(look)
    if goal.into is Into.QUOTE:
        return _sell(look, base.free - base.liability, "all base is turned into quote")
    if quote.liability > quote.free:
        return _sell_for_debt(look)
    if goal.into is Into.BASE and not look.account.owes:
        return _buy_with_rest(look)
    return None


def no_trading(look: Look) -> str | None:
    """Why the exchange takes no order of this pair now; None when it does."""
    rules = look.market.rules
    if not rules.trading:
        return f"{rules.symbol} is {rules.status}: the exchange takes no orders"
    if not look.account.trade_enabled:
        return f"the exchange has switched trading off for the isolated account of {rules.symbol}"
    return None


@exact
def orders_for(trade: Trade, look: Look, limits: Limits) -> Closing:
    """MARKET orders (in slices) when the book keeps the cap, else LIMIT IOC at the cap for what the book shows inside it."""
    rules, book = look.market.rules, look.market.book
    index, side = look.account.index_price, trade.side
    if (why := no_trading(look)) is not None:
        return Closing(blocked=why)
    if not levels_for(book, side):
        return Closing(blocked=f"the order book of {rules.symbol} has no {'bids' if side is Side.SELL else 'asks'}")
    if not walk(book, side, trade.quantity).complete and not look.book_is_deep:
        return Closing(needs=frozenset({Need.DEEP_BOOK}))
    orders: list[CloseOrder] = []
    done = ZERO
    for quantity in slices(rules.filters, trade.quantity, index):
        there = walk(book, side, quantity, skip=done)
        if not there.complete or slippage_bps(side, there.value / there.quantity, index) > limits.max_slippage_bps:
            break
        orders.append(_order(look, trade, quantity, None, there.value / there.quantity))
        done += quantity
    return Closing(tuple(orders)) if orders else _inside_cap(trade, look, limits)


def _inside_cap(trade: Trade, look: Look, limits: Limits) -> Closing:
    rules, book, index = look.market.rules, look.market.book, look.account.index_price
    filters, cap = rules.filters, limits.max_slippage_bps
    limit, tick = cap_price(trade.side, index, cap), filters.price_step
    limit = max(ceil_step(limit, tick), tick) if trade.side is Side.SELL else floor_step(limit, tick)
    wanted = min(trade.quantity, depth_within(book, trade.side, limit))
    if trade.side is Side.BUY:
        wanted = min(wanted, look.account.quote.free / max(limit, tick))  # a resting BUY locks its limit price, not what it costs
    most = largest_order(filters, filters.max_qty, max(index, limit))
    quantity = floor_step(wanted if most is None else min(wanted, most), filters.order_step)
    best = levels_for(book, trade.side)[0].price
    if not is_tradable(filters, quantity, min(best, limit)):
        worse = slippage_bps(trade.side, best, index)
        return Closing(
            blocked=f"the cap of {plain(cap)} bps blocks it: the best price is {plain(best)}, {worse:.1f} bps from the index "
            f"{plain(index)}, and the book shows less than one order inside the cap",
            capped=True,
        )
    there = walk(book, trade.side, quantity)
    return Closing((_order(look, trade, quantity, limit, there.value / there.quantity),))


def _order(look: Look, trade: Trade, quantity: Decimal, limit: Decimal | None, price: Decimal) -> CloseOrder:
    rules, index = look.market.rules, look.account.index_price
    return CloseOrder(
        symbol=rules.symbol,
        base=rules.base,
        quote=rules.quote,
        side=trade.side,
        quantity=quantity,
        limit_price=limit,
        index_price=index,
        expected_price=price,
        slippage_bps=slippage_bps(trade.side, price, index),
        because=trade.because if limit is None else f"{trade.because}; LIMIT IOC at {plain(limit)} keeps it inside the cap",
    )


def _sell(look: Look, spare: Decimal, because: str) -> Trade | None:
    filters, asset = look.market.rules.filters, look.market.rules.base
    quantity = floor_step(spare, filters.order_step)
    price = order_price(look)
    margin = ONE if look.account.owes else NOTIONAL_MARGIN
    if not is_tradable(filters, quantity, price / margin):
        return None
    return Trade(Side.SELL, quantity, f"{plain(spare)} {asset} are free of debt: {because}")


def _sell_for_debt(look: Look) -> Trade | None:
    """`--into keep` and the first half of `--into base`: sell only what the quote debt still lacks."""
    filters, fee = look.market.rules.filters, look.market.fees.taker
    base, quote = look.account.base, look.account.quote
    missing = quote.liability + next_interest(look, quote_side=True) - quote.free
    price = order_price(look)
    wanted = ceil_step(missing / (price * (ONE - fee)), filters.order_step)
    wanted = max(wanted, smallest_order(filters, price))
    quantity = min(wanted, floor_step(base.free - base.liability, filters.order_step))
    if not is_tradable(filters, quantity, price):
        return None
    return Trade(Side.SELL, quantity, f"repayment lacks {plain(missing)} {quote.asset}; no more base than that is sold")


def _buy_back(look: Look) -> Trade | None:
    rules, base, quote = look.market.rules, look.account.base, look.account.quote
    price = order_price(look)
    interest = next_interest(look, quote_side=False)
    needed = buy_back_quantity(base.liability, interest, base.free, look.market.fees.taker, rules.filters.order_step)
    least = smallest_order(rules.filters, price)
    wanted = needed
    because = f"{plain(base.liability)} {base.asset} are owed and {plain(base.free)} held; fee and next interest included"
    if wanted < least:
        wanted = least
        because += f"; raised from {plain(needed)} to the smallest order, the surplus comes home"
    most = room(look)
    if most is not None and most < wanted:
        wanted = most
        because += f"; the pair's largest position leaves room for {plain(most)}"
        if not is_tradable(rules.filters, wanted, price):
            return None
    cost = walk(look.market.book, Side.BUY, wanted)
    if cost.value <= quote.free if cost.complete else cost.value < quote.free:
        return Trade(Side.BUY, wanted, because)
    reach = floor_step(affordable(look.market.book, quote.free / HEADROOM), rules.filters.order_step)
    quantity = min(reach, wanted)
    if not is_tradable(rules.filters, quantity, price):
        return None
    return Trade(Side.BUY, quantity, f"{because}; {plain(quote.free)} {quote.asset} pay for no more than {plain(quantity)}")


def _buy_with_rest(look: Look) -> Trade | None:
    rules, quote = look.market.rules, look.account.quote
    asks = look.market.book.asks
    if not asks:
        return None
    most = room(look)
    quantity = floor_step(affordable(look.market.book, quote.free / HEADROOM), rules.filters.order_step)
    quantity = quantity if most is None else min(quantity, most)
    if not is_tradable(rules.filters, quantity, min(asks[0].price, look.account.index_price) / NOTIONAL_MARGIN):
        return None
    return Trade(Side.BUY, quantity, f"the debts are gone: {plain(quote.free)} {quote.asset} become {rules.base}")


def next_interest(look: Look, quote_side: bool) -> Decimal:
    """What one more hour adds to a debt, so that a full hour between look and repayment leaves no crumb."""
    side = look.account.quote if quote_side else look.account.base
    return side.borrowed * look.market.hourly_rate(side.asset)


def room(look: Look) -> Decimal | None:
    """How much more base MAX_POSITION lets a BUY bring in, None for no rule."""
    filters = look.market.rules.filters
    if not filters.max_position:
        return None
    return max(ZERO, floor_step(filters.max_position - look.account.base.total, filters.order_step))
