"""A pair that leaves isolated margin: told ahead, nothing is brought in any more, and closed in time where a rule says so."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal as D

import pytest

from marginbot.domain.policy import DelistingWithin, Do, Rule
from marginbot.engine.events import Pursued
from marginbot.paper.books.actions import act
from tests.engine.daemon.test_chores import chores_of, looked_at
from tests.engine.stage import BTCUSDT, TRANSFER, a_stage
from tests.engine.watching import a_policy, level_rule, watching
from tests.virtual_time import in_virtual_time

SCHEDULE = "/sapi/v1/margin/delist-schedule"
# The stage's long has level 1.25.
BRING = level_rule("bring coins", "1.26", Do.TOP_UP, target_level=D("1.30"))
LESS = level_rule("sell some", "1.10", Do.DELEVERAGE, target_level=D("1.30"))
LEAVE = Rule("leave in time", DelistingWithin(timedelta(hours=24)), Do.UNWIND)


def brought_in(stage) -> list[object]:
    return [entry for entry in stage.sent("POST", TRANSFER) if entry.params["type"] == "MAIN_ISOLATED_MARGIN"]


@in_virtual_time
async def test_a_pair_on_the_schedule_is_topped_up_no_more_and_the_next_rung_takes_over():
    async with a_stage("long") as stage, watching(stage, a_policy(BRING, LESS), accepted=False) as watch:
        await looked_at(watch)
        act(stage.world, "delist", {"symbol": "BTCUSDT", "in_hours": "60"})
        await chores_of(watch).begin()
        watch.daemon.acceptance.accept(stage.clock.now())
        await watch.until(lambda: len(watch.ended()) == 2)
        assert watch.ended() == [("bring coins", "residue"), ("sell some", "reached")]
        reason = next(event.report.reason for _, event in watch.told if isinstance(event, Pursued))
        assert (
            reason
            == "the level is 1.2500, but BTCUSDT leaves isolated margin at 2026-03-07 00:20 UTC: nothing is brought in any more"
        )
        assert brought_in(stage) == []


@in_virtual_time
async def test_a_top_up_that_an_earlier_process_began_is_not_gone_on_with_either():
    async with a_stage("long") as stage, watching(stage, a_policy(LESS), accepted=False) as watch:
        await looked_at(watch)
        act(stage.world, "delist", {"symbol": "BTCUSDT", "in_hours": "60"})
        await chores_of(watch).begin()
        stage.journal.open_episode("1", BTCUSDT, "bring coins", TOP_UP_TO_1_30, stage.clock.now())
        await watch.until(lambda: watch.ended() == [("bring coins", "residue")])
        assert (brought_in(stage), stage.journal.open_episodes("1")) == ([], ())


@pytest.mark.parametrize("unit", ["ms", "s"])
@in_virtual_time
async def test_a_pair_is_closed_before_it_leaves_when_its_policy_says_so_whichever_unit_the_schedule_has(unit):
    async with a_stage("long") as stage, watching(stage, a_policy(LEAVE)) as watch:
        await looked_at(watch)
        act(stage.world, "delist", {"symbol": "BTCUSDT", "in_hours": "30"})
        if unit == "s":
            at = stage.world.delistings[0].time_ms // 1000
            rows = [{"delistTime": at, "crossMarginAssets": [], "isolatedMarginSymbols": ["BTCUSDT"]}]
            stage.fault(kind="answer", status=200, body=json.dumps(rows), path=SCHEDULE)
        await chores_of(watch).begin()
        await watch.rest(10)
        assert (watch.fired(), stage.writes()) == ([], []), "it is 30 h ahead"
        stage.clock.wall_jump += timedelta(hours=5, minutes=59)
        await watch.until(lambda: watch.ended() == [("leave in time", "flat")], 120)
        assert (await stage.account()).is_empty
        assert not stage.world.delistings[0].settled


TOP_UP_TO_1_30 = {
    "goal": "level", "kind": "top_up", "trigger": "1.26", "target": "1.30", "hold": "false", "keep_in_spot": "0",
    "leave_orders": "false", "cap_bps": "100", "widens": "true",
}  # fmt: skip
