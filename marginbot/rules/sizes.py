"""What one order may be: the least that is worth sending, the most that one order holds, equal slices."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from marginbot.domain.amounts import ZERO, ceil_step, exact, floor_step
from marginbot.domain.look import Look
from marginbot.domain.market import Filters

NOTIONAL_MARGIN = Decimal("1.05")
"""Orders of our own choosing stay this far above the minimum value: the exchange measures it at a price of its own."""

LOWEST_BID = Decimal("0.9")
"""A best bid below this share of the index is a hole in the book, not a price: it must not make dust of a position."""


@exact
def order_price(look: Look) -> Decimal:
    """What an order's value is judged at: the lower of index and best bid, by whichever of them the exchange measures it."""
    bids, index = look.market.book.bids, look.account.index_price
    return min(index, max(bids[0].price, index * LOWEST_BID)) if bids else index


@exact
def smallest_order(filters: Filters, price: Decimal) -> Decimal:
    """The least quantity we would choose to send at `price`, on the step."""
    by_value = filters.min_notional * NOTIONAL_MARGIN / price
    return ceil_step(max(by_value, filters.order_min_qty), filters.order_step)


@exact
def smallest_value(look: Look) -> Decimal:
    """What that quantity is worth in quote: less than this is left over, or paid as well, without a word."""
    price = order_price(look)
    return smallest_order(look.market.rules.filters, price) * price


@exact
def is_tradable(filters: Filters, quantity: Decimal, price: Decimal) -> bool:
    """Whether an order of `quantity` at `price` meets the minimum quantity and the minimum value."""
    return quantity > 0 and quantity >= filters.order_min_qty and quantity * price >= filters.min_notional


@exact
def slices(filters: Filters, quantity: Decimal, price: Decimal) -> tuple[Decimal, ...]:
    """`quantity` (on the step) as equal orders, none above the largest one order may be; the last takes the rest.

    Where that rest would be too large, the first orders take one step more each.
    """
    most = largest_order(filters, filters.order_max_qty, price)
    if most is None or quantity <= most:
        return (quantity,)
    count = int((quantity / most).to_integral_value(ROUND_CEILING))
    each = floor_step(quantity / count, filters.order_step)
    rest = quantity - each * (count - 1)
    if rest <= most:
        return (*[each] * (count - 1), rest)
    larger = int((quantity - each * count) / filters.order_step)
    return (*[each + filters.order_step] * larger, *[each] * (count - larger))


@exact
def largest_order(filters: Filters, max_qty: Decimal | None, price: Decimal) -> Decimal | None:
    """The most one order may hold at `price`, on the step, by quantity and by value; None for no rule."""
    limits = [max_qty] if max_qty else []
    if filters.max_notional:
        limits.append(filters.max_notional / NOTIONAL_MARGIN / price)
    if not limits:
        return None
    most = floor_step(min(limits), filters.order_step)
    return most if most > ZERO else None
