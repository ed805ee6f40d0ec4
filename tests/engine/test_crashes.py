"""Death at any instant: a second start reaches the goal, and nothing happens twice."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from decimal import Decimal as D

import pytest

from marginbot.engine.report import Outcome
from tests.engine.stage import LOAN, OPEN_ORDERS, ORDER, TRANSFER, WRITES, Stage, a_stage
from tests.virtual_time import in_virtual_time

PLAIN = (ORDER, LOAN, TRANSFER)
SHORT = (ORDER, LOAN, TRANSFER)
WITH_ORDERS = (OPEN_ORDERS, ORDER, LOAN, TRANSFER)


async def die(stage: Stage, symbol: str, path: str, moment: str) -> None:
    """Run until just before or just after the exchange acts on the first write to `path`, then die with the task."""
    task = asyncio.ensure_future(stage.run(symbol).run())

    def kill(request: object, *_: object) -> None:
        if request.url.path == path and request.method in WRITES:  # type: ignore[attr-defined]
            task.cancel()
            raise asyncio.CancelledError

    setattr(stage.transport, moment, kill)
    with suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()
    setattr(stage.transport, moment, None)


def books(stage: Stage, symbol: str) -> dict[str, int]:
    account = stage.world.account(1)
    return {
        "close": sum(1 for order in account.orders.values() if order.symbol == symbol and order.type == "MARKET"),
        "repay": sum(1 for loan in account.loans if loan.direction == "REPAY" and loan.symbol == symbol),
    }


@pytest.mark.parametrize("moment", ["before", "after"], ids=["before it acts", "after it acted"])
@pytest.mark.parametrize(
    ("symbol", "path"),
    [("BTCUSDT", path) for path in PLAIN] + [("ETHUSDT", path) for path in SHORT] + [("SOLUSDT", path) for path in WITH_ORDERS],
)
@in_virtual_time
async def test_a_run_killed_at_any_write_is_finished_by_the_next(symbol, path, moment):
    async with a_stage() as stage:
        await die(stage, symbol, path, moment)
        spot_at_death = await stage.spot("USDT")

        report = await stage.unwind(symbol)

        assert (report.outcome, report.exit_code) == (Outcome.FLAT, 0)
        assert (await stage.account(symbol)).is_empty
        assert books(stage, symbol) == {"close": 1, "repay": 1}
        assert await stage.spot("USDT") == spot_at_death + report.swept.get("USDT", D(0))
        assert all(intent.state.value in ("done", "absent") for intent in stage.journal.history())


@in_virtual_time
async def test_a_restart_settles_what_an_earlier_run_left_before_it_plans_anything():
    async with a_stage() as stage:
        await die(stage, "BTCUSDT", LOAN, "after")
        before = len(stage.transport.log)
        await stage.unwind()
        paths = [entry.path for entry in stage.transport.log[before:] if entry.method in WRITES]
        assert paths == [TRANSFER]


@in_virtual_time
async def test_an_episode_whose_process_died_goes_on_under_its_number():
    async with a_stage() as stage:
        await die(stage, "BTCUSDT", LOAN, "before")
        await stage.unwind()
        assert {intent.episode_id for intent in stage.journal.history()} == {1}


@in_virtual_time
async def test_a_signal_ends_the_run_at_a_safe_point_and_the_report_says_where_it_stands():
    async with a_stage() as stage:
        run = stage.run()
        stage.transport.after = lambda request, _response: request.url.path == ORDER and run.patience.stop.set()
        report = await run.run()

        assert (report.outcome, report.exit_code) == (Outcome.STOPPED, 1)
        assert "signal" in report.reason
        assert "run the same command again" in report.reason
        assert report.steps[0].status.value == "done"
        assert stage.sent("POST", LOAN) == []

        assert (await stage.unwind()).outcome is Outcome.FLAT
        assert books(stage, "BTCUSDT") == {"close": 1, "repay": 1}


@in_virtual_time
async def test_a_signal_while_an_outcome_is_unknown_leaves_the_intent_for_the_next_run():
    async with a_stage() as stage:
        run = stage.run()
        stage.fault(kind="disconnect", method="POST", path=LOAN)
        stage.fault(kind="answer", canned="html_502", method="GET", path=LOAN, count=3)
        stage.transport.after = lambda request, _response: request.url.path == LOAN and run.patience.stop.set()
        report = await run.run()

        assert report.exit_code == 1
        assert report.steps[-1].status.value == "unknown"
        assert "still unknown" in report.reason

        assert (await stage.unwind()).outcome is Outcome.FLAT
        assert books(stage, "BTCUSDT") == {"close": 1, "repay": 1}
