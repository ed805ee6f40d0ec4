"""Sweeping excess: equity that a target level does not need goes home to spot; never so much that the level falls below it."""

from __future__ import annotations

from decimal import Decimal

from marginbot.domain.amounts import ONE, ZERO, exact, floor_crumb, plain
from marginbot.domain.look import Look
from marginbot.domain.margin import assets_value, liability_value, margin_level
from marginbot.domain.plan import Aim, Need, Plan, Sweep, Verdict
from marginbot.rules.locked import backstops, make_room
from marginbot.rules.sizes import smallest_value
from marginbot.rules.target import level_text, near_target


@exact
def excess_value(aim: Aim, look: Look) -> Decimal:
    """A - T L in quote, 0 when the level is not above the target."""
    return max(ZERO, assets_value(look.account) - aim.target_level * liability_value(look.account))


@exact
def sweep_excess(aim: Aim, look: Look) -> Plan:
    """Quote first, then base; only what is free and may leave. Less than an order's worth is left where it is."""
    account, level = look.account, margin_level(look.account)
    excess = excess_value(aim, look)
    near = level is None or level <= max(near_target(aim), aim.target_level)
    if near or excess < smallest_value(look):
        return Plan(Verdict.DONE, f"the level is {level_text(account)}, the target {plain(aim.target_level)}")
    spare = f"{excess:.8f} {account.quote.asset} are more than {plain(aim.target_level)} needs"
    because = f"the level is {level_text(account)}: {spare}"
    if look.transferable is None:
        return Plan(Verdict.WAIT, f"{because}; asking what may leave", needs=frozenset({Need.TRANSFERABLE}))
    steps = _sweeps(look, excess)
    if steps:
        return Plan(Verdict.ACT, because, steps)
    if account.base.locked + account.quote.locked > 0 and look.orders is None:
        needs = frozenset({Need.ORDERS, Need.TRANSFERABLE})
        return Plan(Verdict.WAIT, f"{because}; reading what locks the coins", needs=needs)
    if ours := backstops(look.orders or ()):
        room = tuple(make_room(look, order, because) for order in ours)
        return Plan(Verdict.ACT, f"{because}: the backstop makes room", room, frozenset({Need.TRANSFERABLE}))
    return Plan(Verdict.STUCK, f"{because}, but the exchange lets nothing free out of {account.symbol}")


def _sweeps(look: Look, excess: Decimal) -> tuple[Sweep, ...]:
    account, left, steps = look.account, excess, list[Sweep]()
    for side, price in ((account.quote, ONE), (account.base, account.index_price)):
        allowed = (look.transferable or {}).get(side.asset, ZERO)
        amount = floor_crumb(min(side.free, allowed, left / price))
        if amount > 0:
            left -= amount * price
            because = f"{plain(side.free)} {side.asset} are free, {plain(allowed)} may leave, worth {excess:.8f} may be spared"
            steps.append(Sweep(account.symbol, side.asset, amount, because))
    return tuple(steps)
