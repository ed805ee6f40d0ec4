"""Idle coins of an owed asset: the cheapest way to a higher level, and the first of every aim that lifts one."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, Decimal

from marginbot.domain.account import AssetBalance, IsolatedAccount
from marginbot.domain.amounts import CRUMB, ONE, ZERO, exact, plain
from marginbot.domain.look import Look
from marginbot.domain.margin import assets_value, liability_value
from marginbot.domain.plan import Aim, Plan, Repay, Verdict
from marginbot.rules.locked import freeing
from marginbot.rules.repay import repayment
from marginbot.rules.target import level_text, lifted


@exact
def repay_idle(aim: Aim, look: Look) -> Plan:
    """Pay debt with what lies there: as much as there is, unless the target needs less."""
    account = look.account
    if lifted(aim, account):
        return Plan(Verdict.DONE, f"the level is {level_text(account)}, the target {plain(aim.target_level)}")
    if not _covered(account):
        return Plan(Verdict.STUCK, f"the assets of {account.symbol} do not cover its debt: no repayment lifts the level")
    steps = idle_repayments(look, aim.target_level)
    if steps:
        return Plan(Verdict.ACT, f"the level is {level_text(account)}: idle coins pay debt", steps)
    held_back = next((side for side, _ in _sides(account) if _in_orders(side) > 0), None)
    if held_back is not None:
        missing = min(_in_orders(held_back), missing_value(account, aim.target_level) / _price(account, held_back))
        return freeing(aim, look, held_back, missing.quantize(CRUMB, ROUND_CEILING), "to repay debt")
    return Plan(Verdict.DONE, f"no idle coin of what {account.symbol} owes is left, the level is {level_text(account)}")


@exact
def idle_repayments(look: Look, target: Decimal, slack: Decimal = ZERO) -> tuple[Repay, ...]:
    """Repayments from free coins until the level is `target`; none where the assets do not cover the debt.

    slack: quote value that may be paid beyond what the target needs rather than be left over.
    """
    missing, steps = missing_value(look.account, target), list[Repay]()
    for side, price in _sides(look.account):
        if missing <= 0:
            break
        step = _payment(look, side, missing / price, slack / price, target)
        if step is not None:
            steps.append(step)
            missing -= step.amount * price
    return tuple(steps)


@exact
def missing_value(account: IsolatedAccount, target: Decimal) -> Decimal:
    """Quote value to repay for the level to be `target`: (T L - A) / (T - 1); 0 where no repayment lifts it."""
    if target <= 1 or not _covered(account):
        return ZERO
    return max(ZERO, (target * liability_value(account) - assets_value(account)) / (target - 1))


@exact
def once_paid(account: IsolatedAccount, steps: tuple[Repay, ...]) -> IsolatedAccount:
    """The account with these repayments done."""
    for step in steps:
        side = account.base if step.asset == account.base.asset else account.quote
        interest = min(side.interest, step.amount)
        borrowed = side.borrowed - (step.amount - interest)
        paid = replace(side, free=side.free - step.amount, borrowed=borrowed, interest=side.interest - interest)
        account = replace(account, base=paid) if side is account.base else replace(account, quote=paid)
    return account


def _payment(look: Look, side: AssetBalance, wanted: Decimal, slack: Decimal, target: Decimal) -> Repay | None:
    """All there is, or no more than `wanted` units when there is more than that and `slack`."""
    if min(side.free, side.liability) <= wanted + slack:
        return repayment(look, side, side.free, close_to_come=False)
    enough = max(wanted.quantize(CRUMB, ROUND_CEILING), look.market.repay_minimum(side.asset))
    step = repayment(look, side, min(enough, side.free), close_to_come=False)
    if step is None or step.amount >= side.liability:
        return step
    because = f"{plain(side.liability)} {side.asset} are owed and {plain(side.free)} free; {plain(step.amount)} lift the level"
    return replace(step, because=f"{because} to {plain(target)}")


def _covered(account: IsolatedAccount) -> bool:
    return assets_value(account) > liability_value(account)


def _sides(account: IsolatedAccount) -> tuple[tuple[AssetBalance, Decimal], ...]:
    return (account.base, account.index_price), (account.quote, ONE)


def _price(account: IsolatedAccount, side: AssetBalance) -> Decimal:
    return account.index_price if side is account.base else ONE


def _in_orders(side: AssetBalance) -> Decimal:
    """What could be repaid if no order held it back."""
    return min(side.locked, max(side.liability - side.free, ZERO))
