"""The slippage cap of a rule: the nearer the liquidation, the more an exit may cost, as long as it still covers the debt."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import ONE, ZERO, exact
from marginbot.domain.book import BPS
from marginbot.domain.margin import deciding_level, tier_of
from marginbot.domain.market import Tier
from marginbot.domain.plan import Limits
from marginbot.rules.margin_call import margin_call_level

MOST_BPS: Final = Decimal(200)
"""What is added once the liquidation level is reached; at the margin call it is nothing yet."""


@exact
def widened(limits: Limits, account: IsolatedAccount, tiers: tuple[Tier, ...], fee: Decimal) -> Limits:
    """`cap + 200 bps x clamp((MC - level) / (MC - LR), 0, 1)`, what is added never beyond `1 - 1/level - fee`.

    Beyond that a sale no longer brings what is owed. What the owner allowed stays allowed though, at every level: an account
    that does not cover its debt any more loses most by waiting. fee: the taker's, as a share.
    """
    level = deciding_level(account)
    if level is None or not tiers:
        return limits
    tier, cap = tier_of(account, tiers), limits.max_slippage_bps
    call = margin_call_level(tier, tiers)
    near = min(ONE, max(ZERO, (call - level) / (call - tier.liquidation_level)))
    covering = (ONE - ONE / level - fee) * BPS if level > 0 else ZERO
    return replace(limits, max_slippage_bps=max(cap, min(cap + MOST_BPS * near, covering)))
