"""/api/v3 trades of a pair put together: those of one order at one price and one moment are one line."""

from __future__ import annotations

from itertools import groupby

from marginbot.paper.api.endpoint import Caller, Endpoint, Security, WeightKind
from marginbot.paper.api.params import Params, Row, integer, limit
from marginbot.paper.books.amounts import ZERO
from marginbot.paper.books.records import Trade
from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.world import World

Line = list[Trade]


def aggregate_trades(world: World, caller: Caller, params: Params) -> object:
    """Lines of the tape, oldest first: from the id `fromId`, of a window, else the newest. Only customers trade here.

    With a beginning the oldest from there, with an end alone the newest up to there. A line's id is that of its first trade.
    """
    symbol, count = world.market(params["symbol"]).listing.symbol, limit(params, 500, 1000)
    first, start, end = (integer(params, name) for name in ("fromId", "startTime", "endTime"))
    if first is not None and (start is not None or end is not None):
        raise refuse(-1128)
    if start is not None and end is not None and start > end:
        raise refuse(-1130, name="startTime")
    lines = [
        line
        for line in _lines(world, symbol)
        if (first is None or line[0].trade_id >= first)
        and (start is None or line[0].time >= start)
        and (end is None or line[0].time <= end)
    ]
    from_the_front = first is not None or start is not None
    return [_row(world, line) for line in (lines[:count] if from_the_front else lines[-count:])]


def _lines(world: World, symbol: str) -> list[Line]:
    trades = (trade for account in world.accounts.values() for trade in account.trades if trade.symbol == symbol)
    ordered = sorted(trades, key=lambda trade: trade.trade_id)
    return [list(line) for _, line in groupby(ordered, key=lambda trade: (trade.order_id, trade.price, trade.time))]


def _row(world: World, line: Line) -> Row:
    first, last = line[0], line[-1]
    return {
        "a": first.trade_id,
        "p": world.text(first.price),
        "q": world.text(sum((trade.quantity for trade in line), ZERO)),
        "f": first.trade_id,
        "l": last.trade_id,
        "T": first.time,
        "m": first.is_buyer == first.is_maker,
        "M": True,
    }


_WINDOW = ("fromId", "startTime", "endTime", "limit")

ENDPOINTS = (Endpoint("GET", "/api/v3/aggTrades", Security.NONE, 4, WeightKind.API, aggregate_trades, ("symbol",), _WINDOW, ()),)
