"""Pauses: the one way in which protection is disarmed. They are requests that stay open until they end or are taken back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from marginbot.domain.amounts import Symbol
from marginbot.engine.daemon.desk import Request

PAUSE = "pause"


@dataclass(slots=True)
class Pauses:
    """The pauses in force. A pause without a pair holds for all, one without an end until `resume`."""

    _open: tuple[Request, ...] = field(default_factory=tuple)

    def learn(self, requests: tuple[Request, ...]) -> None:
        """What the desk says now."""
        self._open = tuple(one for one in requests if one.kind == PAUSE)

    def over(self, now: datetime) -> tuple[Request, ...]:
        """Pauses whose time has passed: to be ended, and told."""
        return tuple(one for one in self._open if (end := ends_at(one)) is not None and end <= now)

    def of(self, symbol: Symbol) -> str | None:
        """Why nothing may be sent for a pair, in words; None when no pause holds."""
        for one in self._open:
            if one.symbol in (None, symbol):
                end = ends_at(one)
                until = "`marginbot resume` is said" if end is None else f"{end:%Y-%m-%d %H:%M:%S} UTC"
                return f"protection is paused until {until}"
        return None

    def __bool__(self) -> bool:
        return bool(self._open)


def ends_at(pause: Request) -> datetime | None:
    """When a pause is over, None when only a person ends it."""
    until = pause.arguments.get("until")
    return None if until is None else datetime.fromisoformat(until)
