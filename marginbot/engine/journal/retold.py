"""What another process of ours did, told from the journal: steps as a run of this process would report them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from marginbot.domain.amounts import ZERO
from marginbot.domain.plan import CancelOrder, CancelOrders, CloseOrder, PlaceBackstop, Repay, Side, Step, Sweep, TopUp
from marginbot.engine.journal.entries import Intent, State
from marginbot.engine.ports import ExchangeReads
from marginbot.engine.report import RunReport, StepReport, StepStatus

_STATUS: Final = {
    State.INTENDED: StepStatus.UNKNOWN,
    State.ACCEPTED: StepStatus.UNKNOWN,
    State.UNKNOWN: StepStatus.UNKNOWN,
    State.DONE: StepStatus.DONE,
    State.REFUSED: StepStatus.REJECTED,
    State.ABSENT: StepStatus.REJECTED,
    State.PLANNED: StepStatus.PLANNED,
}
_MILLISECOND: Final = 1000


def retold(intent: Intent) -> StepReport:
    """One write as the journal knows it; what it cost is not written there."""
    ended = intent.ended_at
    return StepReport(
        step=_step(intent),
        status=_STATUS[intent.state],
        client_id=intent.client_id,
        exchange_id=intent.exchange_id,
        started_at=intent.started_at,
        elapsed_ms=None if ended is None else round((ended - intent.started_at).total_seconds() * _MILLISECOND),
        note=intent.answer or "",
        level_after=intent.level_after,
        intent_id=intent.id,
    )


async def priced(exchange: ExchangeReads, report: StepReport) -> None:
    """Ask the exchange what a step that was done cost: fees and slippage of an order, the interest part of a repayment.

    Raises what reads raise; what cannot be found costs nothing here.
    """
    step = report.step
    if report.status is not StepStatus.DONE or report.exchange_id is None:
        return
    if isinstance(step, CloseOrder) and report.client_id is not None:
        order = await exchange.order_by_client_id(step.symbol, report.client_id)
        if order is not None and order.executed_qty > 0:
            report.filled(replace(order, fills=await exchange.fills_of(step.symbol, order.order_id)), step.index_price)
    if isinstance(step, Repay):
        record = await exchange.repayment(step.symbol, step.asset, report.exchange_id)
        report.interest_paid = ZERO if record is None else record.interest


def take_over(report: RunReport, steps: Sequence[StepReport]) -> None:
    """Put these steps into a report, and what they brought home."""
    report.steps = list(steps)
    for one in steps:
        if isinstance(one.step, Sweep) and one.status is StepStatus.DONE:
            report.swept[one.step.asset] = report.swept.get(one.step.asset, ZERO) + one.step.amount


def _step(intent: Intent) -> Step:
    kept: dict[str, Any] = {name: value for name, value in intent.step.items() if name in _FIELDS[intent.kind]}
    for name in kept.keys() & _AMOUNTS:
        kept[name] = None if kept[name] is None else Decimal(kept[name])
    kept |= {"symbol": intent.symbol, "because": intent.because}
    match intent.kind:
        case "close":
            return CloseOrder(**{**kept, "side": Side(kept["side"])})
        case "backstop":
            return PlaceBackstop(**{**kept, "side": Side(kept["side"])})
        case "repay":
            return Repay(**kept)
        case "sweep":
            return Sweep(**kept)
        case "top_up":
            return TopUp(**kept)
    if "order_id" in kept:
        return CancelOrder(**{**kept, "client_ids": tuple(kept["client_ids"])})
    return CancelOrders(**kept)


_AMOUNTS: Final = frozenset(
    {"quantity", "stop_price", "limit_price", "index_price", "expected_price", "slippage_bps", "amount", "value"}
)
_FIELDS: Final = {
    "close": frozenset(CloseOrder.__dataclass_fields__),
    "backstop": frozenset(PlaceBackstop.__dataclass_fields__),
    "repay": frozenset(Repay.__dataclass_fields__),
    "sweep": frozenset(Sweep.__dataclass_fields__),
    "top_up": frozenset(TopUp.__dataclass_fields__),
    "cancel_orders": frozenset(CancelOrder.__dataclass_fields__),
}
