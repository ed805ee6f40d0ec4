"""The file under the journal: how it is opened, and how its troubles are told."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from marginbot.errors import JournalUnavailable


def open_engine(url: URL) -> Engine:
    """The database under a URL; one that has no file lives in memory and is one connection. Opens nothing yet."""
    if url.database in (None, "", ":memory:"):
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        engine = create_engine(url, connect_args={"timeout": 3})

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as busy:
            # Somebody else is switching a new file at this moment: SQLite does not wait for that, and either mode will do.
            if "locked" not in str(busy):
                raise

    return engine


@contextmanager
def spoken(what: str, where: object) -> Iterator[None]:
    """Turns the database's errors into one sentence for a person."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        raise JournalUnavailable(
            f"the journal {where} cannot be {what} ({cause}): free disk space, close what holds the file, "
            "or set MARGINBOT_STATE__URL to another file"
        ) from error
