"""/sapi small debts of the cross account: which there are, exchanging them for USDT debt, and what was exchanged."""

from __future__ import annotations

from marginbot.paper.api.endpoint import Caller, Endpoint, Security, WeightKind
from marginbot.paper.api.params import DAY, Params, page, window
from marginbot.paper.books.records import DebtExchange
from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.small_debts import TARGET, exchange, small_debts
from marginbot.paper.books.world import World

WIDEST_DAYS = 90


def list_small_debts(world: World, caller: Caller, params: Params) -> object:
    """Each with its value; `liabilityQty` is a bare number on the wire."""
    account = world.account(caller.uid)
    return [
        {
            "asset": asset,
            "interest": world.text(account.cross[asset].interest),
            "principal": world.text(account.cross[asset].borrowed),
            "liabilityAsset": TARGET,
            "liabilityQty": float(value),
        }
        for asset, value in small_debts(world, account).items()
    ]


def exchange_small_debts(world: World, caller: Caller, params: Params) -> object:
    """Exchange the debts in `assetNames`, comma separated. What is answered is not published."""
    exchange(world, world.account(caller.uid), params["assetNames"].split(","))
    return {}


def exchange_history(world: World, caller: Caller, params: Params) -> object:
    """Exchanges, newest first."""
    widest, too_wide = WIDEST_DAYS * DAY, refuse(-4047, days=WIDEST_DAYS)
    start, end = window(params, world.now_ms, default_ms=widest, largest_ms=widest, too_wide=too_wide)
    rows = [row for row in reversed(world.account(caller.uid).debt_exchanges) if start <= row.time <= end]
    return {"total": len(rows), "rows": [_row(world, row) for row in rows[page(params)]]}


def _row(world: World, row: DebtExchange) -> dict[str, object]:
    return {
        "asset": row.asset,
        "amount": world.text(row.amount),
        "targetAsset": row.target,
        "targetAmount": world.text(row.target_amount),
        "bizType": "EXCHANGE_SMALL_LIABILITY",
        "timestamp": row.time,
    }


_PATH = "/sapi/v1/margin/exchange-small-liability"
_SIGNED, _IP, _UID = Security.SIGNED, WeightKind.SAPI_IP, WeightKind.SAPI_UID
_WINDOW = ("startTime", "endTime")

ENDPOINTS = (
    Endpoint("GET", _PATH, _SIGNED, 100, _IP, list_small_debts),
    Endpoint("POST", _PATH, _SIGNED, 3000, _UID, exchange_small_debts, ("assetNames",), (), ("enableMargin",)),
    Endpoint("GET", f"{_PATH}-history", _SIGNED, 100, _UID, exchange_history, ("current", "size"), _WINDOW),
)
