"""How many unfilled orders count against the customer. One count for spot and margin, whichever of the two calls asks."""

from __future__ import annotations

from marginbot.paper.api.endpoint import Caller
from marginbot.paper.api.params import Params, Row
from marginbot.paper.books.world import World


def order_limits(world: World) -> tuple[tuple[str, int, int], ...]:
    """(interval, how many of them, most unfilled orders), as exchangeInfo and the order counts publish them."""
    return ("SECOND", 10, world.config.order_limit_10s), ("DAY", 1, world.config.order_limit_day)


def order_counts(world: World, caller: Caller, params: Params) -> object:
    """The counts of the present 10 seconds and of the present UTC day."""
    count = world.account(caller.uid).order_count
    rows: list[Row] = []
    for (interval, number, most), window in zip(order_limits(world), (count.recent, count.today), strict=True):
        row: Row = {"rateLimitType": "ORDERS", "interval": interval, "intervalNum": number, "limit": most}
        rows.append(row | {"count": window.count(world.now_ms)})
    return rows
