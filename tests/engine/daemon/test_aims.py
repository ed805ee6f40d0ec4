"""Aims from the first look to their level, through the real adapter, whatever answers are lost on the way."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal as D
from typing import Any

import pytest

from marginbot.domain.amounts import Symbol
from marginbot.domain.margin import margin_level
from marginbot.domain.plan import Aim, AimKind, Goal, Limits, Plan, Verdict
from marginbot.engine.daemon.latched import Latched
from marginbot.engine.daemon.rungs import errand_again
from marginbot.engine.errands import NOT_EXECUTING, Errand, ToFlat, ToLevel
from marginbot.engine.events import Decided, Notice
from marginbot.engine.journal.entries import OPEN_STATES, Episode, State
from marginbot.engine.report import Outcome, RunReport, StepStatus
from marginbot.engine.run import Run
from marginbot.paper.books.records import Scope
from tests.engine.invariants import Ledger
from tests.engine.stage import BTCUSDT, LOAN, OPEN_ORDERS, ORDER, TRANSFER, Stage, a_stage
from tests.virtual_time import in_virtual_time

LIST = "/sapi/v1/margin/orderList"
HALF_AN_HOUR_MS = 1_800_000


def to_level(kind: AimKind, target: str, symbol: str = "BTCUSDT", trigger: str = "1.26", **fields: Any) -> ToLevel:
    aim = Aim(Symbol(symbol), kind, D(trigger), D(target), **fields)
    return ToLevel(aim, Limits(), "a rung")


def a_run(stage: Stage, errand: Errand) -> Run:
    run = stage.run(errand.symbol)
    run.errand = errand
    return run


async def pursue(stage: Stage, errand: Errand) -> RunReport:
    return await a_run(stage, errand).run()


def kinds(report: RunReport) -> list[str]:
    return [step.kind for step in report.steps]


def level(report: RunReport) -> D:
    assert report.after is not None
    return margin_level(report.after) or D("Infinity")


def top_ups(stage: Stage) -> list[Any]:
    return [row for row in stage.world.account(1).transfers if row.type == "MAIN_ISOLATED_MARGIN"]


class TestReachingALevel:
    @pytest.mark.parametrize(
        ("scenario", "target"),
        [("long", "1.3"), ("long", "2.5"), ("short", "1.3"), ("short", "2.5"), ("both-owed", "1.6"), ("both-owed", "2.5")],
    )
    @in_virtual_time
    async def test_a_deleverage_ends_at_its_target_and_trades_no_more_than_that_needs(self, scenario, target):
        async with a_stage(scenario) as stage:
            run = a_run(stage, to_level(AimKind.DELEVERAGE, target))
            ledger = Ledger(stage)
            report = await run.run()
            assert report.outcome is Outcome.REACHED
            assert D(target) - D("0.15") <= level(report) < D(target) + D("0.01")
            assert level(report) > margin_level(report.before)
            assert run.reckoning.holds
            ledger.hold(report)

    @pytest.mark.parametrize("hold", [False, True])
    @pytest.mark.parametrize(("scenario", "target"), [("long", "1.35"), ("short", "1.35"), ("both-owed", "1.6")])
    @in_virtual_time
    async def test_a_top_up_brings_what_the_target_needs_and_repays_or_holds_it(self, scenario, target, hold):
        async with a_stage(scenario) as stage:
            stage.world.fund(1, Scope.SPOT, "BTC", D("0.05"))
            ledger = Ledger(stage)
            run = a_run(stage, to_level(AimKind.TOP_UP, target, hold=hold))
            report = await run.run()
            assert report.outcome is Outcome.REACHED
            assert D(target) - D("0.04") <= level(report) < D(target) + D("0.003")
            assert ("repay" in kinds(report)) is not hold
            assert run.reckoning.holds
            ledger.hold(report)

    @in_virtual_time
    async def test_a_trade_that_left_the_level_lower_at_the_same_price_is_an_alarm(self):
        """The exchange takes 30 % where it said 0.1 %: to sell s makes (5000 - s) / (4000 - 0.7 s) of it."""
        async with a_stage("long") as stage:
            run = a_run(stage, to_level(AimKind.DELEVERAGE, "1.3"))
            nothing = {"maker": "0", "taker": "0", "buyer": "0", "seller": "0"}
            told = {"symbol": "BTCUSDT", "standardCommission": {**nothing, "taker": "0.001"}}
            told |= {"specialCommission": nothing, "taxCommission": nothing}
            stage.fault(kind="answer", status=200, body=json.dumps(told), path="/api/v3/account/commission", count=None)
            stage.world.account(1).taker_fee = D("0.3")
            report = await run.run()
            assert level(report) < D("1.25")
            (alarm,) = [text for text in report.notices if "without us" not in text]
            assert "done to lift the level, and at the same price it went from 1.25 to " in alarm

    @in_virtual_time
    async def test_idle_coins_are_repaid_and_that_is_all(self):
        async with a_stage() as stage:
            report = await pursue(stage, to_level(AimKind.REPAY, "1260"))
            assert (report.outcome, kinds(report)) == (Outcome.REACHED, ["repay"])
            assert report.steps[0].amount == D("12.5")
            assert "no idle coin" in report.reason

    @in_virtual_time
    async def test_excess_goes_home_down_to_the_target_when_the_exchange_lets_it_out(self):
        async with a_stage("open-orders") as stage:
            report = await pursue(stage, to_level(AimKind.SWEEP, "2.1", "SOLUSDT", trigger="2.15"))
            assert (report.outcome, kinds(report)) == (Outcome.REACHED, ["sweep"])
            assert D("2.1") <= level(report) <= D("2.11")

    @in_virtual_time
    async def test_nothing_owed_is_reached_at_once_and_leaves_no_episode(self):
        async with a_stage() as stage:
            report = await pursue(stage, to_level(AimKind.DELEVERAGE, "2", "ADAUSDT"))
            assert (report.outcome, kinds(report)) == (Outcome.REACHED, [])
            assert stage.journal.open_episodes("1") == ()

    @in_virtual_time
    async def test_a_rung_that_cannot_help_says_so_and_sends_nothing(self):
        async with a_stage("insolvent-long") as stage:
            report = await pursue(stage, to_level(AimKind.DELEVERAGE, "1.3"))
            assert (report.outcome, stage.writes()) == (Outcome.RESIDUE, [])
            assert "would not cover the debt" in report.reason


class TestTheOwnersOrders:
    @in_virtual_time
    async def test_the_newest_is_cancelled_whole_and_told_and_the_others_stand(self):
        """After 300 USDT idle are repaid 6.2 SOL must be sold and 5 are free: the list of two is the newest."""
        async with a_stage("locked-by-orders") as stage:
            report = await pursue(stage, to_level(AimKind.DELEVERAGE, "6", "SOLUSDT", trigger="2.2"))
            assert report.outcome is Outcome.REACHED
            assert kinds(report)[0] == "cancel_orders"
            assert len(stage.sent("DELETE", LIST)) == 1
            assert await stage.exchange.open_order_count("SOLUSDT") == 3
            assert any(isinstance(event, Notice) and event.alarm and "the order list" in event.text for event in stage.events)
            assert level(report) > D("5.6")

    @in_virtual_time
    async def test_orders_that_are_not_in_the_way_are_not_touched(self):
        async with a_stage("locked-by-orders") as stage:
            report = await pursue(stage, to_level(AimKind.DELEVERAGE, "2.6", "SOLUSDT", trigger="2.2"))
            assert (report.outcome, "cancel_orders" in kinds(report)) == (Outcome.REACHED, False)
            assert await stage.exchange.open_order_count("SOLUSDT") == 5

    @in_virtual_time
    async def test_a_rule_that_leaves_them_fails_and_says_why(self):
        async with a_stage("locked-by-orders") as stage:
            errand = to_level(AimKind.DELEVERAGE, "6", "SOLUSDT", trigger="2.2", leave_orders=True)
            report = await pursue(stage, errand)
            assert (report.outcome, kinds(report)) == (Outcome.RESIDUE, ["repay"])
            assert "leaves the owner's orders alone" in report.reason

    @pytest.mark.parametrize("executed", [True, False])
    @in_virtual_time
    async def test_a_lost_cancel_is_looked_up(self, executed):
        async with a_stage("locked-by-orders") as stage:
            stage.fault(kind="disconnect", method="DELETE", path=LIST, executed=executed)
            report = await pursue(stage, to_level(AimKind.DELEVERAGE, "6", "SOLUSDT", trigger="2.2"))
            assert report.outcome is Outcome.REACHED
            assert len(stage.sent("DELETE", LIST)) == (1 if executed else 2)
            assert stage.sent("DELETE", OPEN_ORDERS) == []
            assert [intent.state for intent in stage.journal.history() if intent.kind == "cancel_orders"][-1] is State.DONE


class TestLostAnswers:
    @pytest.mark.parametrize("executed", [True, False], ids=["executed", "not executed"])
    @pytest.mark.parametrize(
        ("kind", "path"),
        [(AimKind.DELEVERAGE, ORDER), (AimKind.DELEVERAGE, LOAN), (AimKind.TOP_UP, TRANSFER), (AimKind.TOP_UP, LOAN)],
        ids=["close", "proceeds", "transfer", "repay"],
    )
    @in_virtual_time
    async def test_a_lost_answer_is_settled_by_looking_and_has_one_effect(self, kind, path, executed):
        async with a_stage("long") as stage:
            ledger = Ledger(stage)
            stage.fault(kind="disconnect", method="POST", path=path, executed=executed)
            report = await pursue(stage, to_level(kind, "1.35"))
            assert report.outcome is Outcome.REACHED
            assert D("1.34") <= level(report) < D("1.352")
            assert len(stage.sent("POST", path)) == (1 if executed else 2)
            ledger.hold(report)

    @in_virtual_time
    async def test_a_sweep_that_is_lost_goes_once(self):
        async with a_stage("open-orders") as stage:
            stage.fault(kind="disconnect", method="POST", path=TRANSFER)
            report = await pursue(stage, to_level(AimKind.SWEEP, "2.1", "SOLUSDT", trigger="2.15"))
            assert report.outcome is Outcome.REACHED
            assert len(stage.sent("POST", TRANSFER)) == 1

    @in_virtual_time
    async def test_an_aim_in_the_journal_is_the_same_aim_again(self):
        async with a_stage() as stage:
            for errand in (
                to_level(AimKind.TOP_UP, "1.5", hold=True, allowance=D("12.5"), keep_in_spot=D(3)),
                to_level(AimKind.DELEVERAGE, "1.5", leave_orders=True),
                ToFlat(Goal(BTCUSDT, sweep=False), Limits(D(70)), "the last", widens=True),
            ):
                episode = Episode(1, BTCUSDT, errand.rule, errand.described(), stage.clock.now())
                assert errand_again(episode, Limits()) == errand


class TestTopUpsOnTheirWay:
    @in_virtual_time
    async def test_a_pending_top_up_is_waited_for_by_its_own_aim_and_never_sent_twice(self):
        async with a_stage("long") as stage:
            stage.world.config.transfer_pending_ms = 60_000
            run = a_run(stage, to_level(AimKind.TOP_UP, "1.35"))
            report = await run.run()
            assert report.outcome is Outcome.REACHED
            assert len(top_ups(stage)) == 1
            assert 60_000 < report.elapsed_ms < 65_000
            assert not any("without us" in notice or "stale" in notice for notice in report.notices)
            assert run.reckoning.holds

    @pytest.mark.parametrize("lost", [False, True], ids=["accepted", "its answer lost"])
    @in_virtual_time
    async def test_one_that_stays_pending_for_half_an_hour_does_not_hold_up_an_unwind(self, lost):
        async with a_stage("long") as stage:
            stage.world.config.transfer_pending_ms, stage.deadline = HALF_AN_HOUR_MS, 30
            if lost:
                stage.fault(kind="disconnect", method="POST", path=TRANSFER)
            first = await pursue(stage, to_level(AimKind.TOP_UP, "1.35"))
            assert first.outcome is Outcome.STOPPED
            assert "the top-up of" in first.reason
            began = stage.clock.monotonic()
            closed: list[float] = []
            stage.transport.before = lambda request: (
                closed.append(stage.clock.monotonic()) if (request.method, request.url.path) == ("POST", LOAN) else None
            )
            second = await pursue(stage, ToFlat(Goal(BTCUSDT), Limits(), "unwind", widens=True))
            assert kinds(second) == ["close", "repay", "sweep"]
            assert closed[0] - began < 3
            assert not (await stage.account()).owes
            assert (second.outcome, "PENDING" in second.reason) == (Outcome.STOPPED, True)

            stage.deadline, stage.world.config.transfer_pending_ms = 120, 0
            stage.paper.skip(HALF_AN_HOUR_MS)
            third = await pursue(stage, ToFlat(Goal(BTCUSDT), Limits(), "unwind", widens=True))
            assert third.outcome is Outcome.FLAT
            assert (await stage.account()).is_empty
            assert len(top_ups(stage)) == 1
            assert [intent for intent in stage.journal.history() if intent.state in OPEN_STATES] == []

    @in_virtual_time
    async def test_a_lost_one_is_not_called_absent_because_our_own_sweep_filled_spot_again(self):
        """Its coins come after 200 s and its record after 300; from 60 s on balances would tell, were the sweep not ours."""
        async with a_stage("long") as stage:
            stage.deadline, config = 900, stage.world.config
            config.transfer_pending_ms, config.history_lag_ms = 200_000, 300_000
            stage.fault(kind="disconnect", method="POST", path=TRANSFER)

            def sent() -> bool:
                config.transfer_pending_ms = 0 if top_ups(stage) else 200_000
                return bool(top_ups(stage))

            flat = ToFlat(Goal(BTCUSDT), Limits(), "unwind", widens=True)
            await pursue(stage, Overtaken(to_level(AimKind.TOP_UP, "1.35"), flat, sent))
            assert len(top_ups(stage)) == 1
            states = [intent.state for intent in stage.journal.history() if intent.kind == "top_up"]
            assert states == [State.DONE]

    @in_virtual_time
    async def test_a_more_severe_rung_takes_over_while_the_coins_are_on_their_way(self):
        """The price falls ten seconds after the top-up was sent."""
        async with a_stage("long") as stage:
            stage.world.config.transfer_pending_ms = HALF_AN_HOUR_MS
            flat = ToFlat(Goal(BTCUSDT), Limits(), "unwind", widens=True)
            began = stage.clock.monotonic()
            errand = Overtaken(to_level(AimKind.TOP_UP, "1.35"), flat, lambda: stage.clock.monotonic() > began + 10)
            report = await pursue(stage, errand)
            assert kinds(report) == ["top_up", "close", "repay", "sweep"]
            assert not (await stage.account()).owes

    @in_virtual_time
    async def test_a_second_top_up_waits_for_the_first_even_in_a_new_process(self):
        async with a_stage("long") as stage:
            stage.deadline = 20
            stage.fault(kind="disconnect", method="POST", path=TRANSFER, executed=False)
            first = await pursue(stage, to_level(AimKind.TOP_UP, "1.35"))
            assert first.outcome is Outcome.STOPPED
            stage.deadline = 120
            second = await pursue(stage, to_level(AimKind.TOP_UP, "1.35"))
            assert second.outcome is Outcome.REACHED
            assert len(top_ups(stage)) == 1
            assert second.elapsed_ms > 40_000, "it is absent only after a minute"

    @in_virtual_time
    async def test_coins_that_show_before_their_record_are_ours(self):
        async with a_stage("long") as stage:
            stage.world.config.history_lag_ms = 8_000
            report = await pursue(stage, to_level(AimKind.TOP_UP, "1.35"))
            assert report.outcome is Outcome.REACHED
            assert len(top_ups(stage)) == 1
            assert not any("without us" in notice for notice in report.notices)

    @in_virtual_time
    async def test_a_top_up_that_fails_may_go_again_and_its_money_does_not_count(self):
        async with a_stage("long") as stage:
            stage.world.config.transfer_pending_ms, stage.world.config.transfers_fail = 3_000, True
            stage.transport.before = lambda _request: mend(stage)
            errand = to_level(AimKind.TOP_UP, "1.35", allowance=D(400))
            report = await pursue(stage, errand)
            assert report.outcome is Outcome.REACHED
            assert [step.status for step in report.steps if step.kind == "top_up"] == [StepStatus.REJECTED, StepStatus.DONE]
            (kept,) = stage.journal.brought_in("1", BTCUSDT, "a rung")
            assert kept[1] == next(step.amount for step in report.steps if step.status is StepStatus.DONE)

    @in_virtual_time
    async def test_what_is_brought_is_counted_to_the_rule_that_brought_it_even_when_another_took_over(self):
        async with a_stage("long") as stage:
            flat = ToFlat(Goal(BTCUSDT), Limits(), "unwind", widens=True)
            errand = Overtaken(to_level(AimKind.TOP_UP, "1.35", hold=True), flat, lambda: bool(top_ups(stage)))
            report = await pursue(stage, errand)
            assert report.outcome is Outcome.FLAT
            assert [value for _, value in stage.journal.brought_in("1", BTCUSDT, "a rung")] == [report.steps[0].amount]
            assert stage.journal.brought_in("1", BTCUSDT, "unwind") == ()
            assert stage.journal.brought_in("1", Symbol("ETHUSDT"), "a rung") == ()

    @in_virtual_time
    async def test_an_allowance_is_one_for_the_whole_episode_though_it_is_resumed(self):
        """70 would lift the level from 1.2500 to 1.2723; the price falls while they come, and no more may."""
        async with a_stage("long") as stage:
            errand = to_level(AimKind.TOP_UP, "1.35", allowance=D(70))
            stage.deadline, stage.world.config.transfer_pending_ms = 5, 10_000
            first = await pursue(stage, errand)
            assert first.outcome is Outcome.STOPPED
            stage.deadline = 120
            stage.world.set_price("BTCUSDT", D(97000))
            second = await pursue(stage, errand)
            assert second.outcome is Outcome.RESIDUE
            assert "the budget leaves 0 USDT" in second.reason
            assert len(top_ups(stage)) == 1


def mend(stage: Stage) -> None:
    """Once the first transfer has failed the exchange is mended."""
    if any(row.status == "FAILED" for row in stage.world.account(1).transfers):
        stage.world.config.transfers_fail = False


class Overtaken(Latched):
    """An errand that another takes over at a moment of the test's own choosing."""

    def __init__(self, first: Errand, then: Errand, when: Any) -> None:
        self.current, self.then, self.when = first, then, when

    def plan(self, look: Any) -> Plan:
        if self.when():
            self.current = self.then
        return self.current.plan(look)


