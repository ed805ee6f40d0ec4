"""The file under the journal: how it is opened, read, written and let go, and how its troubles are told."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, Row, Select, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from marginbot.engine.journal import schema
from marginbot.engine.journal.answers import Answers
from marginbot.errors import JournalUnavailable

BUSY_S = 3
"""Seconds that a write waits for somebody else's."""
MOST_PAGES_APART = 10_000
"""Pages of 4 kB that may be written beside the file. The default, 1000, lets the tidying fall into the commit before an act."""


class JournalFile:
    """One SQLite database, migrated to the version this marginbot knows, at once or by `prepare`.

    Raises JournalUnavailable from every method when it cannot be opened, read or written.
    """

    def __init__(self, url: str | URL, *, prepared: bool = True) -> None:
        with spoken("opened", url):
            self._url = make_url(url)
            self.engine = open_engine(self._url)
        self._joined: Connection | None = None
        self._answers = Answers()
        if prepared:
            self.prepare()

    def prepare(self) -> None:
        """Open it, and bring it to the version this marginbot knows."""
        with spoken("opened", self._url), self.engine.begin() as connection:
            schema.migrate(connection)

    @contextmanager
    def writing(self, durable: bool) -> Iterator[Connection]:
        """A transaction; `durable` waits until the disk has it."""
        if self._joined is not None:
            yield self._joined
            return
        with spoken("written", self._url.database), self.engine.connect() as connection:
            level = "FULL" if durable else "NORMAL"
            if connection.info.get("synchronous") != level:
                # By the driver itself: SQLAlchemy would begin a transaction first, and inside one nothing of this changes.
                connection.connection.cursor().execute(f"PRAGMA synchronous = {level}")
                connection.info["synchronous"] = level
            with connection.begin():
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to select with."""
        if self._joined is not None:
            yield self._joined
            return
        with spoken("read", self._url.database), self.engine.connect() as connection:
            yield connection

    def rows(self, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[Row[Any]]:
        """What a statement finds; read anew only once somebody has written. values: hashable ones."""
        if self._joined is not None and _has_written(self._joined):
            return self._joined.execute(statement, values).all()
        with spoken("read", self._url.database):
            return self._answers.to(self.engine, statement, values, self._joined)

    @contextmanager
    def as_one(self) -> Iterator[None]:
        """All that is written inside is one durable transaction, kept as a whole or not at all. Nothing may be awaited inside: it
        would take part.
        """
        if self._joined is not None:
            yield
            return
        with self.writing(durable=True) as connection:
            self._joined = connection
            try:
                yield
            finally:
                self._joined = None

    def probe(self) -> None:
        """Take the right to write and give it back, changing nothing."""
        with spoken("written", self._url.database), self.engine.connect() as connection:
            connection.rollback()
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            connection.rollback()

    def tidy(self) -> None:
        """Bring into the file itself what was written beside it, as far as nobody reads it there. Source: sqlite.org/wal.html."""
        with spoken("written", self._url.database), self.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").all()

    def use(self, engine: Engine) -> None:
        """From now on read and write there; what is asked of the old one is its user's business."""
        self._answers.forget()
        self.engine = engine

    def close(self) -> None:
        """Let go of the file."""
        self._answers.forget()
        self.engine.dispose()


def open_engine(url: URL) -> Engine:
    """The database under a URL; one that has no file lives in memory and is one connection. Opens nothing yet."""
    if url.database in (None, "", ":memory:"):
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        engine = create_engine(url, connect_args={"timeout": BUSY_S})

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA wal_autocheckpoint = {MOST_PAGES_APART}")
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as busy:
            # Somebody else is switching a new file at this moment: SQLite does not wait for that, and either mode will do.
            if "locked" not in str(busy):
                raise

    return engine


def _has_written(connection: Connection) -> bool:
    driver = connection.connection.driver_connection
    return isinstance(driver, sqlite3.Connection) and driver.in_transaction


@contextmanager
def spoken(what: str, where: object) -> Iterator[None]:
    """Turns the database's errors into one sentence for a person."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        cause = getattr(error, "orig", None) or error
        raise JournalUnavailable(
            f"the journal {where} cannot be {what} ({cause}): free disk space, close what holds the file, "
            "or set MARGINBOT_STATE__URL to another file"
        ) from error
