"""The daemon in numbers, and whether its watch goes round: what metrics, health checks and watchdogs see."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager, nullcontext

from marginbot.domain.policy import Do
from marginbot.engine.alerts.alerts import Alerts
from marginbot.engine.alerts.numbers import Numbers, pictures
from marginbot.engine.alerts.outbox import Outbox
from marginbot.engine.alerts.tally import Tally
from marginbot.engine.daemon.health import Health
from marginbot.engine.daemon.watch import STUCK_AFTER
from tests.engine.places import Place
from tests.engine.stage import ACCOUNT, BTCUSDT, a_stage
from tests.engine.watching import Watching, a_policy, level_rule, watching
from tests.virtual_time import VirtualClock, in_virtual_time

WARN = level_rule("warn", "1.20", Do.ALERT)
OUT = level_rule("get out", "1.10", Do.UNWIND)

Seen = dict[tuple[str, ...], float]


class Silent:
    """An exchange whose call never comes back by itself."""

    def __init__(self) -> None:
        self.answers = asyncio.Event()

    def polling(self) -> AbstractContextManager[None]:
        return nullcontext()

    async def isolated_accounts(self) -> dict[str, object]:
        await self.answers.wait()
        return {}


def numbers_of(watch: Watching, tally: Tally) -> Numbers:
    daemon, clock = watch.daemon, watch.stage.clock
    outbox = Outbox((Place(),), clock, daemon.health, str)
    told = daemon.outfit.tell

    def tell(symbol, event) -> None:
        told(symbol, event)
        tally.hear(symbol, event)

    daemon.outfit.tell = tell
    return Numbers(daemon, tally, Alerts(outbox, daemon.health, clock, "paper", str, lambda: pictures(daemon)))


def seen(numbers: Numbers) -> Seen:
    """By name and the values of the labels."""
    return {(reading.name, *reading.labels.values()): reading.value for reading in numbers()}


@in_virtual_time
async def test_a_pair_in_debt_is_shown_with_its_level_its_liquidation_and_its_fence():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN, OUT)) as watch:
        numbers = numbers_of(watch, Tally())
        await watch.until(lambda: BTCUSDT in watch.daemon.watch.pairs)
        watch.tick()
        await asyncio.sleep(6)
        now = seen(numbers)
        assert now["margin_level", BTCUSDT] == 1.25
        assert now["liquidation_price", BTCUSDT] == 84000
        assert now["liquidation_distance_pct", BTCUSDT] == 16
        assert now["fence_price", BTCUSDT, "below"] == 96000
        assert (now["rules_armed", BTCUSDT], now["rules_fired_and_not_over", BTCUSDT]) == (2, 0)
        assert now["pairs_owing",] == 1
        assert now["account_age_seconds",] < 6
        assert (now["ticks",], now["visits",]) == (1, 1)
        assert now["protection_ok",] == 1


@in_virtual_time
async def test_what_was_done_is_counted_by_kind_and_outcome():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN, OUT)) as watch:
        numbers = numbers_of(watch, Tally())
        await watch.until(lambda: BTCUSDT in watch.daemon.watch.pairs)
        await watch.price("87900")
        await watch.until(lambda: watch.ended() == [("get out", "flat")])
        await asyncio.sleep(1)
        now = seen(numbers)
        assert [now["acts", kind, "done"] for kind in ("close", "repay", "sweep")] == [1, 1, 1]
        assert now["errands", "flat"] == 1
        assert (now["rules_fired", BTCUSDT, "alert"], now["rules_fired", BTCUSDT, "unwind"]) == (1, 1)
        assert ("margin_level", BTCUSDT) not in now


@in_virtual_time
async def test_a_pair_whose_level_nobody_can_judge_is_loudly_unhealthy():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN, OUT)) as watch:
        numbers = numbers_of(watch, Tally())
        await watch.until(lambda: BTCUSDT in watch.daemon.watch.pairs)
        await asyncio.sleep(6)

        stage.fault(kind="answer", status=200, body="[]", path="/api/v3/depth", count=None)
        await watch.price("87900")  # only a look decides, and there is no look without a book
        await asyncio.sleep(140)
        now = seen(numbers)
        assert now["protection_ok",] == 0
        assert now["part_ok", f"guard {BTCUSDT}"] == 0
        assert now["part_failures", f"guard {BTCUSDT}"] >= 1


@in_virtual_time
async def test_budgets_and_messages_are_shown():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN)) as watch:
        numbers = numbers_of(watch, Tally())
        await watch.until(lambda: BTCUSDT in watch.daemon.watch.pairs)
        now = seen(numbers)
        account = f"GET {ACCOUNT} ip"
        assert 0 < now["weight_used", account] < now["weight_limit", account]
        assert now["alerts_open", "critical"] == 0
        assert now["notifications", "here", "sent"] == 0


@in_virtual_time
async def test_failing_looks_are_red_but_no_reason_to_be_started_anew_and_a_stuck_watch_is():
    async with a_stage("long") as stage, watching(stage, a_policy(WARN)) as watch:
        await watch.until(lambda: BTCUSDT in watch.daemon.watch.pairs)
        stage.fault(kind="connect_error", path=ACCOUNT, count=None)
        await asyncio.sleep(600)
        assert "looks" in watch.daemon.health.troubles()
        assert watch.daemon.watch.turning

        silent = Silent()
        watch.daemon.outfit.exchange = silent  # type: ignore[assignment]  # what no fault of the real one can do
        await asyncio.sleep(STUCK_AFTER + 10)
        assert not watch.daemon.watch.turning
        silent.answers.set()


@in_virtual_time
async def test_a_part_keeps_its_count_of_failures_when_it_is_expected_anew():
    health = Health(VirtualClock())
    health.ill("looks", "lost")
    health.expect("looks", 10)
    assert (health.failures(), health.troubles()) == ({"looks": 1}, {})
