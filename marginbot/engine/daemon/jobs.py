"""What runs by the clock, on APScheduler. It swallows what jobs raise, so every job is wrapped: counted, shown, and told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from marginbot.engine.daemon.health import Health
from marginbot.engine.daemon.outfit import Audience
from marginbot.engine.events import EVERYWHERE, Notice
from marginbot.errors import MarginbotError

log = structlog.get_logger(__name__)

Work = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Jobs:
    """Jobs by name. One that `protects` alarms when it fails; others are counted and shown.

    A job that is still at work when its next moment comes is not begun twice; moments missed in a stop are made up for once.
    """

    health: Health
    tell: Audience
    stop: asyncio.Event
    _scheduler: AsyncIOScheduler = field(
        default_factory=lambda: AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
    )

    def at(self, cron: str, name: str, work: Work, *, protects: bool = False, second: int = 0) -> None:
        """`work` at every moment of five cron fields in UTC, `second` seconds past. Replaces a job of that name.

        Raises: ValueError for an expression that is none.
        """
        minute, hour, day, month, weekday = cron.split()
        trigger = CronTrigger(minute=minute, hour=hour, day=day, month=month, day_of_week=weekday, second=second, timezone=UTC)
        self._scheduler.add_job(self._run, trigger, (name, work, protects), id=name, replace_existing=True)

    async def now(self, name: str, work: Work, *, protects: bool = False) -> None:
        """`work` at once, with whatever it raises counted and told as at its own moments."""
        await self._run(name, work, protects)

    def drop(self, name: str) -> None:
        """This job is not wanted any more."""
        if self._scheduler.get_job(name) is not None:
            self._scheduler.remove_job(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Every job there is."""
        return tuple(job.id for job in self._scheduler.get_jobs())

    async def run(self) -> None:
        """Keep the clock until `stop` is set."""
        self._scheduler.start()
        try:
            await self.stop.wait()
        finally:
            self._scheduler.shutdown(wait=False)

    async def _run(self, name: str, work: Work, protects: bool) -> None:
        part = f"job {name}"
        try:
            await work()
        except MarginbotError as trouble:
            self._failed(part, str(trouble), protects)
        except Exception as defect:
            log.error("a job raised", job=name, exc_info=defect)
            self._failed(part, f"unexpected {type(defect).__name__}; this is a defect of marginbot", protects)
        else:
            self.health.well(part)

    def _failed(self, part: str, why: str, protects: bool) -> None:
        self.health.ill(part, why)
        self.tell(EVERYWHERE, Notice(f"the {part} failed: {why}", alarm=protects))
