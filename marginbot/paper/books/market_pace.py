"""How fast a market's own time runs: from frozen to a thousand times the time of the world."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal

from marginbot.paper.books.amounts import ONE, ZERO

FASTEST = Decimal(1000)
NEVER = 1 << 62


@dataclass(slots=True)
class Pace:
    """Stretches of running time (ms), each with the market time it began at and its speed; the last one goes on.

    The past keeps the speed it had: candles of yesterday do not change when today runs faster.
    """

    since: list[int] = field(default_factory=lambda: [0])
    shown: list[int] = field(default_factory=lambda: [0])
    speeds: list[Decimal] = field(default_factory=lambda: [ONE])

    def at(self, running_ms: int) -> int:
        """The market's time at a running time."""
        stretch = max(bisect_right(self.since, running_ms) - 1, 0)
        passed, speed = running_ms - self.since[stretch], self.speeds[stretch]
        return self.shown[stretch] + (passed if speed == 1 else int(passed * speed))

    def reaches(self, market_ms: int) -> int:
        """The running time at which the market's time will be `market_ms` if nothing changes; NEVER when it is frozen."""
        speed, left = self.speeds[-1], market_ms - self.shown[-1]
        if speed == 1:
            return self.since[-1] + left
        return NEVER if not speed else self.since[-1] + int((left / speed).to_integral_value(ROUND_CEILING))

    def change(self, running_ms: int, speed: Decimal) -> None:
        """From `running_ms` on the market runs at `speed`. Raises: ValueError unless it is from 0 to 1000."""
        if not ZERO <= speed <= FASTEST:
            raise ValueError(f"a market's speed is from 0 to {FASTEST}, not {speed}")
        self.shown.append(self.at(running_ms))
        self.since.append(running_ms)
        self.speeds.append(speed)
