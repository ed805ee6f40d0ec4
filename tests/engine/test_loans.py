"""The loan queue: one loan action at a time, 100 ms apart, and a bounded ladder when the exchange is busy with another."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from decimal import Decimal as D

import pytest

from marginbot.engine.loans import LOAN_PENDING, WAITS, LoanQueue
from marginbot.engine.patience import Patience
from marginbot.engine.report import Outcome
from marginbot.errors import OutcomeUnknown, RequestRejected
from tests.engine.stage import LOAN, Stage, a_stage
from tests.virtual_time import in_virtual_time


class Counter:
    """An action that notes when it ran; the first `refusals` runs are refused."""

    def __init__(self, stage: Stage, refusals: int = 0, takes: float = 0.05, code: int = LOAN_PENDING) -> None:
        self.stage, self.refusals, self.takes, self.code = stage, refusals, takes, code
        self.began: list[float] = []
        self.ended: list[float] = []

    async def __call__(self) -> str:
        self.began.append(self.stage.clock.monotonic())
        await self.stage.clock.sleep(self.takes)
        self.ended.append(self.stage.clock.monotonic())
        if len(self.began) <= self.refusals:
            raise RequestRejected("busy", code=self.code, http_status=400)
        return "done"


def patience(stage: Stage, seconds: float = 120) -> Patience:
    return Patience(stage.clock, stage.exchange, stage.clock.monotonic() + seconds, lambda: 0.0)


@in_virtual_time
async def test_actions_that_come_together_run_one_at_a_time_a_tenth_of_a_second_apart():
    async with a_stage() as stage:
        queue, action = LoanQueue(stage.clock), Counter(stage)
        turns: list[Awaitable[str]] = [queue.turn(action, patience(stage)) for _ in range(4)]
        assert await asyncio.gather(*turns) == ["done"] * 4
        gaps = [began - ended for began, ended in zip(action.began[1:], action.ended, strict=False)]
        assert all(gap == pytest.approx(0.1) for gap in gaps)


@in_virtual_time
async def test_the_most_endangered_pair_goes_first_and_of_equals_who_came_first():
    async with a_stage() as stage:
        queue, order = LoanQueue(stage.clock), list[str]()

        async def repays(name: str, safety: str, after: float) -> None:
            async def action() -> None:
                order.append(name)
                await stage.clock.sleep(0.05)

            await stage.clock.sleep(after)
            await queue.turn(action, patience(stage), D(safety))

        await asyncio.gather(
            repays("the first", "9", 0),
            repays("safe", "1.5", 0.01),
            repays("safe too", "1.5", 0.02),
            repays("in danger", "1.01", 0.03),
            repays("in more danger, while they rest", "1.001", 0.1),
        )
        assert order == ["the first", "in more danger, while they rest", "in danger", "safe", "safe too"]


@in_virtual_time
async def test_one_that_waits_for_a_pending_loan_lets_a_more_endangered_pair_go_first():
    async with a_stage() as stage:
        queue, busy, urgent, calm = LoanQueue(stage.clock), Counter(stage, refusals=1), Counter(stage), Counter(stage)
        await asyncio.gather(
            queue.turn(busy, patience(stage), D("1.2")),
            queue.turn(calm, patience(stage), D("1.3")),
            queue.turn(urgent, patience(stage), D("1.1")),
        )
        assert (len(busy.began), len(urgent.began), len(calm.began)) == (2, 1, 1)
        assert urgent.began[0] < busy.began[1] < calm.began[0]


@in_virtual_time
async def test_one_that_gives_up_waiting_holds_up_nobody():
    async with a_stage() as stage:
        queue, action = LoanQueue(stage.clock), Counter(stage)
        working = asyncio.create_task(queue.turn(action, patience(stage)))
        leaving = asyncio.create_task(queue.turn(Counter(stage), patience(stage), D(1)))
        staying = asyncio.create_task(queue.turn(action, patience(stage)))
        await stage.clock.sleep(0.01)
        leaving.cancel()
        await asyncio.gather(working, staying)
        assert action.began == pytest.approx([0, 0.15])


@in_virtual_time
async def test_a_lone_action_waits_for_nothing():
    async with a_stage() as stage:
        action = Counter(stage)
        await LoanQueue(stage.clock).turn(action, patience(stage))
        assert action.began == [0.0]


@in_virtual_time
async def test_a_busy_exchange_is_asked_again_after_longer_and_longer_waits():
    async with a_stage() as stage:
        action = Counter(stage, refusals=6, takes=0)
        assert await LoanQueue(stage.clock).turn(action, patience(stage)) == "done"
        waits = [later - earlier for earlier, later in itertools.pairwise(action.began)]
        assert waits == pytest.approx([wait + 0.1 for wait in WAITS])


@in_virtual_time
async def test_the_ladder_has_an_end_and_hands_the_refusal_on():
    async with a_stage() as stage:
        action = Counter(stage, refusals=1000)
        with pytest.raises(RequestRejected):
            await LoanQueue(stage.clock).turn(action, patience(stage))
        assert len(action.began) == len(WAITS) + 1
        assert stage.clock.monotonic() < 14


@in_virtual_time
async def test_another_refusal_is_handed_on_at_once():
    async with a_stage() as stage:
        action = Counter(stage, refusals=1, code=-3015)
        with pytest.raises(RequestRejected):
            await LoanQueue(stage.clock).turn(action, patience(stage))
        assert len(action.began) == 1


@in_virtual_time
async def test_an_unknown_outcome_is_never_tried_again_and_frees_the_queue():
    async with a_stage() as stage:
        queue, sent = LoanQueue(stage.clock), []

        async def lost() -> None:
            sent.append(1)
            raise OutcomeUnknown("lost")

        with pytest.raises(OutcomeUnknown):
            await queue.turn(lost, patience(stage))
        assert len(sent) == 1
        assert await queue.turn(Counter(stage), patience(stage)) == "done"


@in_virtual_time
async def test_no_wait_reaches_beyond_the_deadline():
    async with a_stage() as stage:
        action = Counter(stage, refusals=1000, takes=0)
        with pytest.raises(RequestRejected):
            await LoanQueue(stage.clock).turn(action, patience(stage, 2.0))
        assert stage.clock.monotonic() <= 2.0


def stop_after(stage: Stage, seconds: float, waiting: Patience) -> Callable[[], None]:
    return asyncio.get_running_loop().call_later(seconds, waiting.stop.set).cancel


@in_virtual_time
async def test_a_signal_ends_the_waiting_with_the_refusal_for_nothing_happened():
    async with a_stage() as stage:
        waiting = patience(stage)
        stop_after(stage, 1.0, waiting)
        with pytest.raises(RequestRejected):
            await LoanQueue(stage.clock).turn(Counter(stage, refusals=1000, takes=0), waiting)
        assert stage.clock.monotonic() == 1.0


@in_virtual_time
async def test_a_run_whose_loans_stay_busy_ends_at_its_deadline_with_the_intent_settled():
    async with a_stage() as stage:
        stage.deadline = 8
        stage.fault(kind="answer", canned="-3007", method="POST", path=LOAN, count=None)
        report = await stage.unwind()
        assert report.outcome is Outcome.STOPPED
        assert stage.clock.monotonic() <= 8 + 12
        assert {intent.state.value for intent in stage.journal.history() if intent.kind == "repay"} == {"refused"}
        assert "owing 4000.12 USDT" in report.reason
