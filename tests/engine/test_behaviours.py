"""Behaviours that happened to somebody once, each held by a test. tests/README.md says which test holds which line."""

from __future__ import annotations

from decimal import Decimal as D
from itertools import pairwise

from marginbot.domain.plan import Limits
from marginbot.engine.events import Event, Looked
from marginbot.engine.report import Outcome, StepStatus
from tests.engine.stage import LOAN, OPEN_ORDERS, ORDER, TRANSFER, WRITES, Stage, a_stage
from tests.virtual_time import in_virtual_time


def kinds(report: object) -> list[str]:
    return [step.kind for step in report.steps]  # type: ignore[attr-defined]


def done(report: object, kind: str) -> int:
    return sum(1 for step in report.steps if step.kind == kind and step.status is StepStatus.DONE)  # type: ignore[attr-defined]


@in_virtual_time
async def test_after_a_filled_close_the_debt_is_looked_at_and_repaid_to_the_last_digit():
    async with a_stage() as stage:
        report = await stage.unwind()
        repay = report.steps[1]
        looks = [event.look.account for event in stage.events if isinstance(event, Looked)]
        assert repay.amount == looks[1].quote.liability == D("4000.12")
        assert not (await stage.account()).owes


@in_virtual_time
async def test_nothing_is_sold_twice_on_an_account_that_lags_behind_the_sale():
    for scenario in ("lagging-account", "half-sale", "all-zero-once"):
        async with a_stage(scenario) as stage:
            report = await stage.unwind()
            assert report.outcome is Outcome.FLAT
            assert len(stage.sent("POST", ORDER)) == 1
            assert len(stage.sent("POST", LOAN)) == 1


@in_virtual_time
async def test_a_missing_crumb_below_the_minimum_is_bought_as_a_whole_order_and_the_plan_names_it():
    async with a_stage("debt-below-notional") as stage:
        report = await stage.unwind()
        close = report.steps[0]
        assert report.outcome is Outcome.FLAT
        assert close.amount > report.before.base.liability
        assert "raised from" in close.step.because
        assert report.swept["BTC"] > 0


@in_virtual_time
async def test_a_missing_crumb_comes_from_spot_only_when_the_owner_allows_it():
    async with a_stage("insolvent-long") as stage:
        first = await stage.unwind()
        missing = first.after.quote.liability
        assert first.outcome is Outcome.RESIDUE

        stage.world.account(1).isolated["BTCUSDT"].quote.borrowed = D("6")
        stage.limits = Limits(topup_crumb=D("10"))
        second = await stage.unwind()
        assert missing > 10
        assert second.outcome is Outcome.FLAT
        assert kinds(second) == ["top_up", "repay"]


@in_virtual_time
async def test_dust_below_the_lot_step_is_swept_as_it_is():
    async with a_stage("doge-long") as stage:
        report = await stage.unwind("DOGEUSDT")
        assert report.outcome is Outcome.FLAT
        assert 0 < report.swept["DOGE"] < 1


@in_virtual_time
async def test_interest_posted_between_look_and_repay_is_repaid_by_the_next_look():
    async with a_stage("interest-between") as stage:
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert done(report, "repay") == 2
        assert report.steps[2].amount < D("1")


@in_virtual_time
async def test_debts_in_both_coins_are_repaid_in_the_same_unwind_each_with_its_own_interest():
    async with a_stage("both-owed") as stage:
        report = await stage.unwind()
        before = report.before
        assert report.outcome is Outcome.FLAT
        assert report.interest_paid == {"BTC": before.base.interest, "USDT": before.quote.interest}
        assert before.base.interest != before.quote.interest


@in_virtual_time
async def test_a_short_that_cannot_pay_for_all_buys_what_it_can_repays_and_says_what_remains():
    async with a_stage("insolvent-short") as stage:
        report = await stage.unwind()
        assert report.outcome is Outcome.RESIDUE
        assert kinds(report) == ["close", "repay"]
        assert report.after.base.liability == report.before.base.liability - report.steps[1].amount
        assert f"{report.after.base.liability:f}".rstrip("0") in report.reason


@in_virtual_time
async def test_orders_are_cancelled_first_and_locked_is_seen_at_zero_before_anything_is_sold():
    async with a_stage("locked-by-orders") as stage:
        await stage.unwind("SOLUSDT")
        writes = [path for _, path in stage.writes()]
        assert writes[:2] == [OPEN_ORDERS, ORDER]
        looks = [event.look for event in stage.events if isinstance(event, Looked)]
        assert looks[0].account.base.locked > 0
        assert looks[1].account.base.locked == 0


@in_virtual_time
async def test_a_debt_below_the_least_repayment_is_still_repaid_when_the_coin_is_there():
    async with a_stage("debt-below-min-repay") as stage:
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert done(report, "repay") == 1


@in_virtual_time
async def test_a_refused_repay_is_never_told_as_repaid():
    async with a_stage() as stage:
        body = '{"code":-3036,"msg":"This account is not allowed to repay."}'
        stage.fault(kind="answer", status=400, body=body, method="POST", path=LOAN, count=None)
        report = await stage.unwind()
        assert (report.outcome, report.exit_code) == (Outcome.STOPPED, 1)
        assert report.interest_paid == {}
        assert [step.status for step in report.steps if step.kind == "repay"] == [StepStatus.REJECTED]
        assert "the repay was refused" in report.reason
        assert "owing 4000.12 USDT" in report.reason


