"""A hush: while an answer to a price is made ready no tick is read and nobody is told anything, for some milliseconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

MOMENT: Final = 0.05
"""Seconds that a look at an exchange nearby and the first write after it take."""
LONGEST: Final = 0.1
"""However many pairs fall: after so many seconds everything else has its turn, for as long."""


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass(slots=True)
class Hush:
    """calm: set while there is none. Crossings that were read together are gathered before one begins; one that was not read yet
    waits until it is over.
    """

    calm: asyncio.Event = field(default_factory=_set)
    _began: float = 0.0
    _not_before: float = 0.0
    _over: asyncio.TimerHandle | None = None
    _waiting: list[Callable[[], None]] = field(default_factory=list)

    def begin(self) -> None:
        """From now on for a moment, or a moment longer; not right after the longest."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._over is not None:
            self._over.cancel()
        elif now < self._not_before:
            return
        else:
            self._began = now
            self.calm.clear()
        self._over = loop.call_at(min(now + MOMENT, self._began + LONGEST), self._is_over, loop)

    def later(self, what: Callable[[], None]) -> None:
        """Do this as soon as nothing hushes, now if so; in the order of asking."""
        if self.calm.is_set():
            what()
        else:
            self._waiting.append(what)

    def end(self) -> None:
        """Whatever waited has its turn now."""
        if self._over is not None:
            self._over.cancel()
            self._over = None
        try:
            while self._waiting:
                self._waiting.pop(0)()
        finally:
            self.calm.set()

    def _is_over(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        self._not_before = now + (now - self._began)
        self.end()
