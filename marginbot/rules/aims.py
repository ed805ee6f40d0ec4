"""The planner of aims: one look in, one plan out, for every rung of a ladder that is not an unwind."""

from __future__ import annotations

from typing import assert_never

from marginbot.domain.amounts import exact
from marginbot.domain.look import Look
from marginbot.domain.plan import Aim, AimKind, Limits, Plan, Verdict
from marginbot.rules.deleverage import deleverage
from marginbot.rules.excess import sweep_excess
from marginbot.rules.idle import repay_idle
from marginbot.rules.top_up import top_up
from marginbot.rules.unwind import not_now


@exact
def plan_aim(aim: Aim, look: Look, limits: Limits) -> Plan:
    """What to do next to bring the level to its target. Total: every look has an answer, and every answer a reason.

    limits: with the slippage cap as it is now, see `widened`.
    """
    account = look.account
    if (wait := not_now(look)) is not None:
        return wait
    if not account.owes:
        return Plan(Verdict.DONE, f"{account.symbol} owes nothing")
    if account.index_price <= 0:
        return Plan(Verdict.WAIT, f"the exchange shows no index price of {account.symbol}: nothing can be valued")
    match aim.kind:
        case AimKind.REPAY:
            return repay_idle(aim, look)
        case AimKind.TOP_UP:
            return top_up(aim, look)
        case AimKind.DELEVERAGE:
            return deleverage(aim, look, limits)
        case AimKind.SWEEP:
            return sweep_excess(aim, look)
        case _ as never:
            assert_never(never)
