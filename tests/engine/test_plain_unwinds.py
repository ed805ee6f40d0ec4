"""Whole unwinds of plain positions, over the real adapter and the paper exchange."""

from __future__ import annotations

from decimal import Decimal as D

from marginbot.domain.plan import Into
from marginbot.engine.report import Outcome, StepStatus
from tests.engine.stage import BTCUSDT, a_stage
from tests.virtual_time import in_virtual_time


@in_virtual_time
async def test_a_leveraged_long_ends_flat_in_seven_round_trips():
    async with a_stage("long", latency_ms=200) as stage:
        spot_before = await stage.spot("USDT")
        report = await stage.unwind()
        after = await stage.account()

        assert (report.outcome, report.exit_code) == (Outcome.FLAT, 0)
        assert [step.kind for step in report.steps] == ["close", "repay", "sweep"]
        assert all(step.status is StepStatus.DONE for step in report.steps)
        assert after.is_empty
        assert await stage.spot("USDT") == spot_before + report.swept["USDT"]
        assert report.round_trips == 7
        assert 1400 <= report.elapsed_ms <= 1500


@in_virtual_time
async def test_the_equity_that_comes_home_is_the_equity_less_fees_slippage_and_interest():
    async with a_stage() as stage:
        report = await stage.unwind()
        before = report.before
        equity = (before.base.equity) * before.index_price + before.quote.equity
        costs = report.fees["USDT"] + report.slippage_value
        assert report.swept["USDT"] == equity - costs
        assert report.interest_paid["USDT"] == before.quote.interest


@in_virtual_time
async def test_a_short_buys_back_grosses_up_the_fee_and_sweeps_the_crumb():
    async with a_stage() as stage:
        report = await stage.unwind("ETHUSDT")
        assert report.outcome is Outcome.FLAT
        assert [step.kind for step in report.steps] == ["close", "repay", "sweep", "sweep"]
        assert (await stage.account("ETHUSDT")).is_empty
        bought, owed = report.steps[0].amount, report.before.base.liability
        assert bought > owed
        assert (bought - report.fees["ETH"]) - owed < D("0.001")


@in_virtual_time
async def test_open_orders_are_cancelled_before_anything_is_sized():
    async with a_stage("open-orders") as stage:
        report = await stage.unwind("SOLUSDT")
        assert report.outcome is Outcome.FLAT
        assert [step.kind for step in report.steps][:2] == ["cancel_orders", "close"]
        assert await stage.exchange.open_order_count("SOLUSDT") == 0
        assert (await stage.account("SOLUSDT")).is_empty


@in_virtual_time
async def test_a_flat_pair_is_done_without_a_write_and_leaves_no_trace_in_the_journal():
    async with a_stage("default") as stage:
        report = await stage.unwind("ADAUSDT")
        assert (report.outcome, report.exit_code) == (Outcome.FLAT, 0)
        assert stage.writes() == []
        assert list(stage.journal.history()) == []


@in_virtual_time
async def test_a_pair_that_was_never_opened_is_refused_and_told_how_to_open():
    async with a_stage("default") as stage:
        report = await stage.unwind("XRPUSDT")
        assert (report.outcome, report.exit_code) == (Outcome.REFUSED, 3)
        assert "never opened" in report.reason
        assert stage.writes() == []


@in_virtual_time
async def test_keep_sells_only_what_the_debt_needs_and_sends_both_coins_home():
    async with a_stage("long") as stage:
        report = await stage.unwind(into=Into.KEEP)
        assert report.outcome is Outcome.FLAT
        assert report.steps[0].amount < report.before.base.free
        assert set(report.swept) == {"BTC", "USDT"}
        assert report.swept["USDT"] < D("5")


@in_virtual_time
async def test_base_turns_what_is_left_after_the_debts_into_base():
    async with a_stage("long") as stage:
        report = await stage.unwind(into=Into.BASE)
        assert report.outcome is Outcome.FLAT
        assert report.swept["BTC"] > D("0.009")
        assert report.swept.get("USDT", D(0)) < D("5")


@in_virtual_time
async def test_no_sweep_is_done_when_debt_free_and_closed():
    async with a_stage("long") as stage:
        report = await stage.unwind(sweep=False)
        after = await stage.account()
        assert report.outcome is Outcome.FLAT
        assert report.swept == {}
        assert not after.owes
        assert after.quote.free == D("994.5005")


@in_virtual_time
async def test_running_again_after_flat_does_nothing():
    async with a_stage("long") as stage:
        await stage.unwind()
        writes = len(stage.writes())
        report = await stage.unwind(BTCUSDT)
        assert report.outcome is Outcome.FLAT
        assert len(stage.writes()) == writes