class TestTheCap:
    @in_virtual_time
    async def test_while_it_blocks_a_rule_says_so_and_an_unwind_by_hand_does_not(self):
        async with a_stage("long") as stage:
            stage.deadline = 5
            stage.world.set_price("BTCUSDT", D(96000), D(100000))
            await pursue(stage, to_level(AimKind.DELEVERAGE, "1.5"))
            assert said(stage) == {True}
            await pursue(stage, ToFlat(Goal(BTCUSDT), Limits(), "unwind", widens=True))
            assert said(stage) == {True}
            await pursue(stage, ToFlat(Goal(BTCUSDT), Limits()))
            assert said(stage) == {False}

    @in_virtual_time
    async def test_near_the_liquidation_a_rule_sells_where_a_person_would_wait(self):
        """Level 1.06 of 1.05: the cap is 100 + 200 x 0.8 bps, and the best bid is 2 % off."""
        async with a_stage("long") as stage:
            stage.deadline = 5
            stage.world.config.liquidates = False
            stage.world.set_price("BTCUSDT", D(83100), D(84800))
            waited = await pursue(stage, ToFlat(Goal(BTCUSDT), Limits()))
            assert (waited.outcome, kinds(waited)) == (Outcome.STOPPED, [])
            sold = await pursue(stage, ToFlat(Goal(BTCUSDT), Limits(), "unwind", widens=True))
            assert sold.outcome is Outcome.FLAT


def said(stage: Stage) -> set[bool]:
    """Whether what the planner said while waiting names the protection; asked once a run."""
    waits = [event.plan for event in stage.events if isinstance(event, Decided) and event.plan.verdict is Verdict.WAIT]
    stage.events.clear()
    return {NOT_EXECUTING in plan.because for plan in waits if plan.capped}


def test_an_errand_that_widens_does_not_change_what_it_was_begun_with():
    errand = to_level(AimKind.DELEVERAGE, "1.5")
    assert errand.described()["cap_bps"] == "100"
    assert replace(errand, widens=False).described()["widens"] == "false"
    assert set(ToFlat(Goal(BTCUSDT), Limits()).described()) == {"goal", "into", "sweep"}
