"""/sapi histories that show a margin account whole: the capital flow, and matches prevented between one's own orders."""

from __future__ import annotations

from marginbot.paper.api.endpoint import Caller, Endpoint, Security, WeightKind
from marginbot.paper.api.params import DAY, Params, Row, choice, integer, limit, listed, margin_scope, window
from marginbot.paper.books.flows import TYPES, Flow, Place, flows
from marginbot.paper.books.records import Scope
from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.world import World

WIDEST_DAYS = 7
REMEMBERED = 90 * DAY


def capital_flow(world: World, caller: Caller, params: Params) -> object:
    """Flows of the pair `symbol`, or without it of the cross account, oldest first: those after `fromId`, else the newest."""
    symbol, asset = params.get("symbol", ""), params.get("asset")
    if symbol:
        world.market(symbol)
    if asset is not None:
        world.terms(asset)
    kind = choice(params, "type", TYPES, "") if "type" in params else None
    first, count = integer(params, "fromId"), limit(params, 500, 1000)
    widest, too_wide = WIDEST_DAYS * DAY, refuse(-4047, days=WIDEST_DAYS)
    start, end = window(params, world.now_ms, default_ms=widest, largest_ms=widest, too_wide=too_wide)
    scope = Scope.ISOLATED if symbol else Scope.CROSS
    place = Place(scope, symbol, max(start, world.now_ms - REMEMBERED), end)
    found = [
        _row(world, flow, symbol)
        for flow in flows(world, world.account(caller.uid), place)
        if kind in (None, flow.type) and asset in (None, flow.asset) and (first is None or flow.id > first)
    ]
    rows = listed(world, found)
    return rows[:count] if first is not None else rows[-count:]


def prevented_matches(world: World, caller: Caller, params: Params) -> object:
    """None: orders meet the book here, never one another. Asked for by `preventedMatchId`, or else by `orderId`."""
    world.market(params["symbol"])
    margin_scope(params)
    for name in ("preventedMatchId", "orderId", "fromPreventedMatchId"):
        integer(params, name)
    if not params.keys() & {"preventedMatchId", "orderId"}:
        raise refuse(-1102, name="orderId")
    if "preventedMatchId" in params and params.keys() & {"orderId", "fromPreventedMatchId"}:
        raise refuse(-1128)
    return []


def _row(world: World, flow: Flow, symbol: str) -> Row:
    return {
        "id": flow.id,
        "tranId": flow.tran_id,
        "timestamp": flow.time,
        "asset": flow.asset,
        **({"symbol": symbol} if symbol else {}),
        "type": flow.type,
        "amount": world.text(flow.amount),
    }


_BASE, _SIGNED, _IP = "/sapi/v1/margin", Security.SIGNED, WeightKind.SAPI_IP
_FLOW = ("asset", "symbol", "type", "startTime", "endTime", "fromId", "limit")
_MATCHES = ("preventedMatchId", "orderId", "fromPreventedMatchId", "isIsolated")

ENDPOINTS = (
    Endpoint("GET", f"{_BASE}/capital-flow", _SIGNED, 100, _IP, capital_flow, (), _FLOW),
    Endpoint("GET", f"{_BASE}/myPreventedMatches", _SIGNED, 10, _IP, prevented_matches, ("symbol",), _MATCHES),
)
