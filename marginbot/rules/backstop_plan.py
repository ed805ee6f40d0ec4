"""Keeping the backstop: one look in, one plan out. Cancel what must not rest, place what should; never two at a time."""

from __future__ import annotations

from dataclasses import replace

from marginbot.domain.account import LevelStatus
from marginbot.domain.amounts import ZERO, exact, plain
from marginbot.domain.book import levels_for
from marginbot.domain.look import Look
from marginbot.domain.plan import CancelOrder, Need, PlaceBackstop, Plan, Side, Verdict
from marginbot.domain.policy import Ladder
from marginbot.domain.records import OpenOrder
from marginbot.domain.situation import Situation
from marginbot.errors import PlanRefused
from marginbot.rules.backstop import Absent, Wanted, backstop_for, fits
from marginbot.rules.guard import check_ground
from marginbot.rules.locked import backstops
from marginbot.rules.unwind import unconfirmed


@exact
def plan_backstop(ladder: Ladder, situation: Situation, look: Look, *, banded: bool = False) -> Plan:
    """DONE: it rests where it should, or there is nothing it could do, or not yet. STUCK: it cannot rest, and why.

    banded: the exchange has said that it limits the prices of this pair (-3064).
    """
    account = look.account
    if account.status is LevelStatus.FORCE_LIQUIDATION:
        return Plan(Verdict.STUCK, f"the exchange is liquidating {account.symbol}")
    if look.pending:
        return unconfirmed(look.pending)
    if look.orders is None:
        return Plan(Verdict.WAIT, "reading the open orders", needs=frozenset({Need.ORDERS}))
    wanted = backstop_for(ladder, situation, look) if ladder.backstop else Absent("the policy wants none", needed=False)
    ours = backstops(look.orders)
    kept = next((order for order in ours if not _hangs(order, look) and _may_stay(order, wanted)), None)
    surplus = tuple(_cancel(look, order, wanted) for order in ours if order is not kept)
    if surplus:
        return Plan(Verdict.ACT, surplus[0].because, surplus, frozenset({Need.ORDERS}))
    if kept is not None:
        return Plan(Verdict.DONE, f"it rests at {plain(kept.stop_price)}")
    if isinstance(wanted, Absent):
        return Plan(Verdict.STUCK if wanted.needed else Verdict.DONE, wanted.because)
    order = _inside_band(wanted) if banded else wanted.order
    if order is None:
        far = f"{plain(wanted.order.stop_price)} is too far from the index {plain(account.index_price)}"
        return Plan(Verdict.DONE, f"its stop price {far}: the exchange takes no such order yet (-3064)")
    return Plan(Verdict.ACT, order.because, (order,), frozenset({Need.ORDERS}))


@exact
def check_backstop(plan: Plan, look: Look, now: float, unresolved: tuple[str, ...]) -> None:
    """Raises PlanRefused for a plan that cancels an order of the owner, places a second backstop, or one that trades more than
    the position or would leave a debt. Reckoned from the account, not from the planner. Arguments as for `guard.check`.
    """
    if not plan.steps:
        return
    symbol, orders = look.account.symbol, look.orders or ()
    check_ground(symbol, plan, look, now, unresolved)
    ours = {order.order_id for order in backstops(orders)}
    for step in plan.steps:
        if not isinstance(step, CancelOrder | PlaceBackstop):
            raise PlanRefused(f"{symbol}: a {type(step).__name__} has no place in keeping a backstop")
        if isinstance(step, CancelOrder) and (step.order_id not in ours or step.list_id is not None):
            raise PlanRefused(f"{symbol}: order {step.order_id} is not a backstop of ours")
    placed = [step for step in plan.steps if isinstance(step, PlaceBackstop)]
    if placed and (ours or len(plan.steps) > 1):
        raise PlanRefused(f"{symbol}: a backstop is placed alone, and only when none rests")
    for step in placed:
        _check_size(step, look)


def _hangs(order: OpenOrder, look: Look) -> bool:
    """Triggered, and no price that is there fills it. What the exchange says of it is not enough: some answers say of every
    order that it works, and a stop that was taken back for that would be placed and taken back without end.
    """
    levels = levels_for(look.market.book, order.side)
    if not order.works or not levels:
        return False
    return levels[0].price < order.limit_price if order.side is Side.SELL else levels[0].price > order.limit_price


def _may_stay(order: OpenOrder, wanted: Wanted | Absent) -> bool:
    """Where none could be placed now, one that rests is better than none."""
    return fits(order, wanted) if isinstance(wanted, Wanted) else wanted.needed


def _inside_band(wanted: Wanted) -> PlaceBackstop | None:
    return None if wanted.nearest is None else replace(wanted.order, limit_price=wanted.nearest)


def _check_size(step: PlaceBackstop, look: Look) -> None:
    base, quote, fee = look.account.base, look.account.quote, look.market.fees.taker
    sign = -1 if step.side is Side.SELL else 1
    most = -base.equity * sign
    if step.side is Side.BUY:
        most = most * (1 + 2 * fee) + base.liability * look.market.hourly_rate(base.asset) + look.market.rules.filters.order_step
    if not ZERO < step.quantity <= most:
        raise PlanRefused(f"{step.symbol}: a backstop of {plain(step.quantity)} {step.base} is more than the position needs")
    left = base.equity * step.limit_price + quote.equity - step.quantity * fee * step.limit_price
    if left <= 0:
        raise PlanRefused(f"{step.symbol}: a backstop filled at {plain(step.limit_price)} would leave a debt of {plain(-left)}")


def _cancel(look: Look, order: OpenOrder, wanted: Wanted | Absent) -> CancelOrder:
    return CancelOrder(
        symbol=look.account.symbol,
        order_id=order.order_id,
        list_id=None,
        client_ids=(order.client_id,),
        because=f"backstop order {order.order_id} is taken back: {_why(order, wanted, look)}",
        aloud=_hangs(order, look),
    )


def _why(order: OpenOrder, wanted: Wanted | Absent, look: Look) -> str:
    if _hangs(order, look):
        return f"it was triggered at {plain(order.stop_price)} and not filled at {plain(order.limit_price)} or better"
    if isinstance(wanted, Absent):
        return wanted.because
    should = wanted.order
    if fits(order, wanted):
        return "there are two of them"
    return (
        f"{order.side.value} {plain(order.quantity)} at {plain(order.stop_price)}, where "
        f"{should.side.value} {plain(should.quantity)} at {plain(should.stop_price)} belongs"
    )
