"""What is old and over leaves the journal. What is still open stays, however old it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import BindParameter, bindparam, delete

from marginbot.engine.journal.entries import OPEN
from marginbot.engine.journal.file import JournalFile
from marginbot.engine.journal.schema import episodes, intents, requests

_BEFORE: Final[BindParameter[str]] = bindparam("before")
_OVER: Final = (
    delete(intents).where(intents.c.started_at < _BEFORE, intents.c.state.not_in(OPEN)),
    delete(episodes).where(episodes.c.closed_at < _BEFORE),
    delete(requests).where(requests.c.ended_at < _BEFORE),
)


def prune(file: JournalFile, before: datetime) -> int:
    """Forget writes, episodes and requests that were over before then. Returns how many rows. Raises: JournalUnavailable."""
    values = {"before": before.astimezone(UTC).isoformat()}
    with file.writing(durable=False) as connection:
        return sum(connection.execute(statement, values).rowcount for statement in _OVER)
