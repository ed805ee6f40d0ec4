"""/sapi transfers between a customer's wallets, and their two histories."""

from __future__ import annotations

from typing import Any

from marginbot.paper.api.endpoint import Caller, Endpoint, Security, WeightKind
from marginbot.paper.api.params import DAY, Params, choice, listed, moved_amount, page, symbol_scope, window
from marginbot.paper.books import transfers
from marginbot.paper.books.records import Scope, Transfer
from marginbot.paper.books.refusal import Refusal, refuse
from marginbot.paper.books.transfers import ROUTES, Move
from marginbot.paper.books.world import World

TYPES = frozenset(ROUTES)
WALLET_NAMES = {Scope.SPOT: "SPOT", Scope.CROSS: "CROSS_MARGIN", Scope.ISOLATED: "ISOLATED_MARGIN"}


def make_transfer(world: World, caller: Caller, params: Params) -> object:
    """Move one asset; only `tranId` is answered, so the histories have to prove the rest."""
    move = Move(
        choice(params, "type", TYPES, ""),
        params["asset"],
        moved_amount(world, params),
        params.get("fromSymbol", ""),
        params.get("toSymbol", ""),
    )
    try:
        return {"tranId": transfers.transfer(world, world.account(caller.uid), move).tran_id}
    except Refusal as refusal:
        raise Refusal(refusal.code, refusal.text, world.config.transfer_refusal_status) from None


def transfer_history(world: World, caller: Caller, params: Params) -> object:
    """Transfers of one type, newest first, of the last 7 days unless a window is sent."""
    kind = choice(params, "type", TYPES, "")
    _check_symbols(params, kind)
    start, end = window(params, world.now_ms, default_ms=7 * DAY, largest_ms=183 * DAY)
    rows = [
        row
        for row in reversed(world.account(caller.uid).transfers)
        if row.type == kind and start <= row.timestamp <= end
        and params.get("fromSymbol", row.from_symbol) == row.from_symbol
        and params.get("toSymbol", row.to_symbol) == row.to_symbol
    ]  # fmt: skip
    shown: list[dict[str, Any]] = [
        {
            "asset": row.asset,
            "amount": world.text(row.amount),
            "type": row.type,
            "status": world.config.transfer_statuses.get(row.status, row.status),
            "tranId": row.tran_id,
            "timestamp": row.timestamp,
        }
        for row in rows
    ]
    shown = listed(world, shown)
    return {"total": len(shown), "rows": shown[page(params)]}


def margin_transfers(world: World, caller: Caller, params: Params) -> object:
    """Transfers into or out of one margin account, newest first, with times in seconds."""
    scope, symbol = symbol_scope(params)
    wanted = choice(params, "type", frozenset({"ROLL_IN", "ROLL_OUT"}), "ROLL_IN") if "type" in params else None
    start, end = window(params, world.now_ms, default_ms=7 * DAY, largest_ms=30 * DAY)
    asset = params.get("asset")
    rows = []
    for row in reversed(world.account(caller.uid).transfers):
        if not start <= row.timestamp <= end or (asset is not None and row.asset != asset):
            continue
        rows += [(row, way) for way in _directions(row, scope, symbol) if wanted in (None, way)]
    return {"rows": [_margin_row(world, row, way) for row, way in rows[page(params)]], "total": len(rows)}


def max_transferable(world: World, caller: Caller, params: Params) -> object:
    """What may leave the cross account or an isolated one now."""
    account, asset = world.account(caller.uid), params["asset"]
    scope, symbol = symbol_scope(params)
    world.terms(asset)
    if scope is Scope.ISOLATED:
        world.pair(account, symbol)
        listing = world.market(symbol).listing
        if asset not in (listing.base, listing.quote):
            raise refuse(-3027)
    return {"amount": world.text(transfers.transferable(world, account, scope, symbol, asset))}


def _check_symbols(params: Params, kind: str) -> None:
    """The types between margin accounts need their symbols; those that touch spot do not."""
    source, target = ROUTES[kind]
    if Scope.SPOT in (source, target):
        return
    for scope, name in ((source, "fromSymbol"), (target, "toSymbol")):
        if scope is Scope.ISOLATED and name not in params:
            raise refuse(-1102, name=name)


def _directions(row: Transfer, scope: Scope, symbol: str) -> list[str]:
    source, target = ROUTES[row.type]
    ways = []
    if source is scope and row.from_symbol == symbol:
        ways.append("ROLL_OUT")
    if target is scope and row.to_symbol == symbol:
        ways.append("ROLL_IN")
    return ways


def _margin_row(world: World, row: Transfer, way: str) -> dict[str, object]:
    source, target = ROUTES[row.type]
    ends = {"fromSymbol": row.from_symbol, "toSymbol": row.to_symbol}
    return {
        "amount": world.text(row.amount),
        "asset": row.asset,
        "status": world.config.transfer_statuses.get(row.status, row.status),
        "timestamp": row.timestamp // 1000,
        "txId": row.tran_id,
        "type": way,
        "transFrom": WALLET_NAMES[source],
        "transTo": WALLET_NAMES[target],
        **{name: symbol for name, symbol in ends.items() if symbol},
    }


_TRANSFER, _MARGIN = "/sapi/v1/asset/transfer", "/sapi/v1/margin"
_SIGNED, _IP, _UID = Security.SIGNED, WeightKind.SAPI_IP, WeightKind.SAPI_UID
_ENDS = ("fromSymbol", "toSymbol")
_PAGED = ("startTime", "endTime", "current", "size")

ENDPOINTS = (
    Endpoint(
        "POST", _TRANSFER, _SIGNED, 900, _UID, make_transfer, ("type", "asset", "amount"), _ENDS,
        ("permitsUniversalTransfer",),
    ),
    Endpoint("GET", _TRANSFER, _SIGNED, 1, _IP, transfer_history, ("type",), (*_PAGED, *_ENDS)),
    Endpoint(
        "GET", f"{_MARGIN}/transfer", _SIGNED, 1, _IP, margin_transfers, (), ("asset", "type", *_PAGED, "isolatedSymbol")
    ),
    Endpoint("GET", f"{_MARGIN}/maxTransferable", _SIGNED, 50, _IP, max_transferable, ("asset",), ("isolatedSymbol",)),
)  # fmt: skip
