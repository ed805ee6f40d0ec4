"""The way out for messages: a short queue for each place, so that one that hangs delays nobody, least of all an act."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from marginbot.domain.message import Message
from marginbot.engine.clock import rest
from marginbot.engine.daemon.health import Health
from marginbot.engine.ports import Clock, Notifier
from marginbot.errors import NotificationFailed

MOST_WAITING: Final = 50
"""Messages for one place; a flood is of no use to a person, and memory stays flat."""
SEND_WITHIN: Final = 20.0
WAITS: Final = (10.0, 60.0)
"""Seconds before the second and the third try; then a message is given up, as alarms that matter are repeated anyway."""
LAST_WORDS: Final = 4.0
"""Seconds for what is still waiting when the daemon ends."""
PART: Final = "notifications"

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Lane:
    """One place and what waits for it. counts: sent, failed (one for each try), dropped."""

    notifier: Notifier
    waiting: deque[Message] = field(default_factory=deque)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    counts: dict[str, int] = field(default_factory=lambda: {"sent": 0, "failed": 0, "dropped": 0})

    def put(self, message: Message) -> None:
        """Never waits. Of too many the oldest of the least severe goes, or this one when all others are worse."""
        if len(self.waiting) >= MOST_WAITING:
            self.counts["dropped"] += 1
            least = min(self.waiting, key=lambda one: one.severity)
            if message.severity < least.severity:
                return
            self.waiting.remove(least)
        self.waiting.append(message)
        self.idle.clear()
        self.news.set()


@dataclass(slots=True)
class Outbox:
    """Takes messages at any time and sends them while `run` runs. scrub: takes out whatever looks like a secret."""

    notifiers: tuple[Notifier, ...]
    clock: Clock
    health: Health
    scrub: Callable[[str], str]
    lanes: tuple[Lane, ...] = field(init=False)
    _failing: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lanes = tuple(Lane(notifier) for notifier in self.notifiers)

    def put(self, message: Message) -> None:
        """To every place that wants messages of this severity. Never waits, never raises."""
        for lane in self.lanes:
            if message.severity >= lane.notifier.least:
                lane.put(message)

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set and what was waiting then is sent, or LAST_WORDS are over."""
        tasks = [asyncio.create_task(self._serve(lane, stop), name=f"messages to {lane.notifier.name}") for lane in self.lanes]
        try:
            await stop.wait()
            with suppress(TimeoutError):
                async with self.clock.timeout(LAST_WORDS):
                    for lane in self.lanes:
                        if lane.waiting:
                            await lane.idle.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, lane: Lane, stop: asyncio.Event) -> None:
        while True:
            lane.news.clear()
            while lane.waiting:
                await self._deliver(lane, lane.waiting[0], stop)
            lane.idle.set()
            await lane.news.wait()

    async def _deliver(self, lane: Lane, message: Message, stop: asyncio.Event) -> None:
        """Up to three tries; the message leaves the queue with the last."""
        for wait in (*WAITS, None):
            if await self._try(lane, message) or wait is None or stop.is_set():
                break
            await rest(self.clock, stop, wait)  # the daemon's last words come while a place is between two tries
        with suppress(ValueError):  # it may have had to make room for others meanwhile
            lane.waiting.remove(message)

    async def _try(self, lane: Lane, message: Message) -> bool:
        name = lane.notifier.name
        try:
            async with self.clock.timeout(SEND_WITHIN):
                await lane.notifier.send(message)
        except NotificationFailed as failed:
            why = str(failed)
        except TimeoutError:
            why = f"no answer within {SEND_WITHIN:.0f} s"
        except Exception as defect:  # noqa: BLE001 - other people's code, and nothing here may end the other lanes
            why = f"unexpected {type(defect).__name__}"
        else:
            lane.counts["sent"] += 1
            self._failing.pop(name, None)
            if not self._failing:
                self.health.well(PART)
            return True
        lane.counts["failed"] += 1
        self._failing[name] = self.scrub(why)
        log.warning("a message could not be sent", to=name, why=self._failing[name])
        self.health.ill(PART, "; ".join(f"{place}: {reason}" for place, reason in self._failing.items()))
        return False
