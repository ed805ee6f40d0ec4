"""The exchange's own side of every movement, so that nothing appears or vanishes."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from marginbot.paper.books.amounts import ZERO

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
