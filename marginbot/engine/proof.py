"""Proof: an accepted repayment or sweep counts as done only when the exchange's own record says so (top-ups: `top_ups`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import Asset, Symbol, exact, plain
from marginbot.domain.plan import Repay, Sweep
from marginbot.domain.records import LoanRecord, RecordStatus, TransferRecord
from marginbot.engine.journal.entries import State
from marginbot.engine.journal.journal import Journal
from marginbot.engine.ports import Clock, ExchangeReads
from marginbot.engine.report import StepReport, StepStatus

LOOK_BACK = timedelta(seconds=60)
RECORD_LATE = 5.0
"""Seconds after which balances that moved as they should are taken for a record that does not show up."""


@dataclass(slots=True)
class Awaited:
    """An accepted write whose record is not CONFIRMED yet. `before`: the account it was built on."""

    report: StepReport
    before: IsolatedAccount
    record_id: str
    since: datetime
    accepted_at: float


@dataclass(slots=True)
class Proofs:
    """The accepted writes of one run, and how the next look asks for their records."""

    exchange: ExchangeReads
    journal: Journal
    clock: Clock
    symbol: Symbol
    swept: dict[Asset, Decimal]
    awaited: list[Awaited] = field(default_factory=list)

    def expect(self, report: StepReport, before: IsolatedAccount, record_id: str, sent_ms: int) -> None:
        """A write was accepted under `record_id`: from now on every look asks for its record."""
        since = datetime.fromtimestamp(sent_ms // 1000, UTC) - LOOK_BACK
        self.awaited.append(Awaited(report, before, record_id, since, self.clock.monotonic()))

    def questions(self) -> dict[str, Callable[[], Awaitable[Any]]]:
        """The reads that the next look adds to its batch, by name."""
        asked: dict[str, Callable[[], Awaitable[Any]]] = {}
        for item in self.awaited:
            match item.report.step:
                case Repay(asset=asset):
                    asked[f"repay {item.record_id}"] = self._repayment(asset, item.record_id)
                case Sweep():
                    asked["transfers out"] = self._transfers_out()
        return asked

    def judge(self, answers: Mapping[str, Any], account: IsolatedAccount) -> tuple[str, ...]:
        """Settle what the answers prove; returns what is still open, in words."""
        waiting = []
        for item in tuple(self.awaited):
            record = self._record(item, answers)
            if record is None and not self._balances_prove(item, account):
                waiting.append(_words(item, "not in the history yet"))
            elif record is not None and record.status is RecordStatus.PENDING:
                waiting.append(_words(item, "PENDING"))
            else:
                self._close(item, record)
        return tuple(waiting)

    def _close(self, item: Awaited, record: LoanRecord | TransferRecord | None) -> None:
        failed = record is not None and record.status is RecordStatus.FAILED
        report = item.report
        report.status = StepStatus.REJECTED if failed else StepStatus.DONE
        report.note = "the exchange says FAILED" if failed else "CONFIRMED"
        if isinstance(report.step, Repay) and not failed:
            owed = item.before.side(report.step.asset).interest
            report.interest_paid = record.interest if isinstance(record, LoanRecord) else min(owed, report.step.amount)
        if isinstance(report.step, Sweep) and not failed:
            asset = report.step.asset
            self.swept[asset] = self.swept.get(asset, Decimal(0)) + report.step.amount
        self.awaited.remove(item)
        state = State.REFUSED if failed else State.DONE
        assert report.intent_id is not None  # noqa: S101
        self.journal.outcome(report.intent_id, state, self.clock.now(), item.record_id, report.note)

    def _record(self, item: Awaited, answers: Mapping[str, Any]) -> LoanRecord | TransferRecord | None:
        match item.report.step:
            case Repay():
                found: LoanRecord | None = answers.get(f"repay {item.record_id}")
                return found
            case _:
                rows = answers.get("transfers out", ())
        return next((row for row in rows if row.record_id == item.record_id), None)

    @exact
    def _balances_prove(self, item: Awaited, account: IsolatedAccount) -> bool:
        """A record that stays missing is replaced by balances for repayments; a transfer waits for its row."""
        if self.clock.monotonic() - item.accepted_at < RECORD_LATE or not isinstance(item.report.step, Repay):
            return False
        if account.is_empty:  # One answer of nothing but zeros proves nothing.
            return False
        step = item.report.step
        was, is_ = item.before.side(step.asset), account.side(step.asset)
        return is_.liability <= was.liability - step.amount and is_.free <= was.free

    def _repayment(self, asset: Asset, record_id: str) -> Callable[[], Awaitable[LoanRecord | None]]:
        return lambda: self.exchange.repayment(self.symbol, asset, record_id)

    def _transfers_out(self) -> Callable[[], Awaitable[tuple[TransferRecord, ...]]]:
        since = min(item.since for item in self.awaited)
        return lambda: self.exchange.transfers_out(self.symbol, since)


def _words(item: Awaited, state: str) -> str:
    amount = item.report.amount
    shown = "" if amount is None else f" of {plain(amount)} {item.report.asset}"
    return f"the {item.report.kind.replace('_', '-')}{shown} ({state})"
