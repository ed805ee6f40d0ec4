"""What the books have to tell the outside: what became of orders, and money that came or went. A list, read by others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from marginbot.paper.books.records import Order, Scope, Trade

if TYPE_CHECKING:
    from marginbot.paper.books.world import World

NEW, TRADE = "NEW", "TRADE"


@dataclass(frozen=True, slots=True)
class OrderNews:
    """`order` as it was at `at_ms` (server time). what: NEW, TRADE (then with its `trade`), CANCELED or EXPIRED."""

    uid: int
    at_ms: int
    what: str
    order: Order
    trade: Trade | None = None


@dataclass(frozen=True, slots=True)
class MoneyNews:
    """A transfer, loan or repayment changed the free amount of `asset` by `change`. symbol: of an isolated account."""

    uid: int
    at_ms: int
    scope: Scope
    symbol: str
    asset: str
    change: Decimal


News = OrderNews | MoneyNews


def of_order(world: World, order: Order, what: str, trade: Trade | None = None) -> None:
    """Tell what has just happened to `order`; nothing is kept while nobody listens."""
    if world.news is not None:
        world.news.append(OrderNews(order.uid, world.now_ms, what, replace(order), trade))


def of_money(world: World, uid: int, scope: Scope, symbol: str, asset: str, change: Decimal) -> None:
    """Tell of money that came or went without a trade."""
    if world.news is not None and change:
        world.news.append(MoneyNews(uid, world.now_ms, scope, symbol, asset, change))
