"""Walking an order book: what a quantity would really fetch or cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from marginbot.domain.amounts import ZERO, exact
from marginbot.domain.market import BookLevel, OrderBook
from marginbot.domain.plan import Side

BPS = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Walk:
    """Taking from the book: base `quantity` found and its `value` in quote. `complete`: the book held all that was asked."""

    quantity: Decimal
    value: Decimal
    complete: bool


def levels_for(book: OrderBook, side: Side) -> tuple[BookLevel, ...]:
    """The levels an order of `side` takes from: a SELL takes bids, a BUY takes asks."""
    return book.bids if side is Side.SELL else book.asks


@exact
def walk(book: OrderBook, side: Side, quantity: Decimal, skip: Decimal = ZERO) -> Walk:
    """Take `quantity` of base, after `skip` of it was taken by somebody before us (an earlier slice)."""
    found, value, ahead = ZERO, ZERO, skip
    for level in levels_for(book, side):
        there = level.quantity - min(ahead, level.quantity)
        ahead -= level.quantity - there
        take = min(there, quantity - found)
        found += take
        value += take * level.price
        if found == quantity:
            return Walk(found, value, True)
    return Walk(found, value, False)


@exact
def depth_within(book: OrderBook, side: Side, limit_price: Decimal) -> Decimal:
    """Base quantity waiting at `limit_price` or better for an order of `side`."""
    levels = levels_for(book, side)
    if side is Side.SELL:
        return sum((level.quantity for level in levels if level.price >= limit_price), ZERO)
    return sum((level.quantity for level in levels if level.price <= limit_price), ZERO)


@exact
def affordable(book: OrderBook, budget: Decimal) -> Decimal:
    """Base that `budget` of quote buys from the asks, unrounded."""
    bought, left = ZERO, budget
    for level in book.asks:
        take = min(level.quantity, left / level.price)
        bought += take
        left -= take * level.price
        if left <= 0:
            break
    return bought


@exact
def slippage_bps(side: Side, price: Decimal, index: Decimal) -> Decimal:
    """How much worse than the index a price is, in basis points; negative when it is better."""
    worse = index - price if side is Side.SELL else price - index
    return worse / index * BPS


@exact
def cap_price(side: Side, index: Decimal, cap_bps: Decimal) -> Decimal:
    """The worst price the cap allows."""
    move = index * cap_bps / BPS
    return index - move if side is Side.SELL else index + move
