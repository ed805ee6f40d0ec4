"""The forecast: the whole way to flat, step by step, as the book and the account stand now. Pure; sends nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from marginbot.domain.account import AssetBalance, IsolatedAccount
from marginbot.domain.amounts import ZERO, Asset, exact
from marginbot.domain.book import walk
from marginbot.domain.look import Look
from marginbot.domain.margin import margin_level
from marginbot.domain.market import BookLevel, OrderBook
from marginbot.domain.plan import (
    CancelOrder,
    CancelOrders,
    CloseOrder,
    Goal,
    Limits,
    PlaceBackstop,
    Plan,
    Repay,
    Side,
    Step,
    Sweep,
    TopUp,
    Verdict,
)
from marginbot.rules.idle import once_paid
from marginbot.rules.unwind import plan

MOST_ROUNDS = 40


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One step to come: the level after it, the expected commission by asset, and its expected slippage value in quote."""

    step: Step
    level_after: Decimal | None
    fees: dict[Asset, Decimal]
    slippage_value: Decimal


@dataclass(frozen=True, slots=True)
class Forecast:
    """All steps to come and how it would end: DONE, or WAIT / STUCK with the reason."""

    steps: tuple[Foreseen, ...]
    end: Plan
    after: IsolatedAccount


@exact
def forecast(goal: Goal, look: Look, limits: Limits) -> Forecast:
    """Plan, pretend that everything goes as the book says, plan again, until done or stuck."""
    steps: list[Foreseen] = []
    for _ in range(MOST_ROUNDS):
        decided = plan(goal, replace(look, transferable=_all_free(look)), limits)
        if decided.verdict is not Verdict.ACT:
            return Forecast(tuple(steps), decided, look.account)
        for step in decided.steps:
            look, foreseen = _after(look, step)
            steps.append(foreseen)
    return Forecast(tuple(steps), Plan(Verdict.WAIT, f"it takes more than {MOST_ROUNDS} rounds"), look.account)


def _all_free(look: Look) -> dict[Asset, Decimal]:
    return {side.asset: side.free for side in (look.account.base, look.account.quote)}


def _after(look: Look, step: Step) -> tuple[Look, Foreseen]:
    account, fees, slippage = look.account, dict[Asset, Decimal](), ZERO
    match step:
        case CancelOrders() | CancelOrder():
            account = replace(account, base=_unlocked(account.base), quote=_unlocked(account.quote))
            look = replace(look, open_orders=0)
        case CloseOrder():
            account, fees, slippage = _traded(look, step)
            look = replace(look, market=replace(look.market, book=_consumed(look.market.book, step)))
        case PlaceBackstop():
            pass  # no unwind places one
        case Repay():
            account = once_paid(account, (step,))
        case Sweep():
            account = _with_side(account, _moved(account.side(step.asset), -step.amount))
        case TopUp():
            account = _with_side(account, _moved(account.side(step.asset), step.amount))
    return replace(look, account=account), Foreseen(step, margin_level(account), fees, slippage)


def _traded(look: Look, step: CloseOrder) -> tuple[IsolatedAccount, dict[Asset, Decimal], Decimal]:
    account, rate = look.account, look.market.fees.taker
    value = walk(look.market.book, step.side, step.quantity).value  # what expected_price was divided from, without its rounding
    if step.side is Side.SELL:
        fees = {step.quote: value * rate}
        base, quote = _moved(account.base, -step.quantity), _moved(account.quote, value - value * rate)
        slippage = step.index_price * step.quantity - value
    else:
        fees = {step.base: step.quantity * rate}
        base, quote = _moved(account.base, step.quantity * (1 - rate)), _moved(account.quote, -value)
        slippage = value - step.index_price * step.quantity
    return replace(account, base=base, quote=quote), fees, slippage


def _consumed(book: OrderBook, step: CloseOrder) -> OrderBook:
    left = walk(book, step.side, step.quantity).quantity

    def without(levels: tuple[BookLevel, ...]) -> tuple[BookLevel, ...]:
        kept, taken = [], left
        for level in levels:
            take = min(level.quantity, taken)
            taken -= take
            if level.quantity > take:
                kept.append(BookLevel(level.price, level.quantity - take))
        return tuple(kept)

    if step.side is Side.SELL:
        return OrderBook(without(book.bids), book.asks)
    return OrderBook(book.bids, without(book.asks))


def _unlocked(side: AssetBalance) -> AssetBalance:
    return replace(side, free=side.total, locked=ZERO)


def _moved(side: AssetBalance, amount: Decimal) -> AssetBalance:
    return replace(side, free=side.free + amount)


def _with_side(account: IsolatedAccount, side: AssetBalance) -> IsolatedAccount:
    return replace(account, base=side) if side.asset == account.base.asset else replace(account, quote=side)
