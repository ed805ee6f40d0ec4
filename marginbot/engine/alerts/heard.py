"""What somebody acknowledged outlives the process: after a restart the same rule that is not over is not news again."""

from __future__ import annotations

from dataclasses import dataclass, field

import structlog

from marginbot.engine.alerts.threads import Heard, Threads
from marginbot.engine.journal.notebook import Notebook
from marginbot.errors import JournalUnavailable

log = structlog.get_logger(__name__)

LASTING = ("rule ", "policy ")
"""Beginnings of the troubles that are the same ones after a restart; whatever else is wrong then is news."""


@dataclass(slots=True)
class Acknowledged:
    """Keeps the acknowledged stories of `threads` in the notebook. One that cannot be written is written a round later."""

    threads: Threads
    notebook: Notebook
    _kept: Heard = field(default_factory=dict)

    def restore(self) -> None:
        """Tell the stories of an earlier process what was heard of them; a notebook that cannot be read tells nothing."""
        try:
            self._kept = self.notebook.acknowledged()
        except JournalUnavailable as lost:
            log.warning("what was acknowledged cannot be read: it is told again", reason=str(lost))
        self.threads.heard = dict(self._kept)

    def keep(self) -> None:
        """Write down what changed. A story of before the restart that has not been seen again yet stays as it was."""
        now = self.threads.heard | {
            thread.subject: kept
            for thread in self.threads.unsolved
            if thread.acknowledged and (kept := frozenset(name for name in thread.open if name.startswith(LASTING)))
        }
        if now == self._kept:
            return
        try:
            self.notebook.keep_acknowledged(now)
        except JournalUnavailable:
            return  # the watch tells of the journal; the next round tries again
        self._kept = now
