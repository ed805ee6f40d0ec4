"""A policy that nobody has seen at work: it waits where it would act at once, and is accepted silently where it would not."""

from __future__ import annotations

import pytest

from marginbot.domain.amounts import Symbol
from marginbot.domain.policy import Do
from marginbot.errors import ConfigError
from tests.engine.stage import BTCUSDT, Stage, a_stage
from tests.engine.watching import Watching, a_policy, level_rule, watching
from tests.virtual_time import in_virtual_time

# The stage's long has level 1.25 at 100,000.
WARN, OUT = level_rule("warn", "1.20", Do.ALERT), level_rule("get out", "1.10", Do.UNWIND)
CALM = a_policy(WARN, OUT, digest="calm")
EAGER = a_policy(level_rule("warn", "1.45", Do.ALERT), level_rule("now", "1.40", Do.UNWIND), digest="eager")
TALKS = a_policy(level_rule("tell", "1.40", Do.ALERT), OUT, digest="talks")


def accepted(stage: Stage, watch: Watching, digest: str) -> bool:
    return watch.daemon.outfit.notebook.accepted(digest)


async def looked_at(watch: Watching, symbol: Symbol = BTCUSDT) -> None:
    await watch.until(lambda: symbol in watch.daemon.watch.pairs and watch.daemon.watch.pairs[symbol].known.assigned is not None)


@in_virtual_time
async def test_a_new_policy_that_would_act_waits_and_says_what_it_waits_for():
    async with a_stage("long") as stage, watching(stage, EAGER, accepted=False) as watch:
        await looked_at(watch)
        await watch.rest(60)
        assert (stage.writes(), watch.fired()) == ([], [])
        (said,) = [text for text in watch.alarms() if "--act-now" in text]
        assert said.startswith("BTCUSDT: 'now' fires (level 1.25")
        assert not accepted(stage, watch, "eager")


@in_virtual_time
async def test_the_owners_word_is_needed_once_and_holds_after_every_restart():
    async with a_stage("long") as stage:
        async with watching(stage, EAGER, accepted=False) as watch:
            watch.daemon.acceptance.accept(stage.clock.now())
            await watch.until(lambda: watch.ended() == [("now", "flat")])
        async with watching(stage, EAGER, accepted=False) as watch:
            assert watch.daemon.acceptance.accepted


@pytest.mark.parametrize("policy", [CALM, TALKS], ids=["one that does nothing yet", "one that only tells"])
@in_virtual_time
async def test_a_policy_that_would_not_act_is_accepted_silently_and_acts_later(policy):
    async with a_stage("long") as stage, watching(stage, policy, accepted=False) as watch:
        await looked_at(watch)
        await watch.until(lambda: accepted(stage, watch, policy.digest))
        assert not any("--act-now" in text for text in watch.alarms())
        await watch.price("87000")
        await watch.until(lambda: watch.ended() == [("get out", "flat")])


@in_virtual_time
async def test_a_pair_that_recovers_is_held_back_no_more_and_the_policy_is_accepted_which_is_said_once():
    async with a_stage("long") as stage, watching(stage, EAGER, accepted=False) as watch:
        await looked_at(watch)
        await watch.until(lambda: any("--act-now" in text for text in watch.alarms()))
        await watch.price("116000", ticks=False)
        await watch.until(lambda: accepted(stage, watch, "eager"), 15)
        await watch.rest(30)
        said = [text for text in watch.alarms() if "guards the pair from now on" in text]
        assert said == ["BTCUSDT: the new policy would not act at once any more: it guards the pair from now on"]
        assert stage.writes() == []
        await watch.price("110000", ticks=False)
        await watch.until(lambda: watch.ended() == [("now", "flat")])


@in_virtual_time
async def test_a_reload_keeps_the_old_ladder_until_the_pair_was_looked_at_under_the_new_one():
    async with a_stage("long") as stage, watching(stage, CALM) as watch:
        await looked_at(watch)
        known = watch.daemon.watch.pairs[BTCUSDT].known
        watch.daemon.reload(TALKS)
        assert [rule.name for rule in known.assigned.ladder.rules] == ["warn", "get out"]
        await watch.until(lambda: watch.fired() == ["tell"])
        assert [rule.name for rule in known.assigned.ladder.rules] == ["tell", "get out"]


@in_virtual_time
async def test_a_reload_that_would_act_at_once_is_refused_and_the_old_policy_protects_on():
    async with a_stage("long") as stage, watching(stage, CALM) as watch:
        await looked_at(watch)
        with pytest.raises(ConfigError, match=r"'now' of the new policy would act on BTCUSDT at once.*--act-now"):
            watch.daemon.reload(EAGER)
        await watch.rest(10)
        assert stage.writes() == []
        await watch.price("87000")
        await watch.until(lambda: watch.ended() == [("get out", "flat")])


@in_virtual_time
async def test_a_reload_before_the_first_look_is_refused_as_nobody_knows_what_it_would_do():
    async with a_stage("long") as stage, watching(stage, CALM) as watch:
        with pytest.raises(ConfigError, match="not every pair that owes was looked at yet"):
            watch.daemon.reload(TALKS)


@in_virtual_time
async def test_a_reload_of_what_was_accepted_before_acts():
    async with a_stage("long") as stage, watching(stage, CALM) as watch:
        await looked_at(watch)
        watch.daemon.outfit.notebook.accept("eager", stage.clock.now())
        watch.daemon.reload(EAGER)
        await watch.until(lambda: watch.ended() == [("now", "flat")])


@in_virtual_time
async def test_a_reload_of_the_same_text_changes_nothing():
    async with a_stage("long") as stage, watching(stage, CALM) as watch:
        await looked_at(watch)
        before = watch.daemon.acceptance
        watch.daemon.reload(a_policy(WARN, OUT, digest="calm"))
        assert watch.daemon.acceptance is before
        assert stage.writes() == []
