"""The cross account as a whole: everything in one pot, valued in USDT at the index prices."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from marginbot.paper.books.amounts import ZERO, floor8
from marginbot.paper.books.cross_bars import bars
from marginbot.paper.books.records import Scope
from marginbot.paper.books.wallets import Account

if TYPE_CHECKING:
    from marginbot.paper.books.world import World


def values(world: World, account: Account) -> tuple[Decimal, Decimal]:
    """(assets, debt) in USDT."""
    assets = debt = ZERO
    for asset, balance in account.cross.items():
        if not balance.is_empty():
            price = world.usdt_price(asset)
            assets += balance.total * price
            debt += balance.debt * price
    return assets, debt


def max_borrowable(world: World, account: Account, asset: str) -> Decimal:
    """Units of `asset` after which the level is still the initial ratio."""
    assets, debt = values(world, account)
    price, ratio = world.usdt_price(asset), bars(world, account.cross_leverage).initial
    return max(ZERO, floor8((assets - ratio * debt) / (ratio - 1) / price)) if price else ZERO


def max_transfer_out(world: World, account: Account, asset: str) -> Decimal:
    """Units of `asset` that may leave: never locked ones, and what remains keeps the transfer-out level."""
    balance = account.wallet(Scope.CROSS, asset)
    assets, debt = values(world, account)
    if not debt:
        return balance.free
    price = world.usdt_price(asset)
    excess = assets - world.config.cross_transfer_out_level * debt
    return max(ZERO, min(balance.free, floor8(excess / price))) if price else ZERO
