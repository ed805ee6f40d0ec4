"""The guard: looks at every plan once more before anything is sent, on dry runs too."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, Decimal

from marginbot.domain.account import AssetBalance
from marginbot.domain.amounts import CRUMB, ZERO, Asset, Symbol, exact, plain
from marginbot.domain.look import Look
from marginbot.domain.plan import (
    CancelOrder,
    CancelOrders,
    CloseOrder,
    Goal,
    Into,
    PlaceBackstop,
    Plan,
    Repay,
    Side,
    Step,
    Sweep,
    TopUp,
)
from marginbot.errors import PlanRefused
from marginbot.rules.close import next_interest
from marginbot.rules.sizes import order_price, smallest_order

OLDEST_ANSWER = 2.0
"""Seconds after which an answer is too old to build a write on."""


@exact
def check(goal: Goal, plan: Plan, look: Look, now: float, unresolved: tuple[str, ...] = ()) -> None:
    """Raises PlanRefused when the plan rests on an old answer, has an unresolved twin, overspends, overshoots or overpays.

    now: monotonic seconds, as `look.seen_at`. unresolved: this pair's writes whose outcome nobody knows yet, in words.
    """
    if not plan.steps:
        return
    check_ground(goal.symbol, plan, look, now, unresolved)
    check_trades(plan, look, lambda side: _most_tradable(goal, look, side))
    _check_payments(plan, look)


def check_ground(symbol: Symbol, plan: Plan, look: Look, now: float, unresolved: tuple[str, ...]) -> None:
    """What every plan must keep, whatever it is for. One top-up at a time: a second is refused while one is on its way."""
    if now - look.seen_at > OLDEST_ANSWER:
        age = f"{now - look.seen_at:.1f} s old, more than {OLDEST_ANSWER:.0f} s"
        raise PlanRefused(f"{symbol}: the answer this plan rests on is {age}")
    if unresolved:
        raise PlanRefused(f"{symbol}: nothing is sent while the outcome of {', '.join(unresolved)} is unknown")
    if look.topping_up and any(isinstance(step, TopUp) for step in plan.steps):
        raise PlanRefused(f"{symbol}: no top-up is sent while {', '.join(look.topping_up)} is on its way")
    for step in plan.steps:
        if step.symbol != symbol or not _assets_of(step) <= {look.account.base.asset, look.account.quote.asset}:
            of = " and ".join(sorted(_assets_of(step)))
            raise PlanRefused(f"{symbol}: a step for {step.symbol} {of}".rstrip() + " has no place in this plan")
    _check_spending(plan, look)


def _assets_of(step: Step) -> frozenset[Asset]:
    match step:
        case CancelOrders() | CancelOrder():
            return frozenset()
        case CloseOrder() | PlaceBackstop():
            return frozenset({step.base, step.quote})
        case Repay() | Sweep() | TopUp():
            return frozenset({step.asset})


def _check_spending(plan: Plan, look: Look) -> None:
    for side in (look.account.base, look.account.quote):
        spent = sum((_spends(step, side.asset) for step in plan.steps), ZERO)
        if spent > side.free:
            free = f"{plain(side.free)} are free"
            raise PlanRefused(f"{look.account.symbol}: the plan spends {plain(spent)} {side.asset} and {free}")


def _spends(step: Step, asset: Asset) -> Decimal:
    match step:
        case CloseOrder(side=Side.SELL) | PlaceBackstop(side=Side.SELL) if asset == step.base:
            return step.quantity
        case PlaceBackstop(side=Side.BUY) if asset == step.quote:
            return step.quantity * step.limit_price
        case CloseOrder(side=Side.BUY) if asset == step.quote:
            return step.quantity * (step.expected_price if step.limit_price is None else step.limit_price)
        case Repay() | Sweep() if asset == step.asset:
            return step.amount
        case _:
            return ZERO


def check_trades(plan: Plan, look: Look, most_tradable: Callable[[Side], Decimal]) -> None:
    """One way, and in sum no more base than `most_tradable` of that side."""
    orders, symbol = [step for step in plan.steps if isinstance(step, CloseOrder)], look.account.symbol
    if not orders:
        return
    if any(order.quantity <= 0 for order in orders) or len({order.side for order in orders}) > 1:
        raise PlanRefused(f"{symbol}: a plan trades one way, by quantities above zero")
    traded = sum((order.quantity for order in orders), ZERO)
    most = most_tradable(orders[0].side)
    if traded > most:
        raise PlanRefused(
            f"{symbol}: the plan would {orders[0].side.value.lower()} {plain(traded)} {look.market.rules.base}, "
            f"the goal needs at most {plain(most)}"
        )


def _most_tradable(goal: Goal, look: Look, side: Side) -> Decimal:
    """What the goal needs, plus one step or the smallest order. Reckoned from the account, not from the planner."""
    base, quote, market = look.account.base, look.account.quote, look.market
    filters, price = market.rules.filters, order_price(look)
    least = smallest_order(filters, price) + filters.order_step
    if side is Side.SELL:
        spare = max(base.free - base.liability, ZERO)
        if goal.into is Into.QUOTE:
            return spare
        if quote.free >= quote.liability:
            return ZERO
        needed = quote.liability + next_interest(look, quote_side=True) - quote.free
        return min(spare, max(needed / (price * (1 - market.fees.taker)) + filters.order_step, least))
    if goal.into is Into.BASE and not look.account.owes:
        return quote.free / min([look.account.index_price, *(level.price for level in market.book.asks[:1])])
    if base.free >= base.liability:
        return ZERO
    missing = base.liability + next_interest(look, quote_side=False) - base.free
    return max(missing / (1 - market.fees.taker) + filters.order_step, least)


def _check_payments(plan: Plan, look: Look) -> None:
    """Sums of all steps of a kind, so that two halves cannot do what the whole may not."""
    for side in (look.account.base, look.account.quote):
        short = max(side.liability - side.free, ZERO).quantize(CRUMB, ROUND_CEILING)
        allowed = (look.transferable or {}).get(side.asset, ZERO)
        check_sum(plan, look, side, Repay, side.liability, "a repayment")
        check_sum(plan, look, side, Sweep, allowed, "a sweep")
        check_sum(plan, look, side, TopUp, min(short, look.spot.get(side.asset, ZERO)), "a top-up")


def check_sum(plan: Plan, look: Look, side: AssetBalance, kind: type[Repay | Sweep | TopUp], most: Decimal, what: str) -> None:
    """All steps of a kind in one coin: each above zero, together no more than `most`."""
    amounts = [step.amount for step in plan.steps if isinstance(step, kind) and step.asset == side.asset]
    total = sum(amounts, ZERO)
    _demand(all(amount > 0 for amount in amounts) and total <= most, look, f"{what} of {plain(total)} {side.asset}", side)


def _demand(holds: bool, look: Look, what: str, side: AssetBalance) -> None:
    if not holds:
        raise PlanRefused(
            f"{look.account.symbol}: {what} does not fit: {plain(side.free)} are free, {plain(side.liability)} owed, "
            f"{plain((look.transferable or {}).get(side.asset, ZERO))} may leave, "
            f"{plain(look.spot.get(side.asset, ZERO))} lie in spot"
        )
