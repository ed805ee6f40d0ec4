"""Repaying: principal and interest of one coin from free coins of the same kind."""

from __future__ import annotations

from decimal import Decimal

from marginbot.domain.account import AssetBalance
from marginbot.domain.amounts import CRUMB, ZERO, exact, floor_crumb, plain
from marginbot.domain.look import Look
from marginbot.domain.plan import Repay


@exact
def repayment(look: Look, side: AssetBalance, spendable: Decimal, close_to_come: bool) -> Repay | None:
    """All of the debt when `spendable` covers it; a part only when nothing more is to come and it is not too small.

    A shaved debt leaves its last digit for the look after it; that digit is then sent as it is.
    """
    amount = floor_crumb(min(spendable, side.liability))
    whole = spendable >= side.liability
    if whole and side.asset in look.shave and amount > CRUMB:
        amount -= CRUMB
    if amount <= ZERO:
        return None
    if not whole:
        amount = _leaving_no_crumb(look, side, amount)
        if close_to_come or amount < look.market.repay_minimum(side.asset):
            return None
    return Repay(look.account.symbol, side.asset, amount, _because(side, amount, whole))


def _leaving_no_crumb(look: Look, side: AssetBalance, amount: Decimal) -> Decimal:
    """A rest below the least repayment would be refused (-3024): so much is left that the rest can be repaid later."""
    least = look.market.repay_minimum(side.asset)
    if side.liability - amount >= least:
        return amount
    return floor_crumb(side.liability - least)


def _because(side: AssetBalance, amount: Decimal, whole: bool) -> str:
    owed = f"{plain(side.borrowed)} borrowed + {plain(side.interest)} interest"
    if whole:
        return f"{plain(side.liability)} {side.asset} are owed ({owed}) and {plain(side.free)} are free: the debt ends here"
    return f"{plain(side.liability)} {side.asset} are owed ({owed}); {plain(amount)} is all that can be paid"
