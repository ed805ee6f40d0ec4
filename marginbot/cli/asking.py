"""Asking a running daemon: a row on its desk, whether it was heard, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from marginbot.engine.clock import SystemClock
from marginbot.engine.daemon.desk import Desk, Request
from marginbot.engine.lock import running_daemons
from marginbot.engine.ports import Clock
from marginbot.errors import SafetyRefused

HEARD_WITHIN, ASK_EVERY = 5.0, 0.2
STILL_THERE_EVERY = 1.0


@dataclass(slots=True)
class Asking:
    """One daemon's desk. locks, venue: where its lock lies, to see whether it still runs."""

    desk: Desk
    locks: Path
    venue: str
    clock: Clock = field(default_factory=SystemClock)

    async def heard(self, number: int) -> Request:
        """Wait until the daemon has seen a request. Raises: SafetyRefused when it does not; then nothing changes."""
        began = self.clock.monotonic()
        while True:
            request = self._request(number)
            if request.taken_at is not None or request.ended_at is not None:
                return request
            late = self.clock.monotonic() - began > HEARD_WITHIN
            if late and self.desk.withdraw(number, "nobody heard it in time", self.clock.now()):
                raise SafetyRefused(
                    f"`marginbot run` did not hear {request.kind!r} within {HEARD_WITHIN:.0f} s; nothing changed. "
                    "Look at its log, or stop it and run the same command again"
                )
            await self.clock.sleep(ASK_EVERY)

    async def over(self, number: int, until: float, stop: asyncio.Event, meanwhile: Callable[[Request], None]) -> Request:
        """Wait until a request is over, until `until` (monotonic), or until `stop`. Returns: how it stands then.

        meanwhile: told how it stands, again and again. Raises: SafetyRefused when the daemon ended before it was over.
        """
        looked = self.clock.monotonic()
        while True:
            request = self._request(number)
            meanwhile(request)
            now = self.clock.monotonic()
            if request.ended_at is not None or now >= until or stop.is_set():
                return request
            if now - looked >= STILL_THERE_EVERY:
                looked = now
                if self.desk.account not in running_daemons(self.locks, self.venue) and self._request(number).ended_at is None:
                    raise SafetyRefused(
                        f"`marginbot run` ended before {request.kind!r} was over; what it began goes on at its next start, "
                        "or run the same command again"
                    )
            await self.clock.sleep(ASK_EVERY)

    def _request(self, number: int) -> Request:
        request = self.desk.one(number)
        assert request is not None  # noqa: S101  # rows are never deleted while they are open
        return request
