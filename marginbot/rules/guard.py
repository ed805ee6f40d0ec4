"""The guard: looks at every plan once more before anything is sent, on dry runs too."""

from __future__ import annotations

from decimal import Decimal

from marginbot.domain.account import AssetBalance
from marginbot.domain.amounts import ZERO, Asset, exact, plain
from marginbot.domain.look import Look
from marginbot.domain.plan import CancelOrders, CloseOrder, Goal, Into, Plan, Repay, Side, Step, Sweep, TopUp
from marginbot.errors import PlanRefused
from marginbot.rules.close import next_interest
from marginbot.rules.sizes import NOTIONAL_MARGIN, smallest_order

OLDEST_ANSWER = 2.0
"""Seconds after which an answer is too old to build a write on."""


@exact
def check(goal: Goal, plan: Plan, look: Look, now: float, unresolved: tuple[str, ...] = ()) -> None:
    """Raises PlanRefused when the plan rests on an old answer, has an unresolved twin, overspends, overshoots or overpays.

    now: monotonic seconds, as `look.seen_at`. unresolved: this pair's writes whose outcome nobody knows yet, in words.
    """
    if not plan.steps:
        return
    if now - look.seen_at > OLDEST_ANSWER:
        age = f"{now - look.seen_at:.1f} s old, more than {OLDEST_ANSWER:.0f} s"
        raise PlanRefused(f"{goal.symbol}: the answer this plan rests on is {age}")
    if unresolved:
        raise PlanRefused(f"{goal.symbol}: nothing is sent while the outcome of {', '.join(unresolved)} is unknown")
    for step in plan.steps:
        if step.symbol != goal.symbol:
            raise PlanRefused(f"{goal.symbol}: a step for {step.symbol} has no place in this plan")
    _check_spending(plan, look)
    _check_trades(goal, plan, look)
    _check_payments(plan, look)


def _check_spending(plan: Plan, look: Look) -> None:
    for side in (look.account.base, look.account.quote):
        spent = sum((_spends(step, side.asset) for step in plan.steps), ZERO)
        if spent > side.free:
            free = f"{plain(side.free)} are free"
            raise PlanRefused(f"{look.account.symbol}: the plan spends {plain(spent)} {side.asset} and {free}")


def _spends(step: Step, asset: Asset) -> Decimal:
    match step:
        case CloseOrder(side=Side.SELL) if asset == step.base:
            return step.quantity
        case CloseOrder(side=Side.BUY) if asset == step.quote:
            return step.quantity * step.expected_price
        case Repay() | Sweep() if asset == step.asset:
            return step.amount
        case _:
            return ZERO


def _check_trades(goal: Goal, plan: Plan, look: Look) -> None:
    orders = [step for step in plan.steps if isinstance(step, CloseOrder)]
    if not orders:
        return
    if any(order.quantity <= 0 for order in orders) or len({order.side for order in orders}) > 1:
        raise PlanRefused(f"{goal.symbol}: a plan trades one way, by quantities above zero")
    traded = sum((order.quantity for order in orders), ZERO)
    most = _most_tradable(goal, look, orders[0].side)
    if traded > most:
        raise PlanRefused(
            f"{goal.symbol}: the plan would {orders[0].side.value.lower()} {plain(traded)} {look.market.rules.base}, "
            f"the goal needs at most {plain(most)}"
        )


def _most_tradable(goal: Goal, look: Look, side: Side) -> Decimal:
    """What the goal needs, plus one step or the smallest order. Reckoned from the account, not from the planner."""
    base, quote, market = look.account.base, look.account.quote, look.market
    filters, price = market.rules.filters, _low_price(look)
    least = smallest_order(filters, price) + filters.order_step
    if side is Side.SELL:
        spare = max(base.free - base.liability, ZERO)
        if goal.into is Into.QUOTE:
            return spare
        needed = max(quote.liability + next_interest(look, quote_side=True) - quote.free, ZERO)
        return min(spare, max(needed / (price * (1 - market.fees.taker)) + filters.order_step, least))
    missing = max(base.liability + next_interest(look, quote_side=False) - base.free, ZERO)
    if goal.into is Into.BASE and not look.account.owes:
        return quote.free / price
    return max(missing / (1 - market.fees.taker) + filters.order_step, least) if missing > 0 else ZERO


def _low_price(look: Look) -> Decimal:
    bids = look.market.book.bids
    return min(look.account.index_price, bids[0].price) if bids else look.account.index_price


def _check_payments(plan: Plan, look: Look) -> None:
    for step in plan.steps:
        match step:
            case Repay():
                side = look.account.side(step.asset)
                _demand(0 < step.amount <= side.liability, look, f"a repayment of {plain(step.amount)} {step.asset}", side)
            case Sweep():
                allowed = (look.transferable or {}).get(step.asset, ZERO)
                side = look.account.side(step.asset)
                _demand(0 < step.amount <= allowed, look, f"a sweep of {plain(step.amount)} {step.asset}", side)
            case TopUp():
                side = look.account.side(step.asset)
                most = side.liability * NOTIONAL_MARGIN
                _demand(0 < step.amount <= most, look, f"a top-up of {plain(step.amount)} {step.asset}", side)
            case CloseOrder() | CancelOrders():
                pass


def _demand(holds: bool, look: Look, what: str, side: AssetBalance) -> None:
    if not holds:
        raise PlanRefused(
            f"{look.account.symbol}: {what} does not fit: {plain(side.free)} are free, {plain(side.liability)} owed, "
            f"{plain((look.transferable or {}).get(side.asset, ZERO))} may leave"
        )
