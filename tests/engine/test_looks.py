"""Looks: taken again until they explain our own steps, picked by name, and never older than they say."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from decimal import Decimal as D
from typing import Any

import pytest

from marginbot.domain.plan import Limits
from marginbot.engine.events import Notice
from marginbot.engine.report import Outcome
from marginbot.errors import ConfigError
from marginbot.paper.books.records import Scope
from tests.engine.stage import ACCOUNT, LOAN, ORDER, Stage, a_stage
from tests.virtual_time import in_virtual_time

TIERS = "/sapi/v1/margin/isolatedMarginTier"
BOOK = "/api/v3/depth"
Body = dict[str, Any]


async def account_body(stage: Stage) -> Body:
    """The answer of the isolated accounts as it is now."""
    bodies: list[Body] = []
    stage.transport.after = lambda request, response: bodies.append(response.json())
    await stage.exchange.isolated_accounts()
    stage.transport.after = None
    return bodies[0]


def row_of(body: Body, symbol: str = "BTCUSDT") -> Body:
    return next(row for row in body["assets"] if row["symbol"] == symbol)


def emptied(body: Body, symbol: str = "BTCUSDT") -> Body:
    """The same answer with nothing held and nothing owed on one pair."""
    changed: Body = json.loads(json.dumps(body))
    row = row_of(changed, symbol)
    for side in (row["baseAsset"], row["quoteAsset"]):
        side.update({name: "0" for name in ("free", "locked", "borrowed", "interest", "netAsset", "totalAsset")})
    row["marginLevel"] = "999"
    return changed


def show(stage: Stage, body: Body, count: int | None = 1, skip: int = 0) -> None:
    """The next reads of the account answer `body`, whatever is true."""
    stage.fault(kind="answer", status=200, body=json.dumps(body), method="GET", path=ACCOUNT, count=count, skip=skip)


def after_the_first(stage: Stage, path: str, then: Callable[[], None]) -> None:
    """Do something the moment the exchange has acted on the first POST to `path`."""
    done: list[None] = []

    def hook(request: Any, _response: Any) -> None:
        if request.url.path == path and request.method == "POST" and not done:
            done.append(None)
            then()

    stage.transport.after = hook


def times_of_account_reads(stage: Stage) -> list[float]:
    times: list[float] = []
    stage.transport.before = lambda request: times.append(stage.clock.monotonic()) if request.url.path == ACCOUNT else None
    return times


def alarms(stage: Stage) -> list[str]:
    return [event.text for event in stage.events if isinstance(event, Notice) and event.alarm]


@pytest.mark.parametrize("path", [ORDER, LOAN])
@in_virtual_time
async def test_an_answer_from_before_our_step_is_looked_at_again_and_nothing_is_sent_twice(path):
    async with a_stage() as stage:
        old = await account_body(stage)
        after_the_first(stage, path, lambda: show(stage, old, count=3))
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert [step.kind for step in report.steps] == ["close", "repay", "sweep"]
        assert sum("stale answer" in text for text in report.notices) == 3
        assert alarms(stage) == []


@in_virtual_time
async def test_base_gone_and_quote_not_yet_come_is_a_stale_answer():
    async with a_stage() as stage:
        half = await account_body(stage)
        row_of(half)["baseAsset"].update(free="0", netAsset="0", totalAsset="0")
        after_the_first(stage, ORDER, lambda: show(stage, half))
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert any("12.5 USDT are shown where our own steps bring 5007" in text for text in report.notices)


@in_virtual_time
async def test_a_stale_answer_is_asked_again_after_a_fifth_of_a_second_then_twice_that_and_so_on():
    async with a_stage(latency_ms=0) as stage:
        old = await account_body(stage)
        after_the_first(stage, ORDER, lambda: show(stage, old, count=None))
        times = times_of_account_reads(stage)
        stage.deadline = 15
        await stage.unwind()
        after_the_close = times[1:9]
        waits = [round(later - earlier, 3) for earlier, later in itertools.pairwise(after_the_close)]
        assert waits == [0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0]


@in_virtual_time
async def test_two_equal_answers_after_ten_seconds_are_taken_as_somebody_elses_doing_with_an_alarm():
    async with a_stage(latency_ms=0) as stage:
        old = await account_body(stage)
        after_the_first(stage, ORDER, lambda: show(stage, old, count=9))
        report = await stage.unwind()
        (first, *_) = alarms(stage)
        assert "0.05 BTC are shown where our own steps leave 0; seen twice" in first
        assert sum("stale answer" in text for text in report.notices) == 8
        assert report.outcome is Outcome.FLAT, "the next look showed what is there"


@in_virtual_time
async def test_an_account_that_shows_all_zero_at_first_is_read_a_second_time_before_it_is_believed():
    async with a_stage() as stage:
        show(stage, emptied(await account_body(stage)))
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert [step.kind for step in report.steps] == ["close", "repay", "sweep"]
        assert report.before.base.free == D("0.05")
        assert alarms(stage) == [], "what was never believed is nobody's doing"


@in_virtual_time
async def test_all_zero_at_first_is_read_a_second_time_though_orders_stand():
    async with a_stage("open-orders") as stage:
        stage.fault(kind="rewrite", rewrite="all_zero", method="GET", path=ACCOUNT)
        report = await stage.unwind("SOLUSDT")
        assert report.outcome is Outcome.FLAT
        assert (report.before.base.total, alarms(stage)) == (20, [])


@in_virtual_time
async def test_all_zero_after_our_sale_is_looked_at_again():
    async with a_stage() as stage:
        zero = emptied(await account_body(stage))
        after_the_first(stage, ORDER, lambda: show(stage, zero))
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert report.swept == {"USDT": D("1006.8805")}
        assert alarms(stage) == []


@in_virtual_time
async def test_all_zero_between_two_looks_without_a_step_of_ours_is_read_twice():
    async with a_stage() as stage:
        stage.limits, stage.deadline = Limits(max_slippage_bps=D(0)), 5
        show(stage, emptied(await account_body(stage)), skip=1)
        report = await stage.unwind()
        assert any("everything shows zero" in text for text in report.notices)
        assert report.outcome is Outcome.STOPPED
        assert report.after.base.free == D("0.05")


@pytest.mark.parametrize(("factor", "notices", "wakes"), [("1.004", 0, False), ("1.02", 1, False), ("0.9", 1, True)])
@in_virtual_time
async def test_a_reported_level_that_disagrees_is_noted_or_alarmed_and_blocks_nothing(factor, notices, wakes):
    async with a_stage() as stage:
        body = await account_body(stage)
        row = row_of(body)
        row["marginLevel"] = str((D(row["marginLevel"]) * D(factor)).quantize(D("0.00000001")))
        show(stage, body)
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        found = [event for event in stage.events if isinstance(event, Notice) and "reports level" in event.text]
        assert len(found) == notices
        assert any(event.alarm for event in found) is wakes


def without(body: Body, symbol: str) -> Body:
    return {**body, "assets": [row for row in body["assets"] if row["symbol"] != symbol]}


@in_virtual_time
async def test_a_pair_that_is_missing_in_the_answer_is_refused_and_never_taken_for_empty():
    async with a_stage() as stage:
        show(stage, without(await account_body(stage), "BTCUSDT"), count=None)
        report = await stage.unwind()
        assert (report.outcome, report.exit_code) == (Outcome.REFUSED, 3)
        assert stage.writes() == []


@in_virtual_time
async def test_a_pair_that_goes_missing_in_the_middle_stops_the_run_with_what_was_done():
    async with a_stage() as stage:
        gone = without(await account_body(stage), "BTCUSDT")
        after_the_first(stage, ORDER, lambda: show(stage, gone, count=None))
        report = await stage.unwind()
        assert (report.outcome, report.exit_code) == (Outcome.STOPPED, 1)
        assert [step.status.value for step in report.steps] == ["done"]
        assert stage.sent("POST", LOAN) == []


@in_virtual_time
async def test_a_disabled_pair_is_refused_and_told_how_to_enable_it():
    async with a_stage() as stage:
        stage.world.account(1).isolated["ADAUSDT"].enabled = False
        report = await stage.unwind("ADAUSDT")
        assert (report.outcome, report.exit_code) == (Outcome.REFUSED, 3)
        assert "Activate" in report.reason


@in_virtual_time
async def test_an_unknown_pair_is_a_wrong_argument_with_the_nearest_name():
    async with a_stage() as stage:
        with pytest.raises(ConfigError, match=r"did you mean BTCUSDT\?"):
            await stage.unwind("BTCUSDTT")
        assert stage.writes() == []


@pytest.mark.parametrize("slow", [TIERS, BOOK])
@in_virtual_time
async def test_a_look_is_as_old_as_its_oldest_answer_and_an_old_one_is_taken_again(slow):
    async with a_stage() as stage:
        stage.fault(kind="slow", path=slow, after_ms=3_000)
        reads: list[float] = []

        def watch(request: Any) -> None:
            if request.url.path == ACCOUNT:
                reads.append(stage.clock.monotonic())
            if request.url.path == ORDER and request.method == "POST":
                assert stage.clock.monotonic() - reads[-1] <= 2.0

        stage.transport.before = watch
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT


@in_virtual_time
async def test_coins_that_somebody_brings_in_the_middle_are_noticed_and_come_home_too():
    async with a_stage() as stage:
        after_the_first(stage, ORDER, lambda: stage.world.fund(1, Scope.ISOLATED, "USDT", D(100), "BTCUSDT"))
        report = await stage.unwind()
        assert report.outcome is Outcome.FLAT
        assert report.swept == {"USDT": D("1106.8805")}
        assert [text for text in alarms(stage) if "USDT moved by 100 without us" in text]
