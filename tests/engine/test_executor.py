"""Acting: written down first, sent once, stopped at the first thing that is not done, and never on an old look."""

from __future__ import annotations

import asyncio
from decimal import Decimal as D
from typing import Any

import pytest

from marginbot.domain.plan import CloseOrder, Into, Repay, Step, Sweep
from marginbot.engine.events import Decided, Event
from marginbot.engine.report import Outcome, StepStatus
from marginbot.engine.run import Run
from marginbot.engine.scout import SCOUT_AFTER
from marginbot.paper.transport import _message
from tests.engine.invariants import Ledger
from tests.engine.stage import ACCOUNT, LOAN, OPEN_ORDERS, ORDER, TRANSFER, Stage, a_stage
from tests.virtual_time import in_virtual_time

TRADES = "/sapi/v1/margin/myTrades"
TOO_MANY = '{"code":-1003,"msg":"Too many requests."}'
EXPIRED = (
    '{"symbol":"BTCUSDT","orderId":77,"clientOrderId":"mb-x","transactTime":1,"price":"0","origQty":"0.05","executedQty":"0",'
    '"cummulativeQuoteQty":"0","status":"EXPIRED","timeInForce":"GTC","type":"MARKET","side":"SELL","isIsolated":true,"fills":[]}'
)


@in_virtual_time
async def test_every_write_is_in_the_journal_before_it_leaves():
    async with a_stage() as stage:
        known: list[int] = []

        def leaving(request: Any) -> None:
            if request.method != "GET":
                open_intents = [intent for intent in stage.journal.history() if intent.state.value == "intended"]
                known.append(len(open_intents))

        stage.transport.before = leaving
        report = await stage.unwind("SOLUSDT", into=Into.KEEP)
        assert len(known) == len(report.steps)
        assert all(known)


@in_virtual_time
async def test_a_step_whose_turn_comes_late_is_left_for_the_next_look():
    async with a_stage("above-market-lot") as stage:
        stage.fault(kind="slow", method="POST", path=ORDER, after_ms=9_000)
        order: list[str] = []

        def watch(request: Any) -> None:
            if (request.method, request.url.path) in {("POST", ORDER), ("GET", ACCOUNT)}:
                order.append(request.method)

        stage.transport.before = watch
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        first = order.index("POST")
        assert order[first + 1] == "GET", "the second slice waited for a fresh look"
        assert StepStatus.SKIPPED in {step.status for step in report.steps}


def fall_back(run: Run, stage: Stage, kind: type[Step], seconds: int) -> None:
    """Our clock loses time right before the first step of a kind is written down."""
    fallen: list[Event] = []

    def hear(event: Event) -> None:
        if isinstance(event, Decided) and not fallen and any(isinstance(step, kind) for step in event.plan.steps):
            fallen.append(event)
            stage.exchange._server.offset_ms -= seconds * 1000

    run.observer = hear


def lose_the_second(stage: Stage, path: str) -> None:
    """The first attempt is refused for its timestamp; the second is lost to us, and arrives four seconds later."""
    attempts: list[Any] = []

    def held_up(request: Any) -> None:
        if (request.method, request.url.path) == ("POST", path):
            attempts.append(request)
            if len(attempts) == 2:
                asyncio.get_running_loop().call_later(4, stage.paper.handle, _message(request, request.content))

    stage.transport.before = held_up
    stage.fault(kind="disconnect", method="POST", path=path, skip=1, executed=False)


@pytest.mark.parametrize("seconds", [45, 7_200])
@pytest.mark.parametrize(("kind", "path"), [(CloseOrder, ORDER), (Repay, LOAN), (Sweep, TRANSFER)])
@in_virtual_time
async def test_a_write_in_flight_is_not_called_absent_because_our_clock_was_wrong_when_it_was_written_down(kind, path, seconds):
    async with a_stage() as stage:
        run, ledger = stage.run(), Ledger(stage)
        fall_back(run, stage, kind, seconds)
        lose_the_second(stage, path)
        report = await run.run()
        assert report.outcome is Outcome.FLAT
        assert len(stage.sent("POST", path)) == 2
        ledger.hold(report)


@in_virtual_time
async def test_the_ten_seconds_of_a_lost_repayment_count_from_its_last_sending():
    async with a_stage() as stage:
        stage.fault(kind="answer", canned="-3007", method="POST", path=LOAN, count=5)
        stage.fault(kind="disconnect", method="POST", path=LOAN, executed=False)
        sent: list[float] = []
        stage.transport.before = lambda request: (
            sent.append(stage.clock.monotonic()) if (request.method, request.url.path) == ("POST", LOAN) else None
        )
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert sent[6] - sent[5] >= 10


@in_virtual_time
async def test_what_comes_after_a_refused_step_of_the_batch_is_skipped():
    async with a_stage("both-owed") as stage:
        stage.fault(kind="answer", status=400, body='{"code":-2010,"msg":"no"}', method="POST", path=ORDER)
        report = await stage.unwind()
        statuses = [step.status for step in report.steps]
        assert report.outcome is Outcome.FLAT
        refused = statuses.index(StepStatus.REJECTED)
        assert statuses[:refused] == [], "the order came first"


