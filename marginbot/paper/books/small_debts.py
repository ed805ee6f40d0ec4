"""Small debts of the cross account, which may be exchanged for one debt in USDT.

Source: GET and POST /sapi/v1/margin/exchange-small-liability: below 10 USDT each, ten assets at once, once in six hours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from marginbot.paper.books import loans
from marginbot.paper.books.amounts import ZERO, ceil8
from marginbot.paper.books.house import add
from marginbot.paper.books.records import DebtExchange, Scope
from marginbot.paper.books.refusal import Refusal, refuse
from marginbot.paper.books.wallets import Account

if TYPE_CHECKING:
    from marginbot.paper.books.world import World

TARGET = "USDT"
TOO_LARGE = Decimal(10)
MOST_ASSETS = 10
PAUSE_MS = 6 * 3_600_000


def small_debts(world: World, account: Account) -> dict[str, Decimal]:
    """The value in USDT, at the index prices, of every cross debt small enough."""
    debts = {asset: balance.debt for asset, balance in account.cross.items() if asset != TARGET and balance.debt}
    values = {asset: ceil8(debt * world.usdt_price(asset)) for asset, debt in debts.items()}
    return {asset: value for asset, value in values.items() if ZERO < value < TOO_LARGE}


def exchange(world: World, account: Account, assets: Sequence[str]) -> None:
    """Turn the debts in `assets` into USDT debt.

    Refusals: -1130 too many, -3027, -3026 no small debt, -3036 during a liquidation, -3045, -5006 too soon.
    """
    values = small_debts(world, account)
    _check(world, account, assets, values)
    target = account.wallet(Scope.CROSS, TARGET)
    for asset in assets:
        balance, value = account.wallet(Scope.CROSS, asset), values[asset]
        row = DebtExchange(world.next_id("transaction"), asset, balance.debt, TARGET, value, world.now_ms)
        account.debt_exchanges.append(row)
        loans.return_to_inventory(world, asset, balance.borrowed)
        loans.return_to_inventory(world, TARGET, -value)
        add(world.house.counterparty, asset, -balance.debt)
        add(world.house.counterparty, TARGET, value)
        balance.borrowed = balance.interest = ZERO
        target.borrowed += value


def _check(world: World, account: Account, assets: Sequence[str], values: Mapping[str, Decimal]) -> None:
    if len(assets) > MOST_ASSETS:
        raise refuse(-1130, name="assetNames")
    for asset in assets:
        world.terms(asset)
    if account.cross_liquidating_until is not None:
        raise refuse(world.config.liquidation_loan_code)
    if len(set(assets)) < len(assets) or not set(assets) <= values.keys():
        raise refuse(-3026)
    if account.debt_exchanges and world.now_ms - account.debt_exchanges[-1].time < PAUSE_MS:
        raise Refusal(-5006, "Only convert once within 6 hours.")
    inventory = world.terms(TARGET).inventory
    if inventory is not None and sum(values[asset] for asset in assets) > inventory:
        raise refuse(-3045)
