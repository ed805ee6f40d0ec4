"""Patience: a read is asked until it answers, inside the deadline, and a signal ends every waiting at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from marginbot.engine.patience import DeadlineReached, Interrupted, Patience
from marginbot.errors import NotSent, RateLimited, ReadFailed, RequestRejected
from tests.engine.stage import ACCOUNT, Stage, a_stage
from tests.virtual_time import in_virtual_time


def patience(stage: Stage, seconds: float = 60, jitter: float = 0.0) -> Patience:
    return Patience(stage.clock, stage.exchange, stage.clock.monotonic() + seconds, lambda: jitter)


def failing(times: int, error: Exception, stage: Stage) -> tuple[Callable[[], Any], list[float]]:
    """A read that fails so often, and when it was asked."""
    asked: list[float] = []

    async def question() -> str:
        asked.append(stage.clock.monotonic())
        if len(asked) <= times:
            raise error
        return "answer"

    return question, asked


@pytest.mark.parametrize("error", [ReadFailed("502"), NotSent("no network")])
@in_virtual_time
async def test_a_failed_read_is_asked_again_after_waits_that_double_up_to_four_seconds(error):
    async with a_stage() as stage:
        question, asked = failing(7, error, stage)
        assert await patience(stage).ask(question) == "answer"
        assert asked == [0, 0.25, 0.75, 1.75, 3.75, 7.75, 11.75, 15.75]


@in_virtual_time
async def test_waits_are_jittered_so_that_many_clients_do_not_knock_together():
    async with a_stage() as stage:
        question, asked = failing(2, ReadFailed("502"), stage)
        await patience(stage, jitter=0.5).ask(question)
        assert asked == [0, 0.375, 1.125]


@in_virtual_time
async def test_a_read_that_never_answers_ends_before_the_deadline_with_its_own_error():
    async with a_stage() as stage:
        question, _ = failing(1000, ReadFailed("it was a 502"), stage)
        with pytest.raises(ReadFailed, match="it was a 502"):
            await patience(stage, 10).ask(question)
        assert 5 < stage.clock.monotonic() <= 10


@in_virtual_time
async def test_a_refusal_of_a_read_is_handed_on_at_once_but_for_that_of_the_timestamp():
    async with a_stage() as stage:
        question, asked = failing(1, RequestRejected("no right", code=-2015, http_status=400), stage)
        with pytest.raises(RequestRejected):
            await patience(stage).ask(question)
        assert len(asked) == 1
        question, asked = failing(1, RequestRejected("clock", code=-1021, http_status=400), stage)
        assert await patience(stage).ask(question) == "answer"


def a_limit(stage: Stage, seconds: float) -> RateLimited:
    return RateLimited("wait", until_ms=stage.exchange.server_now_ms() + round(seconds * 1000), scope="endpoint")


@in_virtual_time
async def test_a_limit_is_sat_out_to_its_end_and_not_before():
    async with a_stage() as stage:
        question, asked = failing(1, a_limit(stage, 7), stage)
        assert await patience(stage).ask(question) == "answer"
        assert 7 <= asked[1] < 7.1


@in_virtual_time
async def test_a_limit_beyond_the_deadline_is_handed_on_without_waiting():
    async with a_stage() as stage:
        question, _ = failing(1, a_limit(stage, 61), stage)
        with pytest.raises(RateLimited):
            await patience(stage, 60).ask(question)
        assert stage.clock.monotonic() == 0


@in_virtual_time
async def test_a_pause_ends_at_the_deadline_at_the_latest():
    async with a_stage() as stage:
        with pytest.raises(DeadlineReached):
            await patience(stage, 3).pause(100)
        assert stage.clock.monotonic() == 3


@in_virtual_time
async def test_after_the_deadline_nothing_is_asked_any_more():
    async with a_stage() as stage:
        question, asked = failing(0, ReadFailed(""), stage)
        late = patience(stage, 1)
        await stage.clock.sleep(1)
        with pytest.raises(DeadlineReached):
            await late.ask(question)
        assert asked == []


@in_virtual_time
async def test_a_signal_wakes_a_sleeper_at_once():
    async with a_stage() as stage:
        waiting = patience(stage)
        asyncio.get_running_loop().call_later(2, waiting.stop.set)
        with pytest.raises(Interrupted):
            await waiting.pause(50)
        assert stage.clock.monotonic() == 2


@in_virtual_time
async def test_a_signal_cuts_off_a_read_that_hangs():
    async with a_stage() as stage:
        stage.fault(kind="slow", path=ACCOUNT, after_ms=11_000)
        waiting = patience(stage)
        asyncio.get_running_loop().call_later(2, waiting.stop.set)
        with pytest.raises(Interrupted):
            await waiting.ask(stage.exchange.isolated_accounts)
        assert stage.clock.monotonic() == 2


@in_virtual_time
async def test_a_signal_before_the_start_ends_the_first_question():
    async with a_stage() as stage:
        question, asked = failing(0, ReadFailed(""), stage)
        waiting = patience(stage)
        waiting.stop.set()
        with pytest.raises(Interrupted):
            await waiting.ask(question)
        assert asked == []


@in_virtual_time
async def test_a_read_that_hangs_is_cut_off_at_the_deadline():
    async with a_stage() as stage:
        stage.fault(kind="slow", path=ACCOUNT, after_ms=11_000)
        with pytest.raises(ReadFailed, match="did not answer before the deadline"):
            await patience(stage, 5).ask(stage.exchange.isolated_accounts)
        assert stage.clock.monotonic() == 5
