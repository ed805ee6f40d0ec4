"""A dry run of the daemon: rules fire, the journal tells what would have been sent, and the exchange hears nothing of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from marginbot.app.guard import open_guard
from marginbot.app.opened import App
from marginbot.domain.policy import Do
from marginbot.engine.events import Event, Fired, Pursued
from marginbot.engine.journal.entries import State
from marginbot.settings import load_settings
from tests.engine.stage import BTCUSDT, Stage, a_stage
from tests.engine.watching import a_policy, level_rule, watching
from tests.virtual_time import in_virtual_time

POLICY = a_policy(level_rule("warn", "1.20", Do.ALERT), level_rule("get out", "1.10", Do.UNWIND))


@in_virtual_time
async def test_a_rule_that_fires_in_a_dry_run_is_written_down_as_planned_and_sends_nothing():
    async with a_stage("long") as stage, watching(stage, POLICY) as watch:
        watch.daemon.outfit.dry_run = True
        await watch.until(lambda: BTCUSDT in watch.daemon.watch.pairs)
        await watch.price("87000")
        await watch.until(lambda: watch.fired() == ["warn", "get out"])
        await watch.rest(60)
        (intent,) = stage.journal.history()
        assert (intent.kind, intent.state, intent.answer) == ("close", State.PLANNED, "a dry run: nothing was sent")
        assert stage.writes() == []
        assert stage.journal.open_episodes("1") == ()
        assert [text for text in watch.alarms() if "a dry run" in text] == [
            f"BTCUSDT: a dry run: 'get out' would send 1 steps, the first because {intent.because}"
        ]


@in_virtual_time
async def test_an_episode_that_a_real_run_left_open_is_rehearsed_once_and_stays_open():
    async with a_stage("long") as stage:
        goal = {"goal": "flat", "into": "quote", "sweep": "true"}
        left = stage.journal.open_episode("1", BTCUSDT, "get out", goal, stage.clock.now())
        async with watching(stage, POLICY) as watch:
            watch.daemon.outfit.dry_run = True
            await watch.rest(120)
            assert len(list(stage.journal.history())) == 1
            assert stage.writes() == []
        assert [episode.id for episode in stage.journal.open_episodes("1")] == [left]


OF_A_FILE = """
[[policy]]
pairs = ["*"]
[[policy.rule]]
name = "get out"
when = { margin_level_below = "1.10" }
do = "unwind"
"""


async def a_run(stage: Stage, folder: Path, *, dry_run: bool = False, act_now: bool = False) -> list[Event]:
    """What the daemon told in 40 s, as `marginbot run` starts it."""
    policy = folder / "policy.toml"
    policy.write_text(OF_A_FILE)
    settings = load_settings({"policy.file": ("--policy", str(policy))})
    app = App(settings, "paper", stage.exchange, stage.journal, stage.clock, folder)
    told: list[Event] = []
    async with open_guard(app, lambda _, event: told.append(event), dry_run=dry_run, act_now=act_now) as daemon:
        running = asyncio.create_task(daemon.run())
        await stage.clock.sleep(40)
        app.stop.set()
        await running
    return told


@in_virtual_time
async def test_a_rule_that_fired_in_a_dry_run_acts_in_the_real_one_that_follows(tmp_path: Path):
    async with a_stage("long") as stage:
        stage.world.set_price("BTCUSDT", "87000")
        rehearsed = await a_run(stage, tmp_path, dry_run=True, act_now=True)
        assert [event.rule.name for event in rehearsed if isinstance(event, Fired)] == ["get out"]
        assert stage.writes() == []
        acted = await a_run(stage, tmp_path, act_now=True)
        assert [(event.rule, event.report.outcome.value) for event in acted if isinstance(event, Pursued)] == [
            ("get out", "flat")
        ]


@pytest.mark.parametrize("dry_run", [True, False])
@in_virtual_time
async def test_a_policy_that_was_let_act_in_a_dry_run_still_waits_for_its_owners_word(dry_run: bool, tmp_path: Path):
    async with a_stage("long") as stage:
        await a_run(stage, tmp_path, dry_run=dry_run, act_now=True)
        stage.world.set_price("BTCUSDT", "87000")
        acted = [event for event in await a_run(stage, tmp_path) if isinstance(event, Pursued)]
        assert (acted == []) is dry_run
