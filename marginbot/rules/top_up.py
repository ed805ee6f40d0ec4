"""Topping up: coins of what is owed, from spot, as many as the target needs and the budget allows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Final

from marginbot.domain.account import AssetBalance
from marginbot.domain.amounts import CRUMB, ONE, ZERO, exact, floor_crumb, plain
from marginbot.domain.look import Look
from marginbot.domain.margin import assets_value, liability_value, margin_level, top_up_amount
from marginbot.domain.plan import Aim, Need, Plan, TopUp, Verdict
from marginbot.rules.idle import idle_repayments
from marginbot.rules.sizes import smallest_value
from marginbot.rules.target import level_text, lifted
from marginbot.rules.unwind import unconfirmed

TOO_SLOW: Final = 70.0
"""Seconds. One whose answer was lost is known to be absent after 60 and two looks; what has not come by then may take half an
hour, and the price does not wait for it.
"""


@dataclass(frozen=True, slots=True)
class Source:
    """One owed coin and what may come of it: `wanted` units reach the target, `most` is what spot and the budget give."""

    side: AssetBalance
    price: Decimal
    wanted: Decimal
    most: Decimal


@exact
def top_up(aim: Aim, look: Look) -> Plan:
    """Bring coins and, unless they are held, repay with them; a second transfer never while one is on its way."""
    account = look.account
    if look.topping_up_for >= TOO_SLOW:
        slow = ", ".join(look.topping_up)
        return Plan(Verdict.STUCK, f"{slow} has been on its way for {look.topping_up_for:.0f} s: the ladder goes on without it")
    if look.topping_up:
        return unconfirmed(look.topping_up)
    repays = () if aim.hold or _arrived(aim, look) else idle_repayments(look, aim.target_level, slack=smallest_value(look))
    if repays:
        return Plan(Verdict.ACT, f"the level is {level_text(account)}: coins that are there pay debt", repays)
    if lifted(aim, account):
        return Plan(Verdict.DONE, f"the level is {level_text(account)}, the target {plain(aim.target_level)}")
    if aim.barred:
        return Plan(Verdict.STUCK, f"the level is {level_text(account)}, but {aim.barred}")
    if not look.spot_is_fresh:
        return Plan(Verdict.WAIT, "asking what lies in spot", needs=frozenset({Need.SPOT}))
    return _brought(aim, look)


@exact
def allowed_value(aim: Aim, look: Look) -> Decimal | None:
    """Quote value that may still come; None without a limit."""
    return None if aim.allowance is None else max(ZERO, aim.allowance - look.brought)


@exact
def most_from_spot(aim: Aim, look: Look, side: AssetBalance, price: Decimal) -> Decimal:
    """Units of one coin that may come: what spot has beyond what it keeps, inside the allowance."""
    spare = look.spot.get(side.asset, ZERO) - aim.keep_in_spot / price
    allowed = allowed_value(aim, look)
    return max(ZERO, floor_crumb(spare if allowed is None else min(spare, allowed / price)))


def _brought(aim: Aim, look: Look) -> Plan:
    """All that the target needs of one coin; else as much as lifts the level out of where the rule fired; else nothing."""
    account = look.account
    sources = _sources(aim, look)
    whole = next((one for one in sources if one.most >= one.wanted > 0), None)
    if whole is not None:
        return Plan(Verdict.ACT, _because(aim, look), (_step(aim, look, whole, whole.wanted),))
    best = max(sources, key=lambda one: one.most * one.price)
    value = best.most * best.price
    if value > 0 and _level_with(aim, look, value) >= aim.trigger_level:
        because = f"{_because(aim, look)}; {_lack(aim, look, best)}, so as much comes as there is"
        return Plan(Verdict.ACT, because, (_step(aim, look, best, best.most),))
    level = margin_level(account)
    if look.brought > 0 and level is not None and level >= aim.trigger_level:
        return Plan(Verdict.DONE, f"the level is {level_text(account)}; {_lack(aim, look, best)}, so it stays there")
    return Plan(Verdict.STUCK, f"{_because(aim, look)}, but {_lack(aim, look, best)}")


def _sources(aim: Aim, look: Look) -> list[Source]:
    """The owed coins, the larger debt first. To repay, no more than the debt of the coin comes; then it is decided again."""
    account = look.account
    needed = top_up_amount(account, aim.target_level, then_repay=not aim.hold)
    found = []
    for side, price in ((account.base, account.index_price), (account.quote, ONE)):
        if side.liability > 0:
            wanted = needed / price if aim.hold else min(needed / price, side.liability)
            most = most_from_spot(aim, look, side, price)
            found.append(Source(side, price, wanted.quantize(CRUMB, ROUND_CEILING), most))
    return sorted(found, key=lambda one: one.side.liability * one.price, reverse=True)


def _step(aim: Aim, look: Look, source: Source, amount: Decimal) -> TopUp:
    use = "to be held" if aim.hold else "to repay with"
    lie = plain(look.spot.get(source.side.asset, ZERO))
    because = f"{plain(amount)} of the {lie} {source.side.asset} in spot come in {use}: the target is {plain(aim.target_level)}"
    return TopUp(look.account.symbol, source.side.asset, amount, because, amount * source.price)


def _level_with(aim: Aim, look: Look, value: Decimal) -> Decimal:
    """The level once so much has come and, unless it is held, was repaid; the debt is larger than that."""
    assets, owed = assets_value(look.account), liability_value(look.account)
    return (assets + value) / owed if aim.hold else assets / (owed - value)


def _because(aim: Aim, look: Look) -> str:
    needed = top_up_amount(look.account, aim.target_level, then_repay=not aim.hold)
    quote = look.account.quote.asset
    return f"the level is {level_text(look.account)}: coins worth {needed:.8f} {quote} lift it to {plain(aim.target_level)}"


def _lack(aim: Aim, look: Look, best: Source) -> str:
    """Why not all of it comes."""
    asset, allowed = best.side.asset, allowed_value(aim, look)
    if allowed is not None and allowed < best.wanted * best.price:
        return f"the budget leaves {plain(allowed)} {look.account.quote.asset}"
    kept = f" and keeps what is worth {plain(aim.keep_in_spot)}" if aim.keep_in_spot > 0 else ""
    return f"spot holds {plain(look.spot.get(asset, ZERO))} {asset}{kept}"


def _arrived(aim: Aim, look: Look) -> bool:
    level = margin_level(look.account)
    return level is None or level >= aim.target_level
