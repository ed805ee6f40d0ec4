"""A write whose answer is lost is looked up, never resent: exactly one effect, whatever was lost and however."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from marginbot.engine.report import Outcome, StepStatus
from tests.engine.stage import LOAN, ORDER, TRANSFER, Stage, a_stage
from tests.virtual_time import in_virtual_time

LOST = {
    "dropped": {"kind": "disconnect"},
    "timed out": {"kind": "read_timeout"},
    "broken while writing": {"kind": "write_error"},
    "broken while reading": {"kind": "read_error"},
    "500 unknown": {"kind": "answer", "canned": "-1000"},
    "disconnected": {"kind": "answer", "canned": "-1001"},
    "unexpected response": {"kind": "answer", "canned": "-1006"},
    "backend timeout": {"kind": "answer", "canned": "-1007"},
    "overloaded": {"kind": "answer", "canned": "-1008"},
    "bad gateway page": {"kind": "answer", "canned": "html_502"},
    "gateway timeout page": {"kind": "answer", "canned": "html_504"},
    "empty body": {"kind": "answer", "canned": "empty"},
}
PATHS = {"close": ORDER, "repay": LOAN, "transfer": TRANSFER}


def effects(stage: Stage) -> dict[str, int]:
    """How often the exchange really did each thing, by its own books."""
    account = stage.world.account(1)
    return {
        "close": sum(1 for order in account.orders.values() if order.symbol == "BTCUSDT"),
        "repay": sum(1 for loan in account.loans if loan.direction == "REPAY" and loan.symbol == "BTCUSDT"),
        "transfer": len(account.transfers),
    }


@pytest.mark.parametrize("executed", [True, False], ids=["executed", "not executed"])
@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("what", PATHS)
@in_virtual_time
async def test_a_lost_answer_is_settled_by_looking_and_has_one_effect(what, lost, executed):
    async with a_stage() as stage:
        stage.fault(**LOST[lost], method="POST", path=PATHS[what], executed=executed)
        report = await stage.unwind()

        assert (report.outcome, report.exit_code) == (Outcome.FLAT, 0)
        assert effects(stage) == {"close": 1, "repay": 1, "transfer": 1}
        assert (await stage.account()).is_empty
        assert report.swept == {"USDT": D("1006.8805")}
        assert report.interest_paid == {"USDT": D("0.12")}
        assert report.fees == {"USDT": D("4.9995")}
        assert all(intent.state.value in ("done", "absent") for intent in stage.journal.history())
        sent = len(stage.sent("POST", PATHS[what]))
        assert sent == (1 if executed else 2)


@in_virtual_time
async def test_a_cut_off_body_of_a_repay_is_settled_by_history():
    async with a_stage() as stage:
        stage.fault(kind="truncated", method="POST", path=LOAN)
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert effects(stage)["repay"] == 1


@in_virtual_time
async def test_an_order_that_answers_slowly_is_found_by_its_client_id_while_the_answer_is_awaited():
    async with a_stage() as stage:
        stage.fault(kind="slow", method="POST", path=ORDER, after_ms=9_000)
        report = await stage.unwind()
        close = report.steps[0]
        assert report.outcome is Outcome.FLAT
        assert close.status is StepStatus.DONE
        assert close.elapsed_ms < 3_000
        assert close.fees == {"USDT": D("4.9995")}


@in_virtual_time
async def test_an_order_that_arrives_late_but_inside_its_window_is_not_called_absent():
    async with a_stage() as stage:
        stage.fault(kind="read_timeout", method="POST", path=ORDER, executed=True, before_ms=4_500)
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert effects(stage)["close"] == 1


@pytest.mark.parametrize("slices_before", [1, 2])
@in_virtual_time
async def test_a_slice_that_never_arrived_is_called_absent_though_the_slices_before_it_moved_the_balances(slices_before):
    async with a_stage("above-market-lot") as stage:
        stage.fault(kind="disconnect", method="POST", path=ORDER, executed=False, skip=slices_before)
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert effects(stage)["close"] == 3
        assert report.elapsed_ms < 15_000


@in_virtual_time
async def test_a_lost_cancel_is_cancelled_again():
    async with a_stage() as stage:
        stage.fault(kind="disconnect", method="DELETE", path="/sapi/v1/margin/openOrders", executed=False)
        report = await stage.unwind("SOLUSDT")
        assert report.outcome is Outcome.FLAT
        assert [step.kind for step in report.steps][:2] == ["cancel_orders", "cancel_orders"]


@in_virtual_time
async def test_a_write_that_never_left_is_sent_again():
    async with a_stage() as stage:
        stage.fault(kind="connect_error", method="POST", path=LOAN)
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert effects(stage)["repay"] == 1


@in_virtual_time
async def test_a_transfer_that_stays_pending_is_never_sent_again():
    async with a_stage() as stage:
        stage.world.config.transfer_pending_ms = 45_000
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert len(stage.sent("POST", TRANSFER)) == 1
        assert report.elapsed_ms > 45_000


@in_virtual_time
async def test_a_transfer_pending_beyond_the_deadline_ends_the_run_and_the_next_run_waits_for_it_too():
    async with a_stage() as stage:
        stage.world.config.transfer_pending_ms = 200_000
        first = await stage.unwind()
        assert (first.outcome, first.exit_code) == (Outcome.STOPPED, 1)
        assert "PENDING" in first.reason
        assert first.swept == {}

        second = await stage.unwind()
        assert second.outcome is Outcome.FLAT
        assert len(stage.sent("POST", TRANSFER)) == 1


@in_virtual_time
async def test_a_transfer_that_fails_may_go_again():
    async with a_stage() as stage:
        stage.world.config.transfer_pending_ms = 3_000
        stage.world.config.transfers_fail = True
        run = stage.run()
        stage.transport.before = lambda request: mend(stage, request)
        report = await run.run()
        assert report.outcome is Outcome.FLAT
        assert len(stage.sent("POST", TRANSFER)) == 2
        assert report.swept == {"USDT": D("1006.8805")}


def mend(stage: Stage, request: object) -> None:
    """The second transfer finds the exchange mended."""
    if len(stage.sent("POST", TRANSFER)) == 1:
        stage.world.config.transfers_fail = stage.world.account(1).transfers[0].status == "PENDING"
