"""The journal's file given up for a while and taken back: told both times, and tried again every few seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from marginbot.engine.daemon.health import Health
from marginbot.engine.daemon.outfit import Outfit
from marginbot.engine.events import EVERYWHERE, Notice

JOURNAL: Final = "journal"
HOME_EVERY: Final = 5.0
"""Seconds between two tries to write a journal's file again."""


@dataclass(slots=True)
class Homecoming:
    """Hears from the spare journal of an outfit, which may have been in use before there was anybody to tell."""

    outfit: Outfit
    health: Health
    _again_at: float = 0.0

    def __post_init__(self) -> None:
        spare = self.outfit.spare
        spare.told = self.told
        if spare.in_use:
            self.told(spare.why)

    def told(self, lost: str | None) -> None:
        """The journal's file was given up, or has everything again."""
        if lost is None:
            self.health.well(JOURNAL)
            self.outfit.tell(EVERYWHERE, Notice("the journal can be written again, and has what happened meanwhile"))
            return
        self.health.ill(JOURNAL, lost)
        means = "closing and repaying go on with a journal in memory, top-ups and sweeps stop"
        self.outfit.tell(EVERYWHERE, Notice(f"{means}: {lost}", alarm=True))

    def attempt(self, *, last: bool) -> None:
        """Try to give the journal back to its file; only while nobody works, who would hold numbers of its rows."""
        spare, now = self.outfit.spare, self.outfit.clock.monotonic()
        if not spare.in_use or (now < self._again_at and not last):
            return
        self._again_at = now + HOME_EVERY
        spare.carry_home()
