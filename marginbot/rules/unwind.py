"""The planner of the unwind: one look in, one plan out. Cancel, close, repay, sweep; each in its time."""

from __future__ import annotations

from marginbot.domain.account import LevelStatus
from marginbot.domain.amounts import exact, plain
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
    if account.status is LevelStatus.FORCE_LIQUIDATION:
        return Plan(Verdict.WAIT, f"the exchange is liquidating {account.symbol}: nothing is sent until it is over")
    if look.pending:
        return Plan(Verdict.WAIT, f"the exchange has not confirmed {', '.join(look.pending)} yet")
    locked = account.base.locked + account.quote.locked
    if look.open_orders or locked > 0:
        because = f"{look.open_orders} open orders lock {_locked(look)}: they are cancelled before anything is sized"
        return Plan(Verdict.ACT, "open orders come first", (CancelOrders(account.symbol, because),))
    return _trade_and_repay(goal, look, limits)


def _trade_and_repay(goal: Goal, look: Look, limits: Limits) -> Plan:
    trade = trade_for(goal, look)
    closing = Closing() if trade is None else orders_for(trade, look, limits)
    if closing.needs:
        return Plan(Verdict.WAIT, closing.blocked or "the book must be read deeper", needs=closing.needs)
    repays = _repayments(look, closing.orders, close_to_come=trade is not None)
    steps: tuple[Step, ...] = (*closing.orders, *repays)
    if steps:
        return Plan(Verdict.ACT, _because(look), steps, _needs_after(look, closing.orders, repays))
    if closing.blocked is not None:
        return Plan(Verdict.WAIT, closing.blocked, remains=_debts(look))
    if look.account.owes:
        return _residue(look, limits)
    if not goal.sweep:
        return Plan(Verdict.DONE, f"{look.account.symbol} owes nothing and is closed; the coins stay, as asked")
    return sweep(look)


def _repayments(look: Look, orders: tuple[CloseOrder, ...], close_to_come: bool) -> tuple[Repay, ...]:
    sold = sum((order.quantity for order in orders if order.side is Side.SELL), look.account.base.free * 0)
    buying = any(order.side is Side.BUY for order in orders)
    base, quote = look.account.base, look.account.quote
    quote_spendable = quote.free * 0 if buying else quote.free
    found = (
        repayment(look, base, base.free - sold, close_to_come),
        repayment(look, quote, quote_spendable, close_to_come),
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
