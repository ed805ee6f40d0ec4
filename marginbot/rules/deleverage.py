"""Deleveraging: selling, or buying back, just enough for the level to reach its target once the proceeds are repaid."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from typing import Final

from marginbot.domain.account import AssetBalance, IsolatedAccount
from marginbot.domain.amounts import CRUMB, ONE, ceil_step, exact, floor_step, plain
from marginbot.domain.book import affordable, cap_price, walk
from marginbot.domain.look import Look
from marginbot.domain.margin import deleverage_value, liability_value
from marginbot.domain.plan import Aim, Limits, Plan, Side, Verdict
from marginbot.rules.close import HEADROOM, Closing, Trade, orders_for, room
from marginbot.rules.idle import idle_repayments, once_paid, repay_idle
from marginbot.rules.locked import freeing
from marginbot.rules.sizes import is_tradable, order_price, smallest_order, smallest_value
from marginbot.rules.target import level_text, lifted

PASSES: Final = 2
"""The first walk of the book prices the size, the second the size that came of that price."""


@exact
def deleverage(aim: Aim, look: Look, limits: Limits) -> Plan:
    """Idle coins pay first; then the least trade that lifts the level to the target; what it brings is paid at the next look."""
    account = look.account
    if lifted(aim, account):
        return Plan(Verdict.DONE, f"the level is {level_text(account)}, the target {plain(aim.target_level)}")
    repays = idle_repayments(look, aim.target_level, slack=smallest_value(look))
    paid = once_paid(account, repays)
    traded = Plan(Verdict.DONE, "") if lifted(aim, paid) else _trade(aim, replace(look, account=paid), limits)
    if traded.needs or not repays:
        return traded
    because = f"the level is {level_text(account)}: idle coins pay debt"
    if traded.steps:
        because += f"; {traded.because}"
    orders = traded.steps if traded.verdict is Verdict.ACT else ()
    return Plan(Verdict.ACT, because, (*orders, *repays))


def _trade(aim: Aim, look: Look, limits: Limits) -> Plan:
    """The trade for an account whose idle coins are paid."""
    account, filters, price = look.account, look.market.rules.filters, order_price(look)
    side = Side.SELL if account.base.equity > 0 else Side.BUY
    if (account.quote if side is Side.SELL else account.base).liability == 0:
        return _own_coin(aim, look)
    wanted = _wanted(aim, look, side, limits)
    if isinstance(wanted, str):
        at = f"the level is {level_text(account)} and no trade lifts it to {plain(aim.target_level)}"
        return Plan(Verdict.STUCK, f"{at}: {wanted}")
    quantity = ceil_step(wanted, filters.order_step)
    if not is_tradable(filters, quantity, price):
        missing = f"less than one order is missing to {plain(aim.target_level)}"
        return Plan(Verdict.DONE, f"the level is {level_text(account)}, and {missing}")
    quantity = max(quantity, smallest_order(filters, price))
    given, reach, lack = _reach_to_sell(look, quantity) if side is Side.SELL else _reach_to_buy(look, quantity)
    if lack > 0 and given.locked > 0:
        return freeing(aim, look, given, min(lack, given.locked).quantize(CRUMB, ROUND_CEILING), "to lift the level")
    possible = min(quantity, reach)
    if not is_tradable(filters, possible, price):
        only = f"of the {plain(quantity)} {account.base.asset} to trade only {plain(possible)} can be"
        return Plan(Verdict.STUCK, f"{only}, which is less than one order")
    return _ordered(look, Trade(side, possible, _because(aim, account, side, wanted)), limits)


def _own_coin(aim: Aim, look: Look) -> Plan:
    """More of the owed coin is held than is owed, so there is nothing to trade for: what locks it must give way."""
    decided = repay_idle(aim, look)
    return replace(decided, verdict=Verdict.STUCK) if decided.verdict is Verdict.DONE else decided


def _wanted(aim: Aim, look: Look, side: Side, limits: Limits) -> Decimal | str:
    """Base to trade, not on the step yet; or why no such trade exists."""
    account, fee, index = look.account, look.market.fees.taker, look.account.index_price
    given, gets = (account.base, account.quote) if side is Side.SELL else (account.quote, account.base)
    tradable, owed = (given.equity * index, gets.liability) if side is Side.SELL else (given.equity, gets.liability * index)
    quantity = smallest_order(look.market.rules.filters, order_price(look))
    for _ in range(PASSES):
        price = expected_price(look, side, quantity, limits.max_slippage_bps)
        kept = (price / index if side is Side.SELL else index / price) * (ONE - fee)
        found = deleverage_value(account, aim.target_level, ONE - kept, tradable, liability_value(account))
        if found.value is None:
            return found.because
        value = min(found.value, owed / kept)  # of two debts no more than the one is paid, then it is decided again
        quantity = value / (index if side is Side.SELL else price)
    return quantity


@exact
def expected_price(look: Look, side: Side, quantity: Decimal, cap_bps: Decimal) -> Decimal:
    """What the book gives for a quantity, never worse than the cap, which no order breaks; the index for an empty book."""
    index = look.account.index_price
    there = walk(look.market.book, side, ceil_step(quantity, look.market.rules.filters.order_step))
    if there.quantity == 0:
        return index
    price, worst = there.value / there.quantity, cap_price(side, index, cap_bps)
    return max(price, worst) if side is Side.SELL else min(price, worst)


def _reach_to_sell(look: Look, quantity: Decimal) -> tuple[AssetBalance, Decimal, Decimal]:
    """The coin that is given, how much of base can be traded, and units of that coin which are missing for `quantity`."""
    base, step = look.account.base, look.market.rules.filters.order_step
    reach = floor_step(min(base.free, base.equity), step)
    missing = min(quantity, floor_step(base.equity, step)) - base.free
    return base, reach, missing


def _reach_to_buy(look: Look, quantity: Decimal) -> tuple[AssetBalance, Decimal, Decimal]:
    quote, book, step = look.account.quote, look.market.book, look.market.rules.filters.order_step
    most = room(look)
    quantity = quantity if most is None else min(quantity, most)
    cost = walk(book, Side.BUY, quantity)
    missing = cost.value * HEADROOM - quote.free
    if missing <= 0:
        return quote, quantity, missing
    return quote, min(quantity, floor_step(affordable(book, quote.free / HEADROOM), step)), missing


def _ordered(look: Look, trade: Trade, limits: Limits) -> Plan:
    closing: Closing = orders_for(trade, look, limits)
    if closing.needs:
        return Plan(Verdict.WAIT, "the book read so far does not hold the size", needs=closing.needs)
    if closing.blocked is not None:
        return Plan(Verdict.WAIT, closing.blocked, capped=closing.capped)
    return Plan(Verdict.ACT, trade.because, closing.orders)


def _because(aim: Aim, account: IsolatedAccount, side: Side, wanted: Decimal) -> str:
    verb = "sold" if side is Side.SELL else "bought back"
    to = f"from {level_text(account)} to {plain(aim.target_level)}"
    return f"{wanted:.8f} {account.base.asset} {verb} and repaid lift the level {to}"
