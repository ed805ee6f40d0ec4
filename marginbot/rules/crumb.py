"""The crumb: a debt too small to trade for, paid from spot when the owner allows it."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from marginbot.domain.account import AssetBalance
from marginbot.domain.amounts import CRUMB, ZERO, exact, plain
from marginbot.domain.look import Look
from marginbot.domain.plan import Limits, TopUp


@exact
def crumb_from_spot(look: Look, limits: Limits) -> TopUp | None:
    """What one owed coin still lacks, if its value is within `topup_crumb` and twice the minimum order, and spot has it."""
    for side in (look.account.base, look.account.quote):
        missing = side.liability - side.free
        if missing <= 0:
            continue
        amount = missing.quantize(CRUMB, ROUND_CEILING)
        value = amount * (look.account.index_price if side is look.account.base else Decimal(1))
        most = min(limits.topup_crumb, look.market.rules.filters.min_notional * 2 or limits.topup_crumb)
        if value <= most and look.spot.get(side.asset, ZERO) >= amount:
            return TopUp(look.account.symbol, side.asset, amount, _because(side, amount))
    return None


def _because(side: AssetBalance, amount: Decimal) -> str:
    return (
        f"{plain(side.liability)} {side.asset} are owed and {plain(side.free)} free; nothing is left to trade, "
        f"so the missing {plain(amount)} comes from spot as `unwind.topup_crumb` allows"
    )
