"""The levels at which the exchange changes its word for a pair; of these its API tells only the liquidation ratio.

Source: margin level and liquidation FAQ (api 14.3): 1.22, 1.19 and 1.10 for pairs of 3x, 5x and 10x, whose liquidation
ratios are 1.18, 1.15 and 1.05. Older tables rise with the tier and keep the gap.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from marginbot.domain.account import IsolatedAccount, LevelStatus
from marginbot.domain.amounts import exact
from marginbot.domain.margin import deciding_level, tier_of
from marginbot.domain.market import Tier

GAP: Final = Decimal("0.04")
WIDE_GAP: Final = Decimal("0.05")
WIDE_FROM: Final = Decimal(10)
PRE_LIQUIDATION_GAP: Final = Decimal("0.02")
"""Only the older table has a number for it, 1.07 at 10x; today's is not published."""


@exact
def margin_call_level(tier: Tier, tiers: tuple[Tier, ...]) -> Decimal:
    """The level below which the exchange calls for margin; the gap follows from the pair's highest leverage."""
    wide = max(one.multiple for one in (tier, *tiers)) >= WIDE_FROM
    return tier.liquidation_level + (WIDE_GAP if wide else GAP)


@exact
def status_level(status: LevelStatus, tier: Tier, tiers: tuple[Tier, ...]) -> Decimal | None:
    """The level at or below which an account has this status; None for those that have no lower edge of their own."""
    match status:
        case LevelStatus.FORCE_LIQUIDATION:
            return tier.liquidation_level
        case LevelStatus.PRE_LIQUIDATION:
            return tier.liquidation_level + PRE_LIQUIDATION_GAP
        case LevelStatus.MARGIN_CALL:
            return margin_call_level(tier, tiers)
        case _:
            return None


def status_of(account: IsolatedAccount, tiers: tuple[Tier, ...]) -> LevelStatus:
    """The exchange's own word, or for a word we do not know what the numbers say."""
    level = deciding_level(account)
    if account.status is not LevelStatus.UNKNOWN or level is None or not tiers:
        return account.status
    tier = tier_of(account, tiers)
    for status in (LevelStatus.FORCE_LIQUIDATION, LevelStatus.PRE_LIQUIDATION, LevelStatus.MARGIN_CALL):
        edge = status_level(status, tier, tiers)
        if edge is not None and level <= edge:
            return status
    return LevelStatus.NORMAL
