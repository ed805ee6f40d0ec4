"""What one order may be: the least that is worth sending, the most that one order holds, equal slices."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from marginbot.domain.amounts import ZERO, ceil_step, exact, floor_step
from marginbot.domain.market import Filters

NOTIONAL_MARGIN = Decimal("1.05")
"""Orders of our own choosing stay this far above the minimum value: the exchange measures it at a price of its own."""


@exact
def smallest_order(filters: Filters, price: Decimal) -> Decimal:
    """The least quantity we would choose to send at `price`, on the step."""
    by_value = filters.min_notional * NOTIONAL_MARGIN / price
    return ceil_step(max(by_value, filters.order_min_qty), filters.order_step)


@exact
def is_tradable(filters: Filters, quantity: Decimal, price: Decimal) -> bool:
    """Whether an order of `quantity` at `price` meets the minimum quantity and the minimum value."""
    return quantity > 0 and quantity >= filters.order_min_qty and quantity * price >= filters.min_notional


@exact
def slices(filters: Filters, quantity: Decimal, price: Decimal) -> tuple[Decimal, ...]:
    """`quantity` (on the step) as equal orders, none above the largest one order may be; the last takes the rest."""
    most = _most(filters, price)
    if most is None or quantity <= most:
        return (quantity,)
    count = int((quantity / most).to_integral_value(ROUND_CEILING))
    each = floor_step(quantity / count, filters.order_step)
    rest = quantity - each * (count - 1)
    if rest <= most:
        return (*[each] * (count - 1), rest)
    each = floor_step(quantity / (count + 1), filters.order_step)
    return (*[each] * count, quantity - each * count)


@exact
def _most(filters: Filters, price: Decimal) -> Decimal | None:
    limits = [limit for limit in (filters.order_max_qty,) if limit is not None and limit > 0]
    if filters.max_notional is not None and filters.max_notional > 0:
        limits.append(filters.max_notional / NOTIONAL_MARGIN / price)
    if not limits:
        return None
    most = floor_step(min(limits), filters.order_step)
    return most if most > ZERO else None
