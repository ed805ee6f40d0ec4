"""Isolated accounts as an exchange shows them that is a little behind its own books."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from marginbot.paper.books.amounts import ZERO
from marginbot.paper.books.records import Scope, Trade
from marginbot.paper.books.wallets import Account, Balance, IsolatedPair, View

if TYPE_CHECKING:
    from marginbot.paper.books.world import World


def remember(world: World, account: Account) -> None:
    """Keep the state before a change, as long as a lagging read may still show it."""
    config = world.config
    if not config.account_lag_ms and not config.account_stale_reads:
        account.views.clear()
        return
    account.views = [view for view in account.views if _is_needed(world, view)]
    pairs = {symbol: _copy(pair) for symbol, pair in account.isolated.items()}
    account.views.append(View(world.running_ms, pairs))


def shown(world: World, account: Account) -> Mapping[str, IsolatedPair]:
    """The isolated accounts as the next read shows them. Counts that read."""
    pairs: Mapping[str, IsolatedPair] = account.isolated
    if account.views:
        old = next((view for view in account.views if _is_needed(world, view)), None)
        pairs = old.pairs if old is not None else pairs
        for view in account.views:
            view.reads += 1
    return _without_income(world, account, pairs) if world.config.half_sale_ms else pairs


def _is_needed(world: World, view: View) -> bool:
    config = world.config
    return world.running_ms - view.until < config.account_lag_ms or view.reads < config.account_stale_reads


def _without_income(world: World, account: Account, pairs: Mapping[str, IsolatedPair]) -> Mapping[str, IsolatedPair]:
    """What young trades brought in is not there yet; what they cost is gone already."""
    hidden = {symbol: _copy(pair) for symbol, pair in pairs.items()}
    for trade in reversed(account.trades):
        if world.now_ms - trade.time >= world.config.half_sale_ms:
            break
        pair = hidden.get(trade.symbol)
        if pair is not None and trade.scope is Scope.ISOLATED:
            listing = world.market(trade.symbol).listing
            asset, balance = (listing.base, pair.base) if trade.is_buyer else (listing.quote, pair.quote)
            _hide(balance, trade, asset)
    return hidden


def _hide(balance: Balance, trade: Trade, asset: str) -> None:
    income = trade.quantity if trade.is_buyer else trade.quote_quantity
    fee = trade.commission if trade.commission_asset == asset else ZERO
    balance.free = max(ZERO, balance.free - income + fee)


def _copy(pair: IsolatedPair) -> IsolatedPair:
    return replace(pair, base=replace(pair.base), quote=replace(pair.quote), rendered=None)
