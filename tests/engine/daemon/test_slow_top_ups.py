"""A top-up that takes long: the ladder goes on without it, it is followed on, and its coins are ours when they come."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal as D

from marginbot.domain.policy import Budget, Do
from marginbot.engine.events import Pursued
from marginbot.engine.journal.entries import OPEN_STATES
from tests.engine.daemon.test_chores import looked_at
from tests.engine.stage import BTCUSDT, Stage, a_stage
from tests.engine.watching import Watching, a_policy, level_rule, watching
from tests.virtual_time import in_virtual_time

# The stage's long: 0.05 BTC against 4000 USDT: level 1.19375 at 95,500.
MONEY = level_rule("bring money", "1.20", Do.TOP_UP, target_level=D("1.24"), budget=Budget(per_day=D(500)))
LESS = level_rule("sell some", "1.15", Do.DELEVERAGE, target_level=D("1.24"))


def open_writes(stage: Stage) -> list[str]:
    return [intent.kind for intent in stage.journal.history() if intent.state in OPEN_STATES]


async def begins_to_bring(watch: Watching, minutes: int) -> None:
    watch.stage.world.config.transfer_pending_ms = minutes * 60_000
    await looked_at(watch)
    await watch.price("95500")
    await watch.until(lambda: open_writes(watch.stage) == ["top_up"])


@in_virtual_time
async def test_after_a_minute_the_next_rung_takes_over_and_nothing_is_sent_twice():
    async with a_stage("long") as stage, watching(stage, a_policy(MONEY, LESS)) as watch:
        await begins_to_bring(watch, 30)
        began = stage.clock.monotonic()
        await watch.until(lambda: len(watch.ended()) == 2, 100)
        assert watch.ended() == [("bring money", "residue"), ("sell some", "reached")]
        assert 69 < stage.clock.monotonic() - began < 80
        reason = next(event.report.reason for _, event in watch.told if isinstance(event, Pursued))
        assert reason.startswith("the top-up of 149.19354839 USDT (PENDING) has been on its way for 7")
        assert len(stage.world.account(1).transfers) == 1
        assert not [text for text in watch.alarms() if "to lift the level" in text], "it has not come yet"


@in_virtual_time
async def test_one_that_comes_after_the_market_was_read_anew_is_settled_and_nobody_elses_doing():
    async with a_stage("long") as stage, watching(stage, a_policy(MONEY)) as watch:
        await begins_to_bring(watch, 3)
        await watch.until(lambda: watch.ended() == [("bring money", "residue")], 100)
        watch.daemon.watch.reassign()
        await watch.rest(3)
        assert open_writes(stage) == ["top_up"]
        looker = watch.daemon.watch.pairs[BTCUSDT].eyes.looker
        assert looker is not None
        assert len(looker.top_ups.followed) == 1
        stage.clock.wall_jump += timedelta(minutes=2)
        await watch.rest(3)
        assert (await stage.account()).quote.total > 149
        watch.daemon.watch.reassign()
        await watch.until(lambda: open_writes(stage) == [], 20)
        assert open_writes(stage) == []
        assert not [text for text in watch.alarms() if "without us" in text]
