"""What a refusal means: look again, once more the same, a digit less, or stop and call a person."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from marginbot.domain.amounts import plain
from marginbot.domain.plan import Repay
from marginbot.engine.refusals import FINAL_CODES, MOST_IN_A_ROW, Refusals
from marginbot.engine.report import Outcome, StepReport, StepStatus
from marginbot.errors import RequestRejected
from tests.builders import BTC, BTCUSDT, USDT
from tests.engine.stage import LOAN, ORDER, TRANSFER, Stage, a_stage
from tests.virtual_time import in_virtual_time


def a_repay(asset: str = USDT) -> StepReport:
    return StepReport(Repay(BTCUSDT.symbol, asset, D(1), "the test says so"), StepStatus.REJECTED)


def refused(code: int | None, status: int = 400) -> RequestRejected:
    return RequestRejected("no", code=code, http_status=status)


def always(stage: Stage, code: int, path: str, count: int | None = None) -> None:
    stage.fault(kind="answer", status=400, body=f'{{"code":{code},"msg":"no"}}', method="POST", path=path, count=count)


def test_a_debt_that_cannot_be_repaid_exactly_loses_its_last_digit_at_the_second_refusal():
    refusals = Refusals()
    refusals.seen(a_repay(), refused(-3015))
    assert refusals.shave == frozenset()
    refusals.seen(a_repay(), refused(-3015))
    assert refusals.shave == {USDT}
    refusals.seen(a_repay(BTC), refused(-3015))
    assert refusals.shave == {USDT}, "each debt for itself"


def test_other_refusals_of_a_repayment_shave_nothing():
    refusals = Refusals()
    for _ in range(3):
        refusals.seen(a_repay(), refused(-3041))
    assert refusals.shave == frozenset()


@pytest.mark.parametrize("code", sorted(FINAL_CODES))
def test_what_no_second_look_can_mend_is_hopeless_at_once(code):
    assert Refusals().hopeless(refused(code))


@pytest.mark.parametrize(("status", "final"), [(403, True), (404, True), (410, True), (400, False), (409, False)])
def test_a_page_in_front_of_the_exchange_is_final(status, final):
    assert Refusals().hopeless(refused(None, status)) is final


def test_so_many_refusals_in_a_row_are_enough_and_progress_starts_the_count_anew():
    refusals = Refusals()
    for _ in range(MOST_IN_A_ROW - 1):
        refusals.seen(a_repay(), refused(-3041))
    assert not refusals.hopeless(refused(-3041))
    refusals.progress()
    refusals.seen(a_repay(), refused(-3041))
    assert not refusals.hopeless(refused(-3041))
    for _ in range(MOST_IN_A_ROW - 1):
        refusals.seen(a_repay(), refused(-3041))
    assert refusals.hopeless(refused(-3041))


@pytest.mark.parametrize("code", [-3016, -3024, -3041, -3010])
@in_virtual_time
async def test_a_repayment_refused_again_and_again_is_a_bounded_number_of_looks(code):
    async with a_stage() as stage:
        always(stage, code, LOAN)
        report = await stage.unwind()
        assert (report.outcome, report.exit_code) == (Outcome.STOPPED, 1)
        assert len(stage.sent("POST", LOAN)) == MOST_IN_A_ROW
        assert f"code {code}" in report.reason
        assert "repaid" not in report.reason


@pytest.mark.parametrize(("code", "path"), [(-3016, LOAN), (-3024, LOAN), (-2010, ORDER), (-3020, TRANSFER), (-3005, TRANSFER)])
@in_virtual_time
async def test_a_refusal_that_passes_costs_a_look_and_a_second(code, path):
    async with a_stage() as stage:
        always(stage, code, path, count=1)
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert len(stage.sent("POST", path)) == 2
        assert report.elapsed_ms < 3_000


@pytest.mark.parametrize("path", [ORDER, LOAN, TRANSFER])
@in_virtual_time
async def test_a_lost_right_stops_at_once_and_names_it(path):
    async with a_stage() as stage:
        always(stage, -2015, path)
        report = await stage.unwind()
        assert (report.outcome, report.exit_code) == (Outcome.STOPPED, 1)
        assert len(stage.sent("POST", path)) == 1
        assert "permissions" in report.reason


@in_virtual_time
async def test_a_debt_refused_for_ever_ends_with_every_amount_told():
    async with a_stage() as stage:
        always(stage, -3015, LOAN)
        report = await stage.unwind()
        assert (report.outcome, report.exit_code) == (Outcome.STOPPED, 1)
        amounts = [plain(step.amount) for step in report.steps if step.kind == "repay"]
        assert amounts == ["4000.12", "4000.12", "4000.11999999", "4000.11999999", "4000.11999999"]
        assert all(step.status is StepStatus.REJECTED for step in report.steps if step.kind == "repay")


@in_virtual_time
async def test_a_debt_that_shrank_meanwhile_is_sent_as_it_is_now():
    async with a_stage() as stage:
        always(stage, -3015, LOAN, count=1)

        def less(request: object) -> None:
            if request.url.path == LOAN and not stage.sent("POST", LOAN):  # type: ignore[attr-defined]
                stage.world.account(1).isolated["BTCUSDT"].quote.borrowed -= D(1)

        stage.transport.before = less
        report = await stage.unwind()
        amounts = [plain(step.amount) for step in report.steps if step.kind == "repay"]
        assert report.outcome is Outcome.FLAT
        assert amounts == ["4000.12", "3999.12"]
