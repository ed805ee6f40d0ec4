"""When stop orders act: at their stop price, or trailing, once the market has turned by their delta.

Source: Binance spot API FAQ on trailing stops. A SELL follows the highest price, a BUY the lowest.
"""

from __future__ import annotations

from decimal import Decimal

from marginbot.paper.books.amounts import BPS, ONE
from marginbot.paper.books.records import Order


def is_triggered(order_type: str, side: str, stop_price: Decimal, last: Decimal) -> bool:
    """Whether a stop order triggers at the last price: stop-loss sells below and buys above, take-profit the reverse."""
    return last >= stop_price if acts_above(order_type, side) else last <= stop_price


def acts_above(order_type: str, side: str) -> bool:
    """Whether the stop price of such an order lies above the market: stop-loss buys, take-profit sells."""
    return (side == "BUY") == order_type.startswith("STOP_LOSS")


def is_reached(order: Order, last: Decimal, now_ms: int) -> bool:
    """Whether a waiting order must act at the last price. A trailing one remembers the best price it has seen."""
    if not order.trailing_delta:
        return is_triggered(order.type, order.side, order.stop_price, last)
    if not order.trailing_best:
        begin(order, last, now_ms)
        return False
    better = min if order.is_buy else max
    order.trailing_best = better(order.trailing_best, last)
    turn = turning_price(order.side, order.trailing_best, order.trailing_delta)
    return last >= turn if order.is_buy else last <= turn


def begin(order: Order, last: Decimal, now_ms: int) -> None:
    """A trailing order begins to follow the market: at once without a stop price, else when that is reached."""
    if not order.stop_price or is_triggered(order.type, order.side, order.stop_price, last):
        order.trailing_best, order.trailing_time = last, now_ms


def turning_price(side: str, best: Decimal, delta: int) -> Decimal:
    """Where an order acts that has seen `best` and waits for a turn of `delta` basis points."""
    return best * (ONE + delta * BPS if side == "BUY" else ONE - delta * BPS)