@pytest.mark.parametrize("executed", [True, False])
@in_virtual_time
async def test_of_two_sweeps_one_refused_and_the_other_lost_each_coin_comes_home_once(executed):
    async with a_stage() as stage:
        refusal = '{"code":-3020,"msg":"no"}'
        stage.fault(kind="answer", status=400, body=refusal, method="POST", path=TRANSFER, params={"asset": "BTC"})
        stage.fault(kind="disconnect", method="POST", path=TRANSFER, params={"asset": "USDT"}, executed=executed)
        report = await stage.unwind(into=Into.KEEP)
        assert report.outcome is Outcome.FLAT
        assert set(report.swept) == {"BTC", "USDT"}
        assert sorted(row.asset for row in stage.world.account(1).transfers) == ["BTC", "USDT"]


@in_virtual_time
async def test_a_signal_while_two_sweeps_are_lost_ends_with_both_told_as_unknown():
    async with a_stage() as stage:
        run = stage.run(into=Into.KEEP)
        stage.fault(kind="disconnect", method="POST", path=TRANSFER, count=2, executed=False)
        stage.transport.before = lambda request: run.patience.stop.set() if request.url.path == TRANSFER else None
        report = await run.run()
        assert (report.outcome, report.exit_code) == (Outcome.STOPPED, 1)
        assert [step.status for step in report.steps if step.kind == "sweep"] == [StepStatus.UNKNOWN] * 2
        assert "the outcome of 2 write" in report.reason
        assert (await stage.unwind()).outcome is Outcome.FLAT


@in_virtual_time
async def test_an_order_found_while_its_answer_is_awaited_stays_done_though_its_fills_cannot_be_read():
    async with a_stage() as stage:
        stage.fault(kind="slow", method="POST", path=ORDER, after_ms=9_000)
        stage.fault(kind="answer", canned="html_502", path=TRADES, count=None)
        report = await stage.unwind()
        close = report.steps[0]
        assert report.outcome is Outcome.FLAT
        assert (close.status, close.fees) == (StepStatus.DONE, {})
        assert close.elapsed_ms < (SCOUT_AFTER + 2) * 1000


@in_virtual_time
async def test_a_signal_right_after_the_order_was_found_does_not_lose_it():
    async with a_stage() as stage:
        run = stage.run()
        stage.fault(kind="slow", method="POST", path=ORDER, after_ms=9_000)
        stage.fault(kind="slow", path=TRADES, after_ms=5_000)
        stage.transport.before = lambda request: run.patience.stop.set() if request.url.path == TRADES else None
        report = await run.run()
        assert report.outcome is Outcome.STOPPED
        assert [step.status for step in report.steps] == [StepStatus.DONE]
        assert [intent.state.value for intent in stage.journal.history()] == ["done"]


@in_virtual_time
async def test_a_cancel_that_frees_nothing_goes_again_once_a_second_at_most():
    async with a_stage() as stage:
        stage.deadline = 10
        balance = stage.world.account(1).isolated["BTCUSDT"].base
        balance.free, balance.locked = balance.free - D("0.01"), D("0.01")
        report = await stage.unwind()
        assert report.outcome is Outcome.STOPPED
        assert 2 <= len(stage.sent("DELETE", OPEN_ORDERS)) <= 11


@in_virtual_time
async def test_a_market_order_that_expires_unfilled_goes_again_once_a_second_at_most():
    async with a_stage() as stage:
        stage.deadline = 10
        stage.fault(kind="answer", status=200, body=EXPIRED, method="POST", path=ORDER, count=None)
        report = await stage.unwind()
        assert report.outcome is Outcome.STOPPED
        assert 2 <= len(stage.sent("POST", ORDER)) <= 11


@pytest.mark.parametrize("path", [ACCOUNT, ORDER])
@in_virtual_time
async def test_an_exchange_that_says_wait_for_nothing_is_not_hammered(path):
    async with a_stage() as stage:
        stage.deadline = 20
        stage.fault(kind="answer", status=429, body=TOO_MANY, headers={"Retry-After": "0"}, path=path, count=None)
        await stage.unwind()
        assert 3 <= len([entry for entry in stage.transport.log if entry.path == path]) <= 25


@in_virtual_time
async def test_an_episode_that_a_dead_run_left_is_closed_when_nothing_is_left_to_do():
    async with a_stage() as stage:
        number = stage.journal.open_episode("1", "ADAUSDT", "unwind", {"goal": "flat"}, stage.clock.now())
        report = await stage.unwind("ADAUSDT")
        assert report.outcome is Outcome.FLAT
        assert stage.journal.open_episode_of("1", "ADAUSDT") is None
        assert stage.journal.open_episode("1", "ADAUSDT", "unwind", {}, stage.clock.now()) == number + 1
