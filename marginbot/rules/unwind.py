"""The planner of the unwind: one look in, one plan out. Cancel, close, repay, sweep; each in its time."""

from __future__ import annotations

from marginbot.domain.account import LevelStatus
from marginbot.domain.amounts import ZERO, exact, plain
from marginbot.domain.look import Look
from marginbot.domain.plan import CancelOrders, CloseOrder, Goal, Limits, Need, Plan, Repay, Side, Step, Verdict
from marginbot.rules.close import Closing, orders_for, trade_for
from marginbot.rules.crumb import crumb_from_spot
from marginbot.rules.repay import repayment
from marginbot.rules.sweep import sweep


@exact
def plan(goal: Goal, look: Look, limits: Limits) -> Plan:
    """What to do next to bring the pair to flat. Total: every look has an answer, and every answer a reason."""
    account = look.account
    if (wait := not_now(look)) is not None:
        return wait
    locked = account.base.locked + account.quote.locked
    if look.open_orders or locked > 0:
        because = f"{look.open_orders} open orders lock {_locked(look)}: they are cancelled before anything is sized"
        return Plan(Verdict.ACT, "open orders come first", (CancelOrders(account.symbol, because),))
    return _trade_and_repay(goal, look, limits)


def not_now(look: Look) -> Plan | None:
    """Why nothing at all is sent on this look: the exchange liquidates, or has not confirmed what it accepted."""
    if look.account.status is LevelStatus.FORCE_LIQUIDATION:
        return Plan(Verdict.WAIT, f"the exchange is liquidating {look.account.symbol}: nothing is sent until it is over")
    if look.pending:
        return unconfirmed(look.pending)
    return None


def unconfirmed(writes: tuple[str, ...]) -> Plan:
    """Waiting for records."""
    return Plan(Verdict.WAIT, f"the exchange has not confirmed {', '.join(writes)} yet")


def _trade_and_repay(goal: Goal, look: Look, limits: Limits) -> Plan:
    trade = trade_for(goal, look)
    closing = Closing() if trade is None else orders_for(trade, look, limits)
    if closing.needs:
        return Plan(Verdict.WAIT, "the book read so far does not hold the size", needs=closing.needs)
    repays = _repayments(look, closing.orders, close_to_come=trade is not None)
    steps: tuple[Step, ...] = (*closing.orders, *repays)
    if steps:
        return Plan(Verdict.ACT, _because(look), steps, _needs_after(look, closing.orders, repays))
    if closing.blocked is not None:
        return Plan(Verdict.WAIT, closing.blocked, remains=_debts(look), capped=closing.capped)
    if look.account.owes:
        return unconfirmed(look.topping_up) if look.topping_up else _residue(look, limits)
    if goal.sweep:
        ended = sweep(look)
    else:
        ended = Plan(Verdict.DONE, f"{look.account.symbol} owes nothing and is closed; the coins stay, as asked")
    return unconfirmed(look.topping_up) if look.topping_up and ended.verdict is Verdict.DONE else ended


def _repayments(look: Look, orders: tuple[CloseOrder, ...], close_to_come: bool) -> tuple[Repay, ...]:
    """A buy-back may spend all the quote there is; a sale leaves the base that its own debt needs."""
    base, quote = look.account.base, look.account.quote
    buying = any(order.side is Side.BUY for order in orders)
    found = (
        repayment(look, base, base.free, close_to_come),
        repayment(look, quote, ZERO if buying else quote.free, close_to_come),
    )
    return tuple(step for step in found if step is not None)


def _needs_after(look: Look, orders: tuple[CloseOrder, ...], repays: tuple[Repay, ...]) -> frozenset[Need]:
    """When these repayments end the last debt, the next look can ask right away what may leave."""
    left = {side.asset: side.liability for side in (look.account.base, look.account.quote)}
    for step in repays:
        left[step.asset] -= step.amount
    ends = not orders and not any(amount > 0 for amount in left.values())
    return frozenset({Need.TRANSFERABLE}) if ends else frozenset()


def _residue(look: Look, limits: Limits) -> Plan:
    crumb = crumb_from_spot(look, limits)
    if crumb is not None:
        return Plan(Verdict.ACT, "only a crumb is missing", (crumb,))
    return Plan(
        Verdict.STUCK,
        f"{' and '.join(_debts(look))} remain owed and nothing is left to trade for them: transfer the missing coins into "
        f"the isolated wallet of {look.account.symbol} and run the same command again",
        remains=_debts(look),
    )


def _debts(look: Look) -> tuple[str, ...]:
    sides = (look.account.base, look.account.quote)
    missing = tuple(f"{plain(side.liability - side.free)} {side.asset}" for side in sides if side.liability > side.free)
    return missing or tuple(f"{plain(side.liability)} {side.asset}" for side in sides if side.liability > 0)


def _locked(look: Look) -> str:
    sides = (look.account.base, look.account.quote)
    locked = [f"{plain(side.locked)} {side.asset}" for side in sides if side.locked > 0]
    return " and ".join(locked) or "no coins"


def _because(look: Look) -> str:
    account = look.account
    owed = [f"{plain(side.liability)} {side.asset}" for side in (account.base, account.quote) if side.liability > 0]
    held = [f"{plain(side.total)} {side.asset}" for side in (account.base, account.quote) if side.total > 0]
    return f"owes {' and '.join(owed) or 'nothing'}, holds {' and '.join(held) or 'nothing'}"
