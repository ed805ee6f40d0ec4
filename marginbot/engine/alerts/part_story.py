"""Alerts of marginbot itself: a part that does not work for a while opens a thread, one that works again for a while ends it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from marginbot.domain.message import Message, Severity
from marginbot.engine.alerts.threads import Threads

PATIENCE: Final = timedelta(seconds=10)
"""A trouble is told when it lasts so long: a single lost answer is mended by the next poll and wakes nobody."""
BLINK: Final = timedelta(seconds=3)
"""A part that begins anew each second and breaks again is not well in between."""
STEADY: Final = timedelta(seconds=30)
"""So long a part must work to be well again, so that one that comes and goes is one story."""
KEY_TROUBLE: Final = re.compile(r"code -(?:1002|1022|1099|2008|2014|2015|3001|3022)\b")
"""The key, its rights or its address list: no patience helps, only a person does."""

_GUARDS: Final = ("the start", "looks", "guard ", "the watch", "the desk", "key rights", "journal")


@dataclass(slots=True)
class _Part:
    ill_since: datetime
    ill_at: datetime
    told: bool = False


@dataclass(slots=True)
class Ailments:
    """What `Health.troubles` said from second to second."""

    threads: Threads
    _parts: dict[str, _Part] = field(default_factory=dict)

    def look_round(self, troubles: Mapping[str, str], now: datetime) -> list[Message]:
        """What is to be told of the troubles of this moment, by part."""
        messages: list[Message] = []
        for name, why in troubles.items():
            part = self._parts.setdefault(name, _Part(now, now))
            part.ill_at = now
            if part.told or now - part.ill_since >= PATIENCE or KEY_TROUBLE.search(why):
                part.told = True
                messages += self._ill(name, why, now)
        for name, part in tuple(self._parts.items()):
            if name not in troubles and now - part.ill_at >= (STEADY if part.told else BLINK):
                del self._parts[name]
                messages += self.threads.over(name, name, "solved", f"{_capital(name)} works again.", now)
        return messages

    def _ill(self, name: str, why: str, now: datetime) -> list[Message]:
        """One thread for each part, whatever is wrong with it from moment to moment."""
        severity = Severity.CRITICAL if name.startswith(_GUARDS) or KEY_TROUBLE.search(why) else Severity.WARNING
        means = "Protection may not work." if severity is Severity.CRITICAL else "Protection goes on without it."
        text = f"{_capital(name)}: {why}.\n{means} What can be checked from outside: marginbot doctor."
        return self.threads.alarm(name, name, severity, "does not work", text, now)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
