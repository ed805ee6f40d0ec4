"""Steps told from the journal are what the run that sent them reported, but for what they cost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

from marginbot.engine.journal.retold import retold
from tests.engine.stage import a_stage
from tests.virtual_time import in_virtual_time


@in_virtual_time
async def test_a_step_is_told_with_the_level_that_was_seen_after_it():
    async with a_stage("long") as stage:
        report = await stage.unwind()
        told = [retold(intent) for intent in stage.journal.history()]
        assert [step.level_after for step in told] == [step.level_after for step in report.steps]
        assert [step.level_after for step in told] == [D("4994.5005") / 4000, None, None]
        assert [replace(step.step, because="") for step in told] == [replace(step.step, because="") for step in report.steps]
