"""Moves between a customer's own wallets: spot, cross, and the isolated account of each pair."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from marginbot.paper.books import cross, news, risk
from marginbot.paper.books.amounts import ZERO, decimals
from marginbot.paper.books.records import Scope, Transfer
from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.wallets import Account, Balance, IsolatedPair

if TYPE_CHECKING:
    from marginbot.paper.books.world import World

ROUTES = {
    "MAIN_MARGIN": (Scope.SPOT, Scope.CROSS),
    "MARGIN_MAIN": (Scope.CROSS, Scope.SPOT),
    "MAIN_ISOLATED_MARGIN": (Scope.SPOT, Scope.ISOLATED),
    "ISOLATED_MARGIN_MAIN": (Scope.ISOLATED, Scope.SPOT),
    "MARGIN_ISOLATEDMARGIN": (Scope.CROSS, Scope.ISOLATED),
    "ISOLATEDMARGIN_MARGIN": (Scope.ISOLATED, Scope.CROSS),
    "ISOLATEDMARGIN_ISOLATEDMARGIN": (Scope.ISOLATED, Scope.ISOLATED),
}


# Where money goes when a transfer between spot and a pair does not name the pair, in worlds where that is accepted.
WITHOUT_SYMBOL = {"MAIN_ISOLATED_MARGIN": "MAIN_MARGIN", "ISOLATED_MARGIN_MAIN": "MARGIN_MAIN"}


@dataclass(frozen=True, slots=True)
class Move:
    """A wanted transfer. `type` is a key of ROUTES; symbols matter only where that end is isolated."""

    type: str
    asset: str
    amount: Decimal
    from_symbol: str = ""
    to_symbol: str = ""


def transfer(world: World, account: Account, move: Move) -> Transfer:
    """Take from the source and, unless transfers are slow, give to the destination.

    The first transfer into an isolated pair opens its account. Refusals: -1102 -1111 -1121 -3020 -3027 -3028 -3043 -3065
    -5007 -5013 -11001.
    """
    move = _as_understood(world, move)
    source, target = ROUTES[move.type]
    _check(world, account, move, source, target)
    if source is Scope.SPOT:
        if move.amount > account.wallet(Scope.SPOT, move.asset).free:
            raise refuse(-5013)
    elif move.amount > transferable(world, account, source, move.from_symbol, move.asset):
        raise refuse(-3020)
    return _carry(world, account, move, world.config.transfer_pending_ms)


def move_in(world: World, account: Account, symbol: str, asset: str, amount: Decimal) -> Transfer:
    """From the spot wallet into a pair, by the exchange itself: at once, and nobody is asked."""
    return _carry(world, account, Move("MAIN_ISOLATED_MARGIN", asset, amount, to_symbol=symbol), 0)


def move_out(world: World, account: Account, scope: Scope, symbol: str, asset: str, amount: Decimal) -> Transfer:
    """To the spot wallet, by the exchange itself: at once, whatever the level."""
    kind = "ISOLATED_MARGIN_MAIN" if scope is Scope.ISOLATED else "MARGIN_MAIN"
    return _carry(world, account, Move(kind, asset, amount, symbol), 0)


def _as_understood(world: World, move: Move) -> Move:
    """What becomes of the two types between spot and a pair, of which the sources do not agree."""
    if move.type not in WITHOUT_SYMBOL:
        return move
    if not world.config.spot_pair_transfers:
        raise refuse(-1130, name="type")
    if move.from_symbol or move.to_symbol or world.config.transfer_without_symbol == "refuse":
        return move
    return replace(move, type=WITHOUT_SYMBOL[move.type])


def _carry(world: World, account: Account, move: Move, slow_ms: int) -> Transfer:
    source, target = ROUTES[move.type]
    _give(world, account, source, move.from_symbol, move.asset, -move.amount)
    if target is Scope.ISOLATED:
        account.isolated.setdefault(move.to_symbol, IsolatedPair(move.to_symbol))
    tran_id = world.next_id("transaction")
    row = Transfer(tran_id, move.type, move.asset, move.amount, move.from_symbol, move.to_symbol, "PENDING", world.now_ms)
    account.transfers.append(row)
    if slow_ms:
        row.due = world.running_ms + slow_ms
        world.await_transfer(account, row)
    else:
        settle(world, account, row)
    return row


def settle(world: World, account: Account, row: Transfer) -> None:
    """Let a pending transfer arrive; a failing one returns to where it came from."""
    source, target = ROUTES[row.type]
    if world.config.transfers_fail and row.due:
        row.status = "FAILED"
        _give(world, account, source, row.from_symbol, row.asset, row.amount)
        return
    row.status = "CONFIRMED"
    _give(world, account, target, row.to_symbol, row.asset, row.amount)


def transferable(world: World, account: Account, source: Scope, symbol: str, asset: str) -> Decimal:
    """Units of `asset` that may leave the cross account or an isolated one now."""
    most, cap = _transferable(world, account, source, symbol, asset), world.config.transfer_cap
    return min(most, cap) if cap else most


def _transferable(world: World, account: Account, source: Scope, symbol: str, asset: str) -> Decimal:
    if source is Scope.CROSS:
        if account.cross_liquidating_until is not None:
            return ZERO
        return cross.max_transfer_out(world, account, asset)
    market, pair = world.market(symbol), world.pair(account, symbol)
    if pair.liquidating_until is not None:
        return ZERO
    is_base = asset == market.listing.base
    balance, price = (pair.base, market.index) if is_base else (pair.quote, Decimal(1))
    return risk.max_transfer_out(pair, balance, price, market.index, world.config.transfer_out_level)


def _check(world: World, account: Account, move: Move, source: Scope, target: Scope) -> None:
    if move.amount <= 0:
        raise refuse(-5007)
    if decimals(move.amount) > 8:
        raise refuse(world.config.amount_precision_code, name="amount")
    if Scope.CROSS in (source, target) and not world.terms(move.asset).cross:
        raise refuse(-3027)
    world.terms(move.asset)
    for scope, symbol, name in ((source, move.from_symbol, "fromSymbol"), (target, move.to_symbol, "toSymbol")):
        if scope is not Scope.ISOLATED:
            continue
        if not symbol:
            raise refuse(-1102, name=name)
        listing = world.market(symbol).listing
        if not listing.isolated:
            raise refuse(-3028)
        if move.asset not in (listing.base, listing.quote):
            raise refuse(world.config.foreign_asset_code)
    if source is Scope.ISOLATED:
        world.pair(account, move.from_symbol)
    if target is Scope.ISOLATED and move.to_symbol not in account.isolated:
        enabled = sum(pair.enabled for pair in account.isolated.values())
        if enabled >= world.config.max_isolated_accounts:
            raise refuse(-3043)
    if target is not Scope.SPOT:
        _check_delisting(world, account, move, target)


def _check_delisting(world: World, account: Account, move: Move, target: Scope) -> None:
    if not world.is_delisting(target, move.to_symbol, move.asset):
        return
    if target is Scope.ISOLATED and move.to_symbol not in account.isolated:
        balance = Balance()
    else:
        balance = _end(world, account, target, move.to_symbol, move.asset)
    if move.amount > balance.debt:
        raise refuse(-3065)


def _give(world: World, account: Account, scope: Scope, symbol: str, asset: str, amount: Decimal) -> None:
    _end(world, account, scope, symbol, asset).free += amount
    news.of_money(world, account.uid, scope, symbol if scope is Scope.ISOLATED else "", asset, amount)


def _end(world: World, account: Account, scope: Scope, symbol: str, asset: str) -> Balance:
    if scope is not Scope.ISOLATED:
        return account.wallet(scope, asset)
    return account.balance(scope, world.market(symbol).listing, asset)
