"""Proof: an accepted repayment or transfer is done when the exchange's own record says so, and not before."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from marginbot.domain.plan import Into, Sweep
from marginbot.engine.events import Decided
from marginbot.engine.report import Outcome, StepStatus
from tests.engine.stage import LOAN, TRANSFER, a_stage
from tests.virtual_time import in_virtual_time


@in_virtual_time
async def test_records_that_come_late_are_waited_for_and_nothing_is_sent_meanwhile():
    async with a_stage() as stage:
        stage.world.config.history_lag_ms = 3_000
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert report.elapsed_ms > 6_000
        assert len(stage.sent("POST", LOAN)) == len(stage.sent("POST", TRANSFER)) == 1
        assert any("not in the history yet" in text for text in report.notices)
        assert report.interest_paid == {"USDT": D("0.12")}


@in_virtual_time
async def test_a_repayment_whose_record_never_comes_is_proved_by_the_balances_after_five_seconds():
    async with a_stage() as stage:
        stage.world.config.history_lag_ms = 1_000_000
        stage.deadline = 30
        report = await stage.unwind()
        repay = next(step for step in report.steps if step.kind == "repay")
        assert repay.status is StepStatus.DONE
        assert report.interest_paid == {"USDT": D("0.12")}


@in_virtual_time
async def test_a_transfer_waits_for_its_record_and_counts_as_swept_only_with_it():
    async with a_stage() as stage:
        stage.world.config.history_lag_ms = 1_000_000
        stage.deadline = 30
        report = await stage.unwind()
        assert (report.outcome, report.exit_code) == (Outcome.STOPPED, 1)
        assert report.swept == {}
        assert "the sweep of 1006.8805 USDT (not in the history yet)" in report.reason
        assert len(stage.sent("POST", TRANSFER)) == 1

        stage.world.config.history_lag_ms = 0
        again = await stage.unwind()
        assert again.outcome is Outcome.FLAT
        assert len(stage.sent("POST", TRANSFER)) == 1


@in_virtual_time
async def test_a_pending_repayment_is_waited_for():
    async with a_stage() as stage:
        stage.world.config.loan_pending_ms = 20_000
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert len(stage.sent("POST", LOAN)) == 1
        assert report.elapsed_ms > 20_000


@in_virtual_time
async def test_a_failed_repayment_is_told_as_rejected_and_may_go_again():
    async with a_stage() as stage:
        stage.world.config.loan_pending_ms, stage.world.config.loans_fail = 1_000, True

        def mend(request: object) -> None:
            if (request.method, request.url.path) == ("POST", LOAN) and len(stage.sent("POST", LOAN)) == 1:  # type: ignore[attr-defined]
                stage.world.config.loans_fail = False

        stage.transport.before = mend
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert [step.status for step in report.steps if step.kind == "repay"] == [StepStatus.REJECTED, StepStatus.DONE]
        assert report.interest_paid == {"USDT": D("0.12")}
        assert [intent.state.value for intent in stage.journal.history() if intent.kind == "repay"] == ["refused", "done"]


@pytest.mark.parametrize("pending_ms", [0, 5_000])
@in_virtual_time
async def test_two_sweeps_are_proved_each_by_its_own_record(pending_ms):
    async with a_stage() as stage:
        stage.world.config.transfer_pending_ms = pending_ms
        report = await stage.unwind(into=Into.KEEP)
        rows = {str(row.tran_id): (row.asset, row.amount) for row in stage.world.account(1).transfers}
        swept = [step for step in report.steps if step.kind == "sweep"]
        assert {step.exchange_id: (step.asset, step.amount) for step in swept} == rows
        assert report.swept == {step.asset: step.amount for step in swept}


@in_virtual_time
async def test_a_clock_that_jumps_ahead_before_the_sweep_does_not_hide_its_record():
    async with a_stage() as stage:

        def jump(event: object) -> None:
            if isinstance(event, Decided) and any(isinstance(step, Sweep) for step in event.plan.steps):
                stage.exchange._server.offset_ms += 600_000

        run = stage.run()
        run.observer = jump
        report = await run.run()
        assert report.outcome is Outcome.FLAT
        assert [entry.status for entry in stage.sent("POST", TRANSFER)] == [400, 200]
