"""The server's time as far as this machine knows it: never ahead of it."""

from __future__ import annotations

from datetime import datetime

from marginbot.exchange.messages import to_ms
from marginbot.exchange.ports import Clock


class ServerClock:
    """Local time plus a measured offset, in ms since 1970.

    The offset is the server's reading less our clock when its answer was here: the way back makes it too small, so a stamp
    is late by that much and never early (a stamp one second early is refused, a late one is not).
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.offset_ms = 0
        self.measurements = 0

    def now_ms(self) -> int:
        """The server's time now, at most what it really is."""
        return to_ms(self._clock.now()) + self.offset_ms

    def learn(self, server_ms: int, received_at: datetime) -> None:
        """Take over one reading of GET /api/v3/time. received_at: our clock when the answer was complete."""
        self.offset_ms = server_ms - to_ms(received_at)
        self.measurements += 1
