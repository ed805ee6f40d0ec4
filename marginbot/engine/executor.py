"""Acting: one step at a time, journaled before it is sent, sent once, journaled after. Stops at the first that is not done."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

from marginbot.domain.look import Look
from marginbot.domain.margin import safety
from marginbot.domain.plan import BACKSTOP_ID, CancelOrder, CancelOrders, CloseOrder, PlaceBackstop, Repay, Step, Sweep, TopUp
from marginbot.domain.records import OrderReport
from marginbot.engine.events import Observer, StepEnded, StepStarted
from marginbot.engine.explain import OwnSteps
from marginbot.engine.journal.entries import Intent, State
from marginbot.engine.journal.intents import intent_of
from marginbot.engine.journal.journal import Journal
from marginbot.engine.loans import LoanQueue
from marginbot.engine.patience import Patience
from marginbot.engine.ports import Exchange
from marginbot.engine.proof import Proofs
from marginbot.engine.report import StepReport, StepStatus
from marginbot.engine.scout import placed
from marginbot.engine.settle import Settled, Settler
from marginbot.engine.top_ups import TopUps
from marginbot.engine.traces import Fate, balances_before
from marginbot.errors import NotSent, OutcomeUnknown, RateLimited, RequestRejected
from marginbot.rules.guard import OLDEST_ANSWER


@dataclass(slots=True)
class Executor:
    """Sends the steps of one run. `new_id` makes client order ids: letters, digits, - and _, at most 36.

    pursue: writes down what is wanted, unless it is already, and gives the number of its episode. rule: who wants the steps
    now; its budget is what a top-up is written down under.
    """

    exchange: Exchange
    journal: Journal
    patience: Patience
    settler: Settler
    proofs: Proofs
    loans: LoanQueue
    top_ups: TopUps
    steps: OwnSteps
    observer: Observer
    new_id: Callable[[], str]
    account: str
    pursue: Callable[[], int]
    rule: str

    async def act(self, reports: Sequence[StepReport], look: Look) -> None:
        """Run the steps in order (sweeps at once, they touch different coins); those after a failure stay SKIPPED.

        So do those that come too late: a step is never built on an answer older than the guard allows.

        Raises: StepRefused, RateLimited, NotSent for the step that did not happen; JournalUnavailable before a step whose
        intent cannot be written; DeadlineReached or Interrupted between steps or while an outcome is still unknown.
        """
        sweeps = [report for report in reports if isinstance(report.step, Sweep)]
        for report in reports:
            if report not in sweeps:
                self.patience.check()
                if self._is_old(look):
                    return
                await self._one(report, look)
                if report.status is not StepStatus.DONE:
                    return
        if sweeps:
            self.patience.check()
            await self.exchange.together(*(self._one(report, look) for report in sweeps))

    def _is_old(self, look: Look) -> bool:
        return self.patience.clock.monotonic() - look.seen_at > OLDEST_ANSWER

    async def _one(self, report: StepReport, look: Look) -> None:
        began = self.patience.clock.monotonic()
        intent = self._intend(report, look)
        self.observer(StepStarted(report))
        try:
            await self._send(report, intent, look)
        except OutcomeUnknown as lost:
            report.status, report.note = StepStatus.UNKNOWN, str(lost)
            self._record(intent, State.UNKNOWN, str(lost))
            # A clock that was wrong at the intent is mended by now: when it was sent is told by the time that passed since.
            since_ms = self.exchange.server_now_ms()
            passed_ms = round((self.patience.clock.monotonic() - began) * 1000)
            sent = dataclasses.replace(intent, sent_ms=since_ms - passed_ms)
            if isinstance(report.step, TopUp):
                self.top_ups.follow(sent, since_ms, self.settler, report)
            else:
                await self._settle(report, sent, look, since_ms)
        except RequestRejected as refused:
            report.status, report.note, report.code = StepStatus.REJECTED, str(refused), refused.code
            self._record(intent, State.REFUSED, str(refused))
            raise StepRefused(report, refused) from refused
        except (RateLimited, NotSent) as unsent:
            report.status, report.note = StepStatus.REJECTED, str(unsent)
            self._record(intent, State.ABSENT, str(unsent))
            raise
        finally:
            report.elapsed_ms = round((self.patience.clock.monotonic() - began) * 1000)
            self.observer(StepEnded(report))

    def _intend(self, report: StepReport, look: Look) -> Intent:
        step, clock = report.step, self.patience.clock
        report.started_at = clock.now()
        report.client_id = self._client_id(step)
        before = balances_before(self.steps.upon(look.account), dict(look.spot))
        sent_ms = self.exchange.server_now_ms()
        with self.journal.file.as_one():
            intent = intent_of(step, self.pursue(), self.rule, before, sent_ms, report.started_at, report.client_id)
            number = self.journal.intend(self.account, intent)
        report.intent_id = number
        return dataclasses.replace(intent, id=number)

    def _client_id(self, step: Step) -> str | None:
        match step:
            case CloseOrder():
                return self.new_id()
            case PlaceBackstop():
                return BACKSTOP_ID + self.new_id()
            case _:
                return None

    async def _send(self, report: StepReport, intent: Intent, look: Look) -> None:
        step = report.step
        match step:
            case CancelOrders():
                count = await self.exchange.cancel_orders(step.symbol)
                self._done(report, intent, f"{count} orders cancelled")
            case CancelOrder():
                cancelled = await self._cancel(step)
                self._done(report, intent, "cancelled" if cancelled else "it was not open any more")
            case CloseOrder():
                order = await placed(self.exchange, self.settler, self.patience.clock, step, report.client_id or "")
                self._filled(report, intent, order)
            case PlaceBackstop():
                report.exchange_id = await self.exchange.rest(step, report.client_id or "")
                self._done(report, intent, "it rests", report.exchange_id)
            case Repay():
                record_id = await self.loans.turn(
                    lambda: self.exchange.repay(step.symbol, step.asset, step.amount),
                    self.patience,
                    safety(look.account, look.market.tiers),
                )
                self._accepted(report, intent, look, record_id)
            case Sweep():
                self._accepted(report, intent, look, await self.exchange.sweep(step.symbol, step.asset, step.amount))
            case TopUp():
                self._on_its_way(report, intent, await self.exchange.top_up(step.symbol, step.asset, step.amount))
            case _:
                assert_never(step)

    async def _cancel(self, step: CancelOrder) -> bool:
        if step.list_id is None:
            return await self.exchange.cancel_order(step.symbol, step.order_id)
        return await self.exchange.cancel_list(step.symbol, step.list_id)

    def _filled(self, report: StepReport, intent: Intent, order: OrderReport) -> None:
        assert isinstance(report.step, CloseOrder)  # noqa: S101
        report.filled(order, report.step.index_price)
        self.steps.traded(report.step, order)
        self._done(report, intent, f"{order.status}, executed {order.executed_qty} of {order.quantity}", order.order_id)

    def _done(self, report: StepReport, intent: Intent, answer: str, exchange_id: str | None = None) -> None:
        report.status, report.note = StepStatus.DONE, answer
        self._record(intent, State.DONE, answer, exchange_id)

    def _accepted(self, report: StepReport, intent: Intent, look: Look, record_id: str) -> None:
        report.status, report.exchange_id, report.note = StepStatus.DONE, record_id, "accepted"
        self._moved(report.step)
        self.proofs.expect(report, look.account, record_id, min(intent.sent_ms, self.exchange.server_now_ms()))
        self._record(intent, State.ACCEPTED, "accepted", record_id)

    def _on_its_way(self, report: StepReport, intent: Intent, record_id: str) -> None:
        """A top-up was accepted: when its coins come nobody knows, so the looks follow it."""
        report.status, report.exchange_id, report.note = StepStatus.DONE, record_id, "accepted"
        self._record(intent, State.ACCEPTED, "accepted", record_id)
        accepted = dataclasses.replace(intent, exchange_id=record_id)
        self.top_ups.follow(accepted, self.exchange.server_now_ms(), self.settler, report)

    def _moved(self, step: Step) -> None:
        match step:
            case Repay():
                self.steps.repaid(step.asset, step.amount)
            case Sweep():
                self.steps.moved(step.asset, -step.amount)
            case CancelOrders() | CancelOrder() | CloseOrder() | PlaceBackstop() | TopUp():
                pass

    async def _settle(self, report: StepReport, intent: Intent, look: Look, since_ms: int) -> None:
        """since_ms: when the answer was lost; times count from there, for the write may have waited its turn before."""
        settled = await self.settler.settle(intent, since_ms)
        report.note = f"the answer was lost; looked up: {settled.fate.value}"
        if settled.fate is not Fate.DONE:
            report.status = StepStatus.REJECTED
            return
        report.status = StepStatus.DONE
        if settled.order is not None:
            if isinstance(report.step, PlaceBackstop):
                report.exchange_id = settled.order.order_id
                return
            assert isinstance(report.step, CloseOrder)  # noqa: S101
            report.filled(settled.order, report.step.index_price)
            self.steps.traded(report.step, settled.order)
            return
        self._moved(report.step)
        self._proved(report, settled, look)

    def _proved(self, report: StepReport, settled: Settled, look: Look) -> None:
        step, record = report.step, settled.record
        report.exchange_id = record.record_id if record is not None else None
        if isinstance(step, Repay):
            owed = look.account.side(step.asset).interest
            report.interest_paid = getattr(record, "interest", min(owed, step.amount))
        if isinstance(step, Sweep):
            self.proofs.swept[step.asset] = self.proofs.swept.get(step.asset, Decimal(0)) + step.amount

    def _record(self, intent: Intent, state: State, answer: str, exchange_id: str | None = None) -> None:
        self.journal.outcome(intent.id, state, self.patience.clock.now(), exchange_id, answer)


class StepRefused(Exception):
    """The exchange said no to a step; nothing of it happened."""

    def __init__(self, report: StepReport, refusal: RequestRejected) -> None:
        super().__init__(str(refusal))
        self.report = report
        self.refusal = refusal