@in_virtual_time
async def test_a_sweep_takes_at_most_what_may_leave_and_a_refusal_leads_to_a_look():
    async with a_stage("transfer-limit") as stage:
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert all(step.amount <= 400 for step in report.steps if step.kind == "sweep")


@in_virtual_time
async def test_the_pair_is_picked_by_its_name_and_never_by_its_place():
    async with a_stage("wrong-row-first") as stage:
        report = await stage.unwind("BTCUSDT")
        assert report.before.symbol == "BTCUSDT"
        assert {entry.params["symbol"] for entry in stage.sent("POST", ORDER)} == {"BTCUSDT"}


@in_virtual_time
async def test_an_owner_who_trades_in_the_middle_is_seen_and_everything_is_decided_again():
    async with a_stage("owner-trades") as stage:
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert any("without us" in notice for notice in report.notices)


@in_virtual_time
async def test_nothing_is_written_while_the_exchange_liquidates_and_what_is_left_is_settled_afterwards():
    async with a_stage("liquidation-in-the-middle") as stage:
        seen: list[tuple[str, str]] = []

        def watch(request: object) -> None:
            pair = stage.world.account(1).isolated["BTCUSDT"]
            seen.append((request.method, str(getattr(pair, "liquidating_until", None) or "")))  # type: ignore[attr-defined]

        stage.transport.before = watch
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        statuses = [event.look.account.status.value for event in stage.events if isinstance(event, Looked)]
        assert "FORCE_LIQUIDATION" in statuses
        assert no_write_between(stage.events)


def no_write_between(events: list[Event]) -> bool:
    """No step starts after a look that showed a forced liquidation, before the next look."""
    frozen = False
    for event in events:
        if isinstance(event, Looked):
            frozen = event.look.account.status.value == "FORCE_LIQUIDATION"
        elif frozen and type(event).__name__ == "StepStarted":
            return False
    return True


@in_virtual_time
async def test_a_position_above_the_market_lot_goes_in_slices():
    async with a_stage("above-market-lot") as stage:
        report = await stage.unwind()
        most = (await stage.exchange.pair_rules("BTCUSDT")).filters.order_max_qty
        assert done(report, "close") > 1
        assert sum(step.amount for step in report.steps if step.kind == "close") == report.before.base.total
        assert all(step.amount <= most for step in report.steps if step.kind == "close")


@in_virtual_time
async def test_a_step_that_changes_between_looks_is_read_again_and_nothing_is_traded_blindly():
    async with a_stage("changing-steps") as stage:
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert [step.status for step in report.steps if step.kind == "close"][-1] is StepStatus.DONE


@in_virtual_time
async def test_a_market_order_that_expires_half_filled_counts_what_it_did_and_goes_round_again():
    async with a_stage("price-range") as stage:
        report = await stage.unwind()
        orders = [order for order in stage.world.account(1).orders.values() if order.client_id.startswith("mb-")]
        assert report.outcome is Outcome.FLAT
        assert orders[0].status == "EXPIRED"
        assert orders[-1].status == "FILLED"
        assert orders[0].executed > 0
        assert sum(order.executed for order in orders) == report.before.base.total


@in_virtual_time
async def test_a_thin_book_is_left_in_slices_inside_the_cap_at_most_one_a_second():
    async with a_stage("thin-book") as stage:
        at: list[float] = []
        stage.transport.before = lambda request: request.url.path == ORDER and request.method == "POST" and at.append(now(stage))
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert all(step.slippage_bps <= 100 for step in report.steps if step.kind == "close" and step.slippage_bps is not None)
        assert all(later - earlier >= 1 for earlier, later in pairwise(at))


def now(stage: Stage) -> float:
    return stage.clock.monotonic()


@in_virtual_time
async def test_an_audience_that_fails_never_reaches_the_run():
    async with a_stage() as stage:
        run = stage.run()

        def deaf(_event: Event) -> None:
            raise BrokenPipeError

        run.observer = deaf
        report = await run.run()
        assert report.outcome is Outcome.FLAT
        assert "the audience left: BrokenPipeError" in report.notices


@in_virtual_time
async def test_nothing_that_borrows_or_brings_money_in_is_ever_sent_by_a_plain_unwind():
    async with a_stage() as stage:
        for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT"):
            await stage.unwind(symbol)
        sent = [entry for entry in stage.transport.log if entry.method in WRITES]
        assert {entry.params.get("sideEffectType", "NO_SIDE_EFFECT") for entry in sent} == {"NO_SIDE_EFFECT"}
        assert {entry.params["type"] for entry in sent if entry.path == LOAN} == {"REPAY"}
        assert {entry.params["type"] for entry in sent if entry.path == TRANSFER} == {"ISOLATED_MARGIN_MAIN"}
        assert {entry.params["isIsolated"] for entry in sent if entry.path != TRANSFER} == {"TRUE"}


@in_virtual_time
async def test_a_foreign_record_of_the_same_amount_is_not_taken_for_our_own():
    async with a_stage("foreign-row") as stage:
        run = stage.run()
        report = await run.run()
        assert report.outcome is Outcome.FLAT
        assert done(report, "repay") == 1
        assert run.reckoning.holds
