"""When an aim has arrived: two numbers, so that a level that trembles at its target is not worked on for ever."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import exact
from marginbot.domain.margin import margin_level
from marginbot.domain.plan import Aim

SHARE: Final = Decimal("0.1")
"""How much of the way from trigger to target may be left: less is not worth another step."""


@exact
def near_target(aim: Aim) -> Decimal:
    """`T - 0.1 (T - trigger)`: the level that counts as arrived; beyond the target when it is approached from above."""
    return aim.target_level + SHARE * (aim.trigger_level - aim.target_level)


@exact
def lifted(aim: Aim, account: IsolatedAccount) -> bool:
    """Whether the level has come up near enough to the target; nothing owed is as high as it gets."""
    level = margin_level(account)
    return level is None or level >= min(near_target(aim), aim.target_level)


@exact
def level_text(account: IsolatedAccount) -> str:
    """`1.2531`, for sentences."""
    level = margin_level(account)
    return "without debt" if level is None else f"{level:.4f}"
