"""Opening the journal of a daemon: where it cannot be written now it is stood in for, so that protection begins all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from marginbot.engine.journal.journal import Journal
from marginbot.engine.journal.spare import Spare
from marginbot.errors import JournalUnavailable

PASSING: Final = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY")
"""Beginnings of the names of troubles that a person can end without touching the settings: a full disk, a lock, a file that is
read-only. Source: sqlite.org/rescode.html.
"""


def for_a_daemon(file: Path) -> tuple[Journal, Spare]:
    """The journal in a file and what stands in for it, which it does from the start when nothing can be written there.

    Raises: JournalUnavailable for what is no journal of this marginbot, or a place where there can be none.
    """
    journal = Journal.in_file(file, prepared=False)
    spare = Spare(journal.file)
    try:
        journal.file.prepare()
        journal.probe()
    except JournalUnavailable as lost:
        if not _may_pass(lost, file):
            raise
        spare.stand_in(str(lost))
    return journal, spare


def _may_pass(lost: JournalUnavailable, file: Path) -> bool:
    cause = getattr(lost.__cause__, "orig", None) or lost.__cause__
    name = getattr(cause, "sqlite_errorname", "")
    return name.startswith(PASSING) or (name.startswith("SQLITE_CANTOPEN") and file.is_file())
