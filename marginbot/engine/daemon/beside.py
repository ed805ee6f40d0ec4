"""Work side by side, each piece by its name: one that fails is ill and begins anew, and the others go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog

from marginbot.engine.clock import rest
from marginbot.engine.daemon.health import Health
from marginbot.engine.daemon.outfit import Audience
from marginbot.engine.events import EVERYWHERE, Notice
from marginbot.engine.ports import Clock
from marginbot.errors import MarginbotError

BEGIN_AGAIN = 1.0
"""Seconds until work that broke begins anew."""

Work = Callable[[], Awaitable[None]]

log = structlog.get_logger(__name__)


def until(stop: asyncio.Event, run: Callable[[asyncio.Event], Awaitable[None]]) -> Work:
    """What runs until an event is set, as a piece of work."""
    return lambda: run(stop)


@dataclass(frozen=True, slots=True)
class Beside:
    """Keeps pieces of work going until `stop` is set. tell: hears of each one that broke."""

    health: Health
    clock: Clock
    stop: asyncio.Event
    tell: Audience

    async def run(self, works: Mapping[str, Work]) -> None:
        """Until every piece has returned; a piece that returns is over. Raises nothing that the work raised."""
        async with asyncio.TaskGroup() as tasks:
            for name, work in works.items():
                tasks.create_task(self._kept_going(name, work), name=name)

    async def _kept_going(self, name: str, work: Work) -> None:
        broke = False
        while not self.stop.is_set():
            if broke:
                self.health.well(name)
            broke = True
            try:
                await work()
                return
            except MarginbotError as trouble:
                self._broke(name, str(trouble))
            except Exception as defect:
                log.error("a task of the daemon raised", task=name, exc_info=defect)
                self._broke(name, f"unexpected {type(defect).__name__}; this is a defect of marginbot")
            await rest(self.clock, self.stop, BEGIN_AGAIN)

    def _broke(self, name: str, why: str) -> None:
        self.health.ill(name, why)
        self.tell(EVERYWHERE, Notice(f"{name} stopped working and begins anew: {why}", alarm=True))
