"""The bars of a cross account by its leverage: the level a loan must leave, the margin call, the liquidation.

Source: the article on margin levels for 3x and 5x. Of 10x and 20x only the leverage itself is published: their initial bar
is L / (L - 1), the other two follow the isolated pairs of 10x and are assumed for 20x.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.wallets import Account

if TYPE_CHECKING:
    from marginbot.paper.books.world import World

FIRST = 3


@dataclass(frozen=True, slots=True)
class Bars:
    """Margin levels, falling: at or below `margin_call` the owner is warned, at or below `liquidation` the exchange acts."""

    initial: Decimal
    margin_call: Decimal
    liquidation: Decimal


BARS = {
    FIRST: Bars(Decimal("1.5"), Decimal("1.3"), Decimal("1.1")),
    5: Bars(Decimal("1.25"), Decimal("1.16"), Decimal("1.1")),
    10: Bars(Decimal("1.1112"), Decimal("1.1"), Decimal("1.05")),
    20: Bars(Decimal("1.0527"), Decimal("1.04"), Decimal("1.02")),
}


def bars(world: World, leverage: int) -> Bars:
    """The bars of an account with this leverage; a world may have another initial bar for the first one."""
    found = BARS[leverage]
    return replace(found, initial=world.config.cross_initial_ratio) if leverage == FIRST else found


def account_type(leverage: int) -> str:
    """As GET /sapi/v1/margin/account has it: classic up to 5x, pro beyond."""
    return "MARGIN_1" if leverage <= 5 else "MARGIN_2"


def set_leverage(world: World, account: Account, leverage: int, level: Decimal | None) -> None:
    """Choose a leverage at the present margin `level` (None: nothing owed). -3023 unless that is above the new initial bar."""
    if level is not None and level <= bars(world, leverage).initial:
        raise refuse(-3023)
    account.cross_leverage = leverage
