"""A pair or an asset leaves margin: at the moment told before, the exchange settles by itself what is left there.

The order of the steps is published nowhere; here orders end first, then the position is traded away, debts are repaid, and
what remains goes to the spot wallet. Source: GET /sapi/v1/margin/delist-schedule, announcements.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from marginbot.paper.books import cross, cross_liquidation, liquidation, loans, takeover, transfers
from marginbot.paper.books.amounts import ZERO
from marginbot.paper.books.house import add
from marginbot.paper.books.listing import Delisting
from marginbot.paper.books.records import Loan, Scope, Transfer
from marginbot.paper.books.wallets import Account, Balance, IsolatedPair

if TYPE_CHECKING:
    from marginbot.paper.books.world import World

NAME = "delist"


def happen(world: World) -> None:
    """Every notice whose time has come."""
    for notice in world.delistings:
        if not notice.settled and world.config.delist_settles and moment(world, notice) <= world.now_ms:
            notice.settled = True
            _settle(world, notice)


def moments(world: World) -> list[int]:
    """Server times at which something leaves margin."""
    if not world.config.delist_settles:
        return []
    return [moment(world, notice) for notice in world.delistings if not notice.settled]


def moment(world: World, notice: Delisting) -> int:
    """When the exchange settles what is left; some hours may pass after the published time."""
    return notice.time_ms + world.config.delist_delay_ms


def _settle(world: World, notice: Delisting) -> None:
    for symbol in notice.isolated_symbols:
        market = world.market(symbol)
        for account in world.accounts.values():
            pair = account.isolated.get(symbol)
            if pair is not None and market.listing.isolated:
                _close_pair(world, account, pair)
        market.listing = replace(market.listing, isolated_ended=True)
    for asset in notice.cross_assets:
        for account in world.accounts.values():
            _close_asset(world, account, asset)
        world.terms(asset).cross = False
    for symbol in notice.spot_symbols:
        world.market(symbol).status = "BREAK"


def _close_pair(world: World, account: Account, pair: IsolatedPair) -> None:
    scope, symbol, market = Scope.ISOLATED, pair.symbol, world.market(pair.symbol)
    _hurry(world, account, scope, symbol, (market.listing.base, market.listing.quote))
    if pair.liquidating_until is not None:
        liquidation.finish(world, account, pair)
    takeover.cancel_orders(world, account, scope, symbol)
    surplus = pair.base.free - pair.base.debt
    if pair.owes() and surplus:
        takeover.trade(world, account, scope, market, "SELL" if surplus > 0 else "BUY", abs(surplus), NAME)
    for asset, balance in ((market.listing.base, pair.base), (market.listing.quote, pair.quote)):
        _repay(world, account, scope, symbol, asset, balance)
        if balance.free:
            transfers.move_out(world, account, scope, symbol, asset, balance.free)
    pair.enabled = pair.trade_enabled = pair.auto_top_up = False


def _close_asset(world: World, account: Account, asset: str) -> None:
    """Repay it, buying what is missing; the rest pays other debts as USDT, and without any goes to the spot wallet."""
    balance, money = account.cross.get(asset), cross_liquidation.MONEY
    if balance is None or not world.terms(asset).cross:
        return
    _hurry(world, account, Scope.CROSS, "", (asset,))
    if account.cross_liquidating_until is not None:
        cross_liquidation.finish(world, account)
    for symbol, market in world.markets.items():
        if asset in (market.listing.base, market.listing.quote):
            takeover.cancel_orders(world, account, Scope.CROSS, symbol)
    market_in_money, missing = world.markets.get(f"{asset}{money}"), balance.debt - balance.free
    if missing > 0 and market_in_money is not None:
        takeover.trade(world, account, Scope.CROSS, market_in_money, "BUY", missing, NAME)
    _repay(world, account, Scope.CROSS, "", asset, balance)
    _, other_debt = cross.values(world, account)
    if other_debt and balance.free and market_in_money is not None:
        takeover.trade(world, account, Scope.CROSS, market_in_money, "SELL", balance.free, NAME)
    elif balance.free:
        transfers.move_out(world, account, Scope.CROSS, "", asset, balance.free)


def _repay(world: World, account: Account, scope: Scope, symbol: str, asset: str, balance: Balance) -> None:
    """The whole debt, with a record; the insurance fund lends a hand where the book did not give enough."""
    debt = balance.debt
    if not debt:
        return
    insured = max(ZERO, debt - balance.free)
    balance.free += insured
    add(world.house.insurance, asset, -insured)
    takeover.note(world, account, "OTHER_LIQUIDATION", scope, symbol, asset, insured)
    loans.pay_down(world, account, scope, symbol, asset, debt, "AUTO")


def _hurry(world: World, account: Account, scope: Scope, symbol: str, assets: tuple[str, ...]) -> None:
    """Loans and transfers under way to or from what closes arrive now: later there would be no place for them."""
    for entry in list(world.pending):
        record = entry[2]
        if entry[1] is account and record.asset in assets and _touches(record, scope, symbol):
            world.pending.remove(entry)
            if isinstance(record, Loan):
                loans.settle(world, account, record)
            else:
                transfers.settle(world, account, record)


def _touches(record: Loan | Transfer, scope: Scope, symbol: str) -> bool:
    if isinstance(record, Loan):
        return record.scope is scope and record.symbol == symbol
    if scope is Scope.ISOLATED:
        return symbol in (record.from_symbol, record.to_symbol)
    return scope in transfers.ROUTES[record.type]
