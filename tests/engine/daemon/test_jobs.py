"""Jobs by the clock: each at its moment, none begun twice at once, and what one raises is counted, shown and told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

import pytest

from marginbot.engine.daemon.health import Health
from marginbot.engine.daemon.jobs import Jobs
from marginbot.engine.events import Event, Notice
from marginbot.errors import ReadFailed
from tests.virtual_time import START, VirtualClock, in_virtual_time


@pytest.fixture(autouse=True)
def _library_in_virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """APScheduler asks `datetime.now` itself: inside it, that is the virtual clock."""

    class Virtual(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return VirtualClock().now().astimezone(tz)

    for module in ("schedulers.base", "executors.base"):
        monkeypatch.setattr(f"apscheduler.{module}.datetime", Virtual)


@dataclass
class Place:
    jobs: Jobs
    health: Health
    told: list[Event] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)

    async def note(self) -> None:
        """A job that notes when it ran, in time since the start."""
        self.ran.append(str(VirtualClock().now() - START))

    def alarms(self) -> list[str]:
        return [event.text for event in self.told if isinstance(event, Notice) and event.alarm]


@asynccontextmanager
async def at_work() -> AsyncIterator[Place]:
    """Jobs that run from 12:20:00 on until the block ends."""
    clock, stop = VirtualClock(), asyncio.Event()
    health, told = Health(clock), []
    place = Place(Jobs(health, lambda _symbol, event: told.append(event), stop), health, told)
    running = asyncio.create_task(place.jobs.run())
    await asyncio.sleep(0)
    try:
        yield place
    finally:
        stop.set()
        await running
        await asyncio.sleep(0)


@in_virtual_time
async def test_a_job_runs_at_its_moments_and_seconds():
    async with at_work() as place:
        place.jobs.at("0 * * * *", "hourly", place.note, second=3)
        await asyncio.sleep(3 * 3600)
        assert place.ran == ["0:40:03", "1:40:03", "2:40:03"]
        assert place.health.troubles() == {}


@in_virtual_time
async def test_a_job_of_the_same_name_is_replaced_and_a_dropped_one_runs_no_more():
    async with at_work() as place:
        place.jobs.at("* * * * *", "rule", place.note)
        place.jobs.at("30 12 * * *", "rule", place.note)
        place.jobs.at("*/5 * * * *", "other", place.note)
        place.jobs.drop("other")
        place.jobs.drop("never there")
        assert place.jobs.names == ("rule",)
        await asyncio.sleep(3600)
        assert place.ran == ["0:10:00"]


@in_virtual_time
async def test_a_job_that_raises_is_counted_and_shown_and_runs_again():
    async def fails() -> None:
        await place.note()
        if len(place.ran) < 3:
            raise ReadFailed("no answer")

    async with at_work() as place:
        place.jobs.at("* * * * *", "key rights", fails, protects=True, second=30)
        await asyncio.sleep(121)
        assert place.health.troubles() == {"job key rights": "no answer"}
        assert place.alarms() == ["the job key rights failed: no answer"] * 2
        await asyncio.sleep(60)
        assert (place.health.troubles(), place.health.failures()) == ({}, {"job key rights": 2})


@in_virtual_time
async def test_a_defect_in_a_job_that_protects_nothing_is_told_without_an_alarm():
    async def fails() -> None:
        raise ZeroDivisionError

    async with at_work() as place:
        place.jobs.at("* * * * *", "prune", fails, second=30)
        await asyncio.sleep(61)
        assert "unexpected ZeroDivisionError" in place.health.troubles()["job prune"]
        assert (len(place.told), place.alarms()) == (1, [])


@in_virtual_time
async def test_a_job_that_is_still_at_work_is_not_begun_twice():
    async def slow() -> None:
        await place.note()
        await asyncio.sleep(150)

    async with at_work() as place:
        place.jobs.at("* * * * *", "slow", slow, second=30)
        await asyncio.sleep(400)
        assert place.ran == ["0:00:30", "0:03:30", "0:06:30"]


@in_virtual_time
async def test_what_is_no_expression_is_refused():
    async with at_work() as place:
        with pytest.raises(ValueError, match="higher than the maximum"):
            place.jobs.at("61 * * * *", "never", place.note)
