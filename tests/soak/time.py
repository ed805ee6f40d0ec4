"""Time in a soak: one virtual loop, a clock of the bot's machine that may be set wrong, and tasks that know whose they are."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, tzinfo
from typing import Any
from unittest.mock import patch

from tests.virtual_time import START, VirtualClock, VirtualTimeLoop

BOT, OTHERS = "bot", "others"
side: ContextVar[str] = ContextVar("side", default=OTHERS)
"""On whose behalf something runs. What a task begins is on the same side."""


class SoakLoop(VirtualTimeLoop):
    """Remembers which tasks are marginbot's."""

    def __init__(self) -> None:
        super().__init__()
        self._bots: weakref.WeakSet[asyncio.Task[Any]] = weakref.WeakSet()
        self.set_task_factory(self._begin)

    @property
    def bots(self) -> list[asyncio.Task[Any]]:
        """Tasks of marginbot that are not over."""
        return [task for task in self._bots if not task.done()]

    def _begin(self, _loop: asyncio.AbstractEventLoop, work: Any, **more: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(work, loop=self, **more)
        if side.get() == BOT:
            self._bots.add(task)
        return task


def begin_as(whose: str, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
    """A task on that side."""
    token = side.set(whose)
    try:
        return asyncio.create_task(work, name=name)
    finally:
        side.reset(token)


def exchange_ms() -> int:
    """The exchange's own clock, which nobody sets wrong."""
    return round(START.timestamp() * 1000 + asyncio.get_running_loop().time() * 1000)


@contextmanager
def jobs_go_by(clock: VirtualClock) -> Iterator[None]:
    """APScheduler asks `datetime.now` itself: inside it, that is this clock."""

    class Virtual(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return clock.now().astimezone(tz)

    with patch("apscheduler.schedulers.base.datetime", Virtual), patch("apscheduler.executors.base.datetime", Virtual):
        yield
