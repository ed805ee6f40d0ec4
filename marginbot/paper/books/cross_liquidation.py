"""Forced liquidation of the cross account: everything is traded into USDT, all debts and the fee are paid."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from marginbot.paper.books import cross, liquidation, takeover
from marginbot.paper.books.amounts import ZERO, floor8, half_up8
from marginbot.paper.books.cross_bars import bars
from marginbot.paper.books.house import add
from marginbot.paper.books.records import Scope
from marginbot.paper.books.wallets import Account

if TYPE_CHECKING:
    from marginbot.paper.books.world import World

MONEY = "USDT"


def watch(world: World, account: Account) -> None:
    """Prices or debts have changed: take the account over when its level is at the liquidation bar of its leverage."""
    if not world.config.liquidates or account.cross_liquidating_until is not None:
        return
    if not any(balance.borrowed or balance.interest for balance in account.cross.values()):
        return
    assets, debt = cross.values(world, account)
    if debt and assets <= bars(world, account.cross_leverage).liquidation * debt:
        begin(world, account, assets)


def begin(world: World, account: Account, assets: Decimal) -> None:
    """Freeze the fee on `assets` (USDT), cancel all orders of the account and shut its owner out until `finish`."""
    if world.config.liquidation_cancels_first:
        takeover.cancel_orders(world, account, Scope.CROSS)
    account.cross_liquidation_fee = half_up8(assets * world.config.liquidation_fee)
    account.cross_liquidating_until = world.running_ms + world.config.liquidation_ms
    if not world.config.liquidation_ms:
        finish(world, account)
        return
    world.wake_at(account.cross_liquidating_until)


def finish(world: World, account: Account) -> None:
    """Sell what is left over, buy what is missing, repay, take the fee; the insurance fund pays what is missing then."""
    takeover.cancel_orders(world, account, Scope.CROSS)
    account.wallet(Scope.CROSS, MONEY)
    for side in ("SELL", "BUY"):
        for asset, balance in list(account.cross.items()):
            surplus = balance.free - balance.debt
            if asset != MONEY and (surplus > 0 if side == "SELL" else surplus < 0):
                _close(world, account, asset, side, abs(surplus))
    for asset, balance in account.cross.items():
        debt, insured = takeover.pay_debt(world, asset, balance)
        takeover.note(world, account, "OTHER_LIQUIDATION", Scope.CROSS, "", asset, insured)
        takeover.note(world, account, "REPAY_LIQUIDATION", Scope.CROSS, "", asset, -debt)
    money = account.wallet(Scope.CROSS, MONEY)
    fee = min(account.cross_liquidation_fee, money.free)
    money.free -= fee
    add(world.house.insurance, MONEY, fee)
    takeover.note(world, account, "LIQUIDATION_FEE", Scope.CROSS, "", MONEY, -fee)
    account.cross_liquidating_until, account.cross_liquidation_fee = None, ZERO


def _close(world: World, account: Account, asset: str, side: str, quantity: Decimal) -> None:
    market = world.markets.get(f"{asset}{MONEY}")
    if market is not None:
        liquidation.close_with(world, account, Scope.CROSS, market, side, quantity)
        return
    # An asset without a market in USDT changes hands at what it is valued at.
    price, sign = world.usdt_price(asset), 1 if side == "BUY" else -1
    if side == "BUY":
        money = account.wallet(Scope.CROSS, MONEY).free
        quantity = min(quantity, floor8(money / price)) if price else ZERO
    value = floor8(quantity * price)
    for name, amount in ((asset, sign * quantity), (MONEY, -sign * value)):
        account.wallet(Scope.CROSS, name).free += amount
        add(world.house.counterparty, name, -amount)
        takeover.note(world, account, f"{side}_LIQUIDATION", Scope.CROSS, "", name, amount)
