"""Liquidation at its owner's wish: whatever the level, all at once, by the same steps and at the same cost as a forced one.

Source: POST /sapi/v1/margin/manual-liquidation. That it costs the fee is assumed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from marginbot.paper.books import cross, cross_liquidation, liquidation
from marginbot.paper.books.amounts import half_up8
from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.wallets import Account, Balance

if TYPE_CHECKING:
    from marginbot.paper.books.world import World


@dataclass(frozen=True, slots=True)
class Owed:
    """The largest debt that was repaid, in units of `asset`, and what it was worth in units of `money`."""

    asset: str
    interest: Decimal
    principal: Decimal
    money: str
    value: Decimal


def liquidate_pair(world: World, account: Account, symbol: str) -> Owed:
    """Close one isolated account. Refusals: -1121 -3028 -11001, -3010 when nothing is owed, -3004 while it is taken over."""
    pair, market = world.pair(account, symbol), world.market(symbol)
    if pair.liquidating_until is not None:
        raise refuse(world.config.liquidation_order_code)
    base, quote = market.listing.base, market.listing.quote
    owed = _largest(quote, ((base, pair.base, market.index), (quote, pair.quote, Decimal(1))))
    liquidation.begin(world, account, pair)
    if pair.liquidating_until is not None:
        liquidation.finish(world, account, pair)
    return owed


def liquidate_cross(world: World, account: Account) -> Owed:
    """Close the cross account. Refusals: -3010 when nothing is owed, -3004 while it is taken over."""
    if account.cross_liquidating_until is not None:
        raise refuse(world.config.liquidation_order_code)
    debts = ((asset, balance, world.usdt_price(asset)) for asset, balance in account.cross.items())
    owed = _largest(cross_liquidation.MONEY, debts)
    assets, _ = cross.values(world, account)
    cross_liquidation.begin(world, account, assets)
    if account.cross_liquidating_until is not None:
        cross_liquidation.finish(world, account)
    return owed


def _largest(money: str, debts: Iterable[tuple[str, Balance, Decimal]]) -> Owed:
    owed = [
        Owed(asset, balance.interest, balance.borrowed, money, half_up8(balance.debt * price))
        for asset, balance, price in debts
        if balance.debt
    ]
    if not owed:
        raise refuse(-3010)
    return max(owed, key=lambda one: one.value)
