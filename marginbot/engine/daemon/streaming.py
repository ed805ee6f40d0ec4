"""Which pairs the streams follow: those that owe. And what an account event means: look."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from marginbot.domain.amounts import Symbol
from marginbot.engine.clock import rest
from marginbot.engine.daemon.watch import Watch
from marginbot.engine.ports import Clock

EVERY = 1.0


class Follower(Protocol):
    """A stream of prices or of account events."""

    def follow(self, symbols: frozenset[Symbol]) -> None: ...


@dataclass(slots=True)
class Streaming:
    """Keeps subscriptions on the pairs that owe, second by second."""

    watch: Watch
    stop: asyncio.Event
    clock: Clock
    streams: list[Follower] = field(default_factory=list)

    async def run(self) -> None:
        """Until `stop` is set."""
        while not self.stop.is_set():
            for stream in self.streams:
                stream.follow(self.watch.owing)
            await rest(self.clock, self.stop, EVERY)

    def changed(self, symbol: Symbol) -> None:
        """Something happened on a pair's account, or may have."""
        self.watch.changed(symbol)
