"""How often connections are attempted: later and later while it fails, and never more often than the exchange allows."""

from __future__ import annotations

from collections import deque
from typing import Final

from marginbot.exchange.ports import Clock
from marginbot.exchange.streams.ports import Jitter

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 60.0
STEADY_S: Final = 60.0
"""A connection that lived so long was a success; one that ends sooner counts as one more failure."""
_MOST: Final = 200
_WINDOW_S: Final = 300.0


class Attempts:
    """At most 200 attempts in 5 minutes: the exchange allows an address 300, and this bot may not be alone there."""

    def __init__(self, clock: Clock, most: int = _MOST) -> None:
        self._clock = clock
        self._made: deque[float] = deque(maxlen=most)

    def take(self) -> float:
        """Count one more attempt. Returns: seconds to wait before it is made."""
        now = self._clock.monotonic()
        full = len(self._made) == self._made.maxlen
        at = max(now, self._made[0] + _WINDOW_S) if full else now
        self._made.append(at)
        return at - now


class Backoff:
    """Waits that double from half a second to a minute, each cut by up to a half at random."""

    def __init__(self, jitter: Jitter) -> None:
        self._jitter = jitter
        self._failures = 0

    def lived(self, seconds: float) -> None:
        """A connection is over that lived so long."""
        if seconds >= STEADY_S:
            self._failures = 0

    def next_wait(self) -> float:
        """Seconds to wait after one more failure."""
        whole = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(self._failures, 10))
        self._failures += 1
        return whole * (1 - self._jitter() / 2)
