"""Placing an order: from 2 s on it is also looked for by its client id, whichever answers first."""

from __future__ import annotations

import asyncio

from marginbot.domain.plan import CloseOrder
from marginbot.domain.records import OrderReport
from marginbot.engine.ports import Clock, Exchange
from marginbot.engine.settle import Settler
from marginbot.errors import NotSent, RateLimited, ReadFailed, RequestRejected

SCOUT_AFTER, SCOUT_EVERY = 2.0, 1.0


async def placed(exchange: Exchange, settler: Settler, clock: Clock, step: CloseOrder, client_id: str) -> OrderReport:
    """Send the order, once. Returns: how it ended, with fills where they could be read. Raises as `Exchange.close` does."""
    found: list[OrderReport] = []
    bound = asyncio.timeout(None)
    try:
        async with bound:
            scout = asyncio.create_task(_scout(exchange, clock, step, client_id, found, bound))
            try:
                return await exchange.close(step, client_id)
            finally:
                scout.cancel()
    except TimeoutError:
        if not found:
            raise
    return await settler.with_fills(found[0])


async def _scout(
    exchange: Exchange, clock: Clock, step: CloseOrder, client_id: str, found: list[OrderReport], bound: asyncio.Timeout
) -> None:
    await clock.sleep(SCOUT_AFTER)
    while True:
        try:
            order = await exchange.order_by_client_id(step.symbol, client_id)
        except (ReadFailed, NotSent, RateLimited, RequestRejected):
            order = None
        if order is not None and order.final:
            found.append(order)
            bound.reschedule(asyncio.get_running_loop().time())
            return
        await clock.sleep(SCOUT_EVERY)
