"""The exchange's own side of every movement, so that nothing appears or vanishes."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from marginbot.paper.books.amounts import ZERO
from marginbot.paper.books.records import Transfer

if TYPE_CHECKING:
    from marginbot.paper.books.world import World

Purse = dict[str, Decimal]


@dataclass(slots=True)
class House:
    """Units by asset: what the other side of all trades holds (may be negative), and what the exchange has earned.

    `insurance` receives liquidation fees and covers what a liquidation leaves unpaid.
    """

    counterparty: Purse = field(default_factory=dict)
    fees: Purse = field(default_factory=dict)
    interest: Purse = field(default_factory=dict)
    insurance: Purse = field(default_factory=dict)

    def purses(self) -> tuple[Purse, ...]:
        return self.counterparty, self.fees, self.interest, self.insurance


def add(purse: Purse, asset: str, amount: Decimal) -> None:
    purse[asset] = purse.get(asset, ZERO) + amount


def totals(world: World) -> Purse:
    """Units by asset of all wallets less all debts, plus the exchange's own side and what is on its way."""
    sums: Purse = dict.fromkeys(world.assets, ZERO)
    for account in world.accounts.values():
        for wallet in (account.spot, account.cross):
            for asset, balance in wallet.items():
                add(sums, asset, balance.net)
        for pair in account.isolated.values():
            listing = world.market(pair.symbol).listing
            add(sums, listing.base, pair.base.net)
            add(sums, listing.quote, pair.quote.net)
    for purse in world.house.purses():
        for asset, amount in purse.items():
            add(sums, asset, amount)
    for _, _, record in world.pending:
        if isinstance(record, Transfer) or record.direction == "REPAY":
            add(sums, record.asset, record.amount)
    return sums
