"""Limits, bans and clocks: waited for when they end before the deadline, obeyed across restarts when they do not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marginbot.domain.amounts import plain
from marginbot.engine.report import Outcome
from marginbot.errors import RateLimited
from tests.engine.stage import ACCOUNT, LOAN, ORDER, TRANSFER, a_stage
from tests.virtual_time import in_virtual_time

TOO_MANY = '{"code":-1003,"msg":"Too many requests; current request has limited."}'


@pytest.mark.parametrize("path", [ACCOUNT, ORDER, LOAN, TRANSFER])
@in_virtual_time
async def test_a_429_that_ends_before_the_deadline_is_waited_for(path):
    async with a_stage() as stage:
        stage.fault(kind="answer", status=429, body=TOO_MANY, headers={"Retry-After": "7"}, path=path)
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert 7_000 <= report.elapsed_ms < 12_000
        assert (await stage.account()).is_empty


@in_virtual_time
async def test_nothing_of_a_limited_endpoint_is_asked_before_retry_after():
    async with a_stage() as stage:
        stage.fault(kind="answer", status=429, body=TOO_MANY, headers={"Retry-After": "7"}, method="POST", path=LOAN)
        sent: list[float] = []
        stage.transport.before = lambda request: request.url.path == LOAN and sent.append(stage.clock.monotonic())
        await stage.unwind()
        first, second = sent[:2]
        assert second - first >= 7


@in_virtual_time
async def test_a_ban_that_ends_before_the_deadline_is_sat_out_in_silence():
    async with a_stage() as stage:
        until = stage.clock.now_ms() + 30_000
        body = f'{{"code":-1003,"msg":"Way too much request weight used; IP banned until {until}."}}'
        stage.fault(kind="answer", status=418, body=body, method="POST", path=LOAN)
        asked: list[int] = []
        stage.transport.before = lambda request: asked.append(stage.clock.now_ms())
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        after_ban = [at for at in asked if at > until - 29_000]
        assert min(after_ban) >= until


@in_virtual_time
async def test_a_ban_beyond_the_deadline_ends_the_run_and_a_new_start_sends_nothing():
    async with a_stage() as stage:
        until = stage.clock.now_ms() + 600_000
        body = f'{{"code":-1003,"msg":"Way too much request weight used; IP banned until {until}."}}'
        stage.fault(kind="answer", status=418, body=body, method="POST", path=LOAN)
        report = await stage.unwind()
        assert (report.outcome, report.exit_code) == (Outcome.STOPPED, 4)
        assert stage.journal.banned_until_ms("127.0.0.1") == until

        count = len(stage.transport.log)
        again = await stage.unwind()
        assert again.exit_code == 4
        assert len(stage.transport.log) == count


@in_virtual_time
async def test_after_a_ban_the_next_run_looks_first_and_reaches_the_goal():
    async with a_stage() as stage:
        until = stage.clock.now_ms() + 600_000
        body = f'{{"code":-1003,"msg":"Way too much request weight used; IP banned until {until}."}}'
        stage.fault(kind="answer", status=418, body=body, method="POST", path=LOAN)
        await stage.unwind()
        await stage.clock.sleep(601)
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert len(stage.sent("POST", LOAN)) == 2


@in_virtual_time
async def test_a_clock_that_jumps_is_measured_once_and_the_run_goes_on():
    async with a_stage() as stage:

        def jump(request: object, _response: object) -> None:
            if request.url.path == ORDER:  # type: ignore[attr-defined]
                stage.exchange._server.offset_ms = 45_000  # type: ignore[attr-defined]

        stage.transport.after = jump
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT


@in_virtual_time
async def test_a_timestamp_refused_once_costs_one_measurement_and_one_repeat():
    async with a_stage() as stage:
        stage.fault(kind="answer", canned="-1021", method="POST", path=LOAN)
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert len(stage.sent("POST", LOAN)) == 2


@in_virtual_time
async def test_a_timestamp_refused_for_ever_ends_at_a_bound_with_the_reason():
    async with a_stage() as stage:
        stage.fault(kind="answer", canned="-1021", method="POST", path=LOAN, count=None)
        report = await stage.unwind()
        assert (report.outcome, report.exit_code) == (Outcome.STOPPED, 1)
        assert "clock" in report.reason
        assert report.elapsed_ms < 120_000


@in_virtual_time
async def test_reads_that_fail_in_a_storm_are_repeated_until_they_answer():
    async with a_stage() as stage:
        stage.fault(kind="answer", canned="-1008", method="GET", count=25)
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT


@in_virtual_time
async def test_an_exchange_that_never_answers_ends_the_run_with_4_at_its_deadline():
    async with a_stage() as stage:
        stage.fault(kind="answer", canned="html_502", count=None)
        report = await stage.unwind()
        assert (report.outcome, report.exit_code) == (Outcome.STOPPED, 4)
        assert stage.clock.monotonic() <= 125


@in_virtual_time
async def test_a_pending_loan_action_is_waited_for_with_the_same_intent():
    async with a_stage() as stage:
        stage.fault(kind="answer", canned="-3007", method="POST", path=LOAN, count=4)
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert len(stage.sent("POST", LOAN)) == 5
        assert [intent.kind for intent in stage.journal.history()].count("repay") == 1


@in_virtual_time
async def test_a_write_behind_a_403_page_is_refused_with_exit_1_and_the_reason():
    async with a_stage() as stage:
        stage.fault(kind="answer", canned="html_403", method="POST", path=ORDER, count=None)
        report = await stage.unwind()
        assert (report.outcome, report.exit_code) == (Outcome.STOPPED, 1)
        assert "403" in report.reason
        assert len(stage.sent("POST", ORDER)) == 1


@in_virtual_time
async def test_insufficient_balance_again_and_again_ends_after_a_bounded_number_of_looks():
    async with a_stage() as stage:
        body = '{"code":-2010,"msg":"Account has insufficient balance for requested action."}'
        stage.fault(kind="answer", status=400, body=body, method="POST", path=ORDER, count=None)
        report = await stage.unwind()
        assert (report.outcome, report.exit_code) == (Outcome.STOPPED, 1)
        assert len(stage.sent("POST", ORDER)) == 5
        assert "insufficient" in report.reason


@in_virtual_time
async def test_a_repay_refused_as_too_much_is_tried_again_then_one_digit_less_then_the_rest():
    async with a_stage() as stage:
        body = '{"code":-3015,"msg":"Repay amount exceeds borrow amount."}'
        stage.fault(kind="answer", status=400, body=body, method="POST", path=LOAN, count=2)
        report = await stage.unwind()
        amounts = [plain(step.amount) for step in report.steps if step.kind == "repay"]
        assert report.outcome is Outcome.FLAT
        assert amounts == ["4000.12", "4000.12", "4000.11999999", "0.00000001"]


@in_virtual_time
async def test_limits_raised_while_polling_are_not_mistaken_for_a_ban():
    async with a_stage() as stage:
        stage.fault(kind="answer", status=429, body=TOO_MANY, headers={"Retry-After": "3"}, method="GET", path=ACCOUNT)
        with pytest.raises(RateLimited) as limited:
            await stage.exchange.isolated_accounts()
        assert limited.value.scope == "endpoint"
        assert timedelta(milliseconds=limited.value.until_ms - stage.clock.now_ms()) <= timedelta(seconds=4)
