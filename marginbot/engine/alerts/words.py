"""What alerts say: plain sentences with what happened, what was done about it, and what a person can do."""

from __future__ import annotations

from typing import Final, assert_never

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import plain
from marginbot.domain.margin import margin_level
from marginbot.domain.plan import CancelOrder, CancelOrders, CloseOrder, PlaceBackstop, Repay, Side, Step, Sweep, TopUp
from marginbot.domain.policy import Do, Rule
from marginbot.engine.report import Outcome, RunReport, StepReport, StepStatus
from marginbot.rules.words import deed, short

MOST_STEPS: Final = 6


def fired(rule: Rule, because: str) -> tuple[str, str]:
    """Title and text for a rule that fired."""
    if rule.do is Do.ALERT:
        return f"rule {rule.name!r} warns", f"{sentence(because)} This rule only tells you."
    return f"rule {rule.name!r} acts", f"{sentence(because)} marginbot will {deed(rule)}."


def pursued(rule: str, report: RunReport) -> tuple[str, str]:
    """Title and text for the end of an errand."""
    before, after = _level(report.before), _level(report.after)
    moved = f"The level went from {before} to {after}." if before and after else ""
    if before and not after and report.after is not None and not report.after.owes:
        moved = f"The level was {before}; now nothing is owed."
    parts = [sentence(report.reason), _done(report.steps), moved]
    return f"rule {rule!r} {_ENDINGS[report.outcome]}", " ".join(part for part in parts if part)


def to_do(symbol: str, acts: bool) -> str:
    """What a person can do about a pair."""
    first = f"Follow it with: marginbot journal --symbol {symbol}." if acts else f"To bring it home: marginbot unwind {symbol}."
    return f"{first} To end the reminders: marginbot ack {symbol}."


def did(step: Step) -> str:
    """`sold 0.05 BTC`."""
    match step:
        case CancelOrders():
            return "cancelled all open orders"
        case CancelOrder():
            return f"cancelled order {step.order_id}" if step.list_id is None else f"cancelled order list {step.list_id}"
        case CloseOrder():
            return f"{'sold' if step.side is Side.SELL else 'bought'} {plain(step.quantity)} {step.base}"
        case PlaceBackstop():
            return f"placed a backstop of {plain(step.quantity)} {step.base} at {plain(step.stop_price)}"
        case Repay():
            return f"repaid {plain(step.amount)} {step.asset}"
        case Sweep():
            return f"sent {plain(step.amount)} {step.asset} to spot"
        case TopUp():
            return f"brought {plain(step.amount)} {step.asset} from spot"
        case _ as never:
            assert_never(never)


_ENDINGS: Final = {
    Outcome.FLAT: "is done: the pair is flat",
    Outcome.REACHED: "is done",
    Outcome.RESIDUE: "did NOT reach its goal",
    Outcome.STOPPED: "did NOT reach its goal",
    Outcome.REFUSED: "was NOT carried out",
    Outcome.PLANNED: "would act (nothing was sent)",
}


def _done(steps: list[StepReport]) -> str:
    """The last steps that were done, with what trades lost against the index."""
    done = [step for step in steps if step.status is StepStatus.DONE]
    told = [did(step.step) + ("" if step.slippage_bps is None else f" ({step.slippage_bps:.1f} bps)") for step in done]
    more = f"{len(told) - MOST_STEPS} steps, then " if len(told) > MOST_STEPS else ""
    return f"Done: {more}{', '.join(told[-MOST_STEPS:])}." if told else ""


def _level(account: IsolatedAccount | None) -> str:
    level = None if account is None else margin_level(account)
    return "" if level is None else short(level)


def sentence(text: str) -> str:
    """With a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."
