"""The guard over aims: what a rung may do is reckoned once more from the account, not from its planner."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import Final

from marginbot.domain.amounts import CRUMB, ONE, ZERO, exact, plain
from marginbot.domain.book import cap_price, walk
from marginbot.domain.look import Look
from marginbot.domain.margin import assets_value, liability_value, top_up_amount
from marginbot.domain.plan import (
    Aim,
    AimKind,
    CancelOrder,
    CloseOrder,
    Limits,
    Plan,
    Repay,
    Side,
    Step,
    Sweep,
    TopUp,
    is_backstop_id,
)
from marginbot.errors import PlanRefused
from marginbot.rules.guard import check_ground, check_sum, check_trades
from marginbot.rules.idle import once_paid
from marginbot.rules.sizes import order_price, smallest_order

ALLOWED: Final[dict[AimKind, tuple[type[Step], ...]]] = {
    AimKind.REPAY: (CancelOrder, Repay),
    AimKind.TOP_UP: (Repay, TopUp),
    AimKind.DELEVERAGE: (CancelOrder, CloseOrder, Repay),
    AimKind.SWEEP: (Sweep,),
}
"""No kind of aim ever borrows, and there is no step that could. Any may take our own backstop back."""


@exact
def check_aim(aim: Aim, limits: Limits, plan: Plan, look: Look, now: float, unresolved: tuple[str, ...] = ()) -> None:
    """Raises PlanRefused for a plan that no aim of this kind may send, or that trades, brings, pays or takes too much.

    limits: as the planner had them. now: monotonic seconds, as `look.seen_at`. unresolved: this pair's writes whose outcome
    nobody knows yet, in words, but for top-ups, which hold nothing up but another top-up.
    """
    if not plan.steps:
        return
    check_ground(aim.symbol, plan, look, now, unresolved)
    for step in plan.steps:
        if _is_ours(step):
            continue
        if not isinstance(step, ALLOWED[aim.kind]):
            raise PlanRefused(f"{aim.symbol}: a {type(step).__name__} has no place in a {aim.kind.value}")
        if isinstance(step, CancelOrder) and aim.leave_orders:
            raise PlanRefused(f"{aim.symbol}: the rule leaves the owner's orders alone")
    check_trades(plan, look, lambda side: _most_tradable(aim, limits, plan, look, side))
    for side in (look.account.base, look.account.quote):
        check_sum(plan, look, side, Repay, side.liability, "a repayment")
        check_sum(plan, look, side, Sweep, (look.transferable or {}).get(side.asset, ZERO), "a sweep")
    _check_sweeps(aim, plan, look)
    _check_top_ups(aim, plan, look)


def _is_ours(step: Step) -> bool:
    """Whether it takes back a backstop and nothing else."""
    return isinstance(step, CancelOrder) and bool(step.client_ids) and all(map(is_backstop_id, step.client_ids))


def _most_tradable(aim: Aim, limits: Limits, plan: Plan, look: Look, side: Side) -> Decimal:
    """Base that lifts the level to the target at the price the book gives for it, plus one step or the smallest order."""
    account = once_paid(look.account, tuple(step for step in plan.steps if isinstance(step, Repay)))
    filters, index, fee = look.market.rules.filters, account.index_price, look.market.fees.taker
    orders = [step for step in plan.steps if isinstance(step, CloseOrder)]
    price = _price(look, side, orders, cap_price(side, index, limits.max_slippage_bps))
    kept = (price / index if side is Side.SELL else index / price) * (ONE - fee)
    lift = aim.target_level * kept - ONE
    missing = aim.target_level * liability_value(account) - assets_value(account)
    if missing <= 0 or lift <= 0 or assets_value(account) * kept <= liability_value(account):
        return ZERO
    needed = missing / lift / (index if side is Side.SELL else price)
    most = max(needed, smallest_order(filters, order_price(look))) + filters.order_step
    return min(most, max(account.base.equity, ZERO)) if side is Side.SELL else most


def _price(look: Look, side: Side, orders: list[CloseOrder], worst: Decimal) -> Decimal:
    """Of MARKET orders what the book gives for all of them, of others the worst they may take."""
    there = walk(look.market.book, side, sum((order.quantity for order in orders), ZERO))
    if there.quantity == 0 or any(order.limit_price is not None for order in orders):
        return worst
    return there.value / there.quantity


def _check_sweeps(aim: Aim, plan: Plan, look: Look) -> None:
    swept = sum((_value(look, step) for step in plan.steps if isinstance(step, Sweep)), ZERO)
    left, owed = assets_value(look.account) - swept, liability_value(look.account)
    if swept > 0 and left < aim.target_level * owed:
        raise PlanRefused(f"{aim.symbol}: a sweep worth {plain(swept)} would leave less than the level {plain(aim.target_level)}")


def _check_top_ups(aim: Aim, plan: Plan, look: Look) -> None:
    steps = [step for step in plan.steps if isinstance(step, TopUp)]
    if not steps:
        return
    if aim.barred:
        raise PlanRefused(f"{aim.symbol}: a top-up has no place where {aim.barred}")
    if len(steps) > 1 or not look.spot_is_fresh:
        raise PlanRefused(f"{aim.symbol}: one top-up at a time, and on a fresh read of the spot wallet")
    step = steps[0]
    side, price = (
        (look.account.base, look.account.index_price) if step.asset == look.account.base.asset else (look.account.quote, ONE)
    )
    needed = top_up_amount(look.account, aim.target_level, then_repay=not aim.hold) / price
    spare = look.spot.get(side.asset, ZERO) - aim.keep_in_spot / price
    most = min(needed.quantize(CRUMB, ROUND_CEILING), spare) if side.liability > 0 else ZERO
    if aim.allowance is not None:
        most = min(most, (aim.allowance - look.brought) / price)
    check_sum(plan, look, side, TopUp, most, "a top-up")
    if step.value != _value(look, step):
        amount = f"{plain(step.amount)} {step.asset}"
        raise PlanRefused(f"{aim.symbol}: {amount} are not worth the {plain(step.value)} they are said to be")


def _value(look: Look, step: Sweep | TopUp) -> Decimal:
    return step.amount * (look.account.index_price if step.asset == look.account.base.asset else ONE)
