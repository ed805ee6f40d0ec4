"""A dry run of the daemon: rules fire, the journal tells what would have been sent, and the exchange hears nothing of it."""

from __future__ import annotations

from marginbot.domain.policy import Do
from marginbot.engine.journal.journal import State
from tests.engine.stage import BTCUSDT, a_stage
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
