"""The crumb: a debt too small to trade for, paid from spot when the owner allows it."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from marginbot.domain.account import AssetBalance
from marginbot.domain.amounts import CRUMB, ONE, ZERO, exact, plain
from marginbot.domain.look import Look
from marginbot.domain.plan import Limits, TopUp


@exact
def crumb_from_spot(look: Look, limits: Limits) -> TopUp | None:
    """What one owed coin still lacks, if all that is missing is within `topup_crumb` and twice the minimum order, and in spot.

    Where more than that is missing none of it is brought: a crumb of one coin would only be traded away for the other debt.
    """
    account, found, value = look.account, list[TopUp](), ZERO
    for side, price in ((account.base, account.index_price), (account.quote, ONE)):
        missing = side.liability - side.free
        if missing <= 0:
            continue
        amount = missing.quantize(CRUMB, ROUND_CEILING)
        if look.spot.get(side.asset, ZERO) < amount:
            return None
        value += amount * price
        found.append(TopUp(account.symbol, side.asset, amount, _because(side, amount), amount * price))
    most = min(limits.topup_crumb, look.market.rules.filters.min_notional * 2 or limits.topup_crumb)
    return found[0] if found and value <= most else None


def _because(side: AssetBalance, amount: Decimal) -> str:
    return (
        f"{plain(side.liability)} {side.asset} are owed and {plain(side.free)} free; nothing is left to trade, "
        f"so the missing {plain(amount)} comes from spot as `unwind.topup_crumb` allows"
    )
