"""/sapi borrowing and repaying, their records, and interest."""

from __future__ import annotations

from marginbot.paper.api.endpoint import Caller, Endpoint, Security, WeightKind
from marginbot.paper.api.params import (
    DAY,
    Params,
    choice,
    integer,
    listed,
    margin_scope,
    moved_amount,
    page,
    symbol_scope,
    window,
)
from marginbot.paper.books import loans, risk
from marginbot.paper.books.records import Interest, Loan, Scope
from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.world import World

DIRECTIONS = frozenset({loans.BORROW, loans.REPAY})


def borrow_repay(world: World, caller: Caller, params: Params) -> object:
    """Borrow or repay; the answer names the record, which may still be pending."""
    scope = margin_scope(params)
    symbol = params.get("symbol", "")
    if scope is Scope.ISOLATED and not symbol:
        raise refuse(-1102, name="symbol")
    direction = choice(params, "type", DIRECTIONS, "")
    act = loans.borrow if direction == loans.BORROW else loans.repay
    amount = moved_amount(world, params)
    loan = act(world, world.account(caller.uid), scope, symbol, params["asset"], amount)
    return {"tranId": loan.tx_id, "clientTag": ""}


def loan_records(world: World, caller: Caller, params: Params) -> object:
    """Borrowings or repayments, newest first. Without `isolatedSymbol` those of the cross account."""
    direction = choice(params, "type", DIRECTIONS, "")
    scope, symbol = symbol_scope(params)
    asset, tx_id = params.get("asset"), integer(params, "txId")
    span = (30 if asset else 7) * DAY
    start, end = window(params, world.now_ms, default_ms=span, largest_ms=span)
    rows = [
        loan
        for loan in reversed(world.account(caller.uid).loans)
        if loan.direction == direction and loan.scope is scope and loan.symbol == symbol
        and (asset is None or loan.asset == asset)
        and (loan.tx_id == tx_id if tx_id is not None else start <= loan.timestamp <= end)
    ]  # fmt: skip
    shown = listed(world, [_loan(world, loan) for loan in rows])
    return {"rows": shown[page(params)], "total": len(shown)}


def max_borrowable(world: World, caller: Caller, params: Params) -> object:
    """What may be borrowed now, and the most that tiers ever allow."""
    account, asset = world.account(caller.uid), params["asset"]
    scope, symbol = symbol_scope(params)
    loans.loan_balance(world, account, scope, symbol, asset)
    amount = loans.borrowable(world, account, scope, symbol, asset)
    inventory = world.terms(asset).inventory
    amount = amount if inventory is None else min(amount, inventory)
    limit = risk.borrow_limit(world.market(symbol).listing, asset) if scope is Scope.ISOLATED else amount
    return {"amount": world.text(amount), "borrowLimit": world.text(limit)}


def interest_history(world: World, caller: Caller, params: Params) -> object:
    """Charges of interest, newest first. Without `isolatedSymbol` those of the cross account."""
    scope, symbol = symbol_scope(params)
    asset = params.get("asset")
    start, end = window(params, world.now_ms, default_ms=7 * DAY, largest_ms=30 * DAY)
    rows = [
        row
        for row in reversed(world.account(caller.uid).interest)
        if row.scope is scope and row.symbol == symbol and (asset is None or row.asset == asset)
        and start <= row.time <= end
    ]  # fmt: skip
    return {"rows": [_interest(world, row) for row in rows[page(params)]], "total": len(rows)}


def _loan(world: World, loan: Loan) -> dict[str, object]:
    place = {"isolatedSymbol": loan.symbol} if loan.scope is Scope.ISOLATED else {}
    return {
        **place,
        "type": loan.type,
        "amount": world.text(loan.amount),
        "asset": loan.asset,
        "interest": world.text(loan.interest),
        "principal": world.text(loan.principal),
        "status": loan.status,
        "timestamp": loan.timestamp,
        "txId": loan.tx_id,
    }


def _interest(world: World, row: Interest) -> dict[str, object]:
    raw = row.raw_asset or row.asset
    place = {"isolatedSymbol": row.symbol} if row.scope is Scope.ISOLATED else {"rawAsset": raw}
    return {
        **place,
        "txId": row.tx_id,
        "interestAccuredTime": row.time,
        "asset": row.asset,
        "principal": world.text(row.principal),
        "interest": world.text(row.interest),
        "interestRate": world.text(row.daily_rate),
        "type": row.type,
    }


_LOANS = "/sapi/v1/margin/borrow-repay"
_SIGNED, _IP, _UID = Security.SIGNED, WeightKind.SAPI_IP, WeightKind.SAPI_UID
_PAGED = ("isolatedSymbol", "startTime", "endTime", "current", "size")
_ACTION = ("asset", "isIsolated", "amount", "type")

ENDPOINTS = (
    Endpoint("POST", _LOANS, _SIGNED, 1500, _UID, borrow_repay, _ACTION, ("symbol",), ("enableMargin",)),
    Endpoint("GET", _LOANS, _SIGNED, 10, _IP, loan_records, ("type",), ("asset", "txId", *_PAGED)),
    Endpoint("GET", "/sapi/v1/margin/maxBorrowable", _SIGNED, 750, _UID, max_borrowable, ("asset",), ("isolatedSymbol",)),
    Endpoint("GET", "/sapi/v1/margin/interestHistory", _SIGNED, 1, _IP, interest_history, (), ("asset", *_PAGED)),
)
