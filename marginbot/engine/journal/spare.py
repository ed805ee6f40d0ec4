"""The journal while its file cannot be written: a copy of it in memory, so that closing and repaying go on; carried home later.

Only a daemon has one. What is in memory alone is lost with the process: nothing that moves coins between wallets goes on then.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import URL, Connection, Engine, Table, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import SQLAlchemyError

from marginbot.engine.journal import schema
from marginbot.engine.journal.entries import OPEN
from marginbot.engine.journal.file import BUSY_S, JournalFile, open_engine

IN_MEMORY = URL.create("sqlite")
WHOLE = (schema.bans, schema.memories, schema.policies)
"""Pages that are carried home row by row, whatever is there."""
REPLACED = (schema.debts, schema.acknowledged)
"""Pages of which what is gone matters too."""


@dataclass(slots=True)
class Spare:
    """Stands in for a file. told: of why the file was given up, and of None when it has everything again. why: as told last."""

    file: JournalFile
    told: Callable[[str | None], None] = lambda _why: None
    why: str = ""
    _home: Engine | None = None
    _last: dict[str, int] = field(default_factory=dict)

    @property
    def in_use(self) -> bool:
        """Whether the journal is in memory now."""
        return self._home is not None

    def stand_in(self, why: str) -> bool:
        """From now on everything is written in memory. False when it is already: then memory itself failed."""
        if self.in_use:
            return False
        copy = open_engine(IN_MEMORY)
        if not _copied(self.file.engine, copy):
            copy = open_engine(IN_MEMORY)
        with copy.begin() as connection:
            schema.migrate(connection)
            self._last = {table.name: _last_of(connection, table) for table in (schema.episodes, schema.intents)}
        self._home, self.why = self.file.engine, why
        self.file.use(copy)
        self.told(why)
        return True

    def carry_home(self) -> bool:
        """Bring what was written meanwhile into the file. Only while nobody works: numbers of new rows change by it."""
        home, copy = self._home, self.file.engine
        if home is None:
            return True
        try:
            with copy.connect() as source, home.connect() as target:
                target.exec_driver_sql("PRAGMA busy_timeout = 50")  # the next try is soon, and nothing may wait for this one
                target.rollback()
                try:
                    with target.begin():
                        schema.migrate(target)
                        self._merge(source, target)
                finally:
                    target.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_S * 1000}")
        except SQLAlchemyError:
            return False
        self._home = None
        self.file.use(home)
        copy.dispose()
        self.told(None)
        return True

    def _merge(self, source: Connection, target: Connection) -> None:
        for table in WHOLE:
            for row in source.execute(select(table)):
                values = dict(row._mapping)
                kept = insert(table).values(**values)
                target.execute(kept.on_conflict_do_update(index_elements=table.primary_key, set_=values))
        for table in REPLACED:
            target.execute(table.delete())
            for row in source.execute(select(table)):
                target.execute(table.insert().values(**row._mapping))
        numbers = self._episodes(source, target)
        self._intents(source, target, numbers)
        ended = schema.requests.c
        for row in source.execute(select(schema.requests)):
            values = {"taken_at": row.taken_at, "ended_at": row.ended_at, "answer": row.answer}
            target.execute(schema.requests.update().where(ended.id == row.id, ended.ended_at.is_(None)).values(**values))

    def _episodes(self, source: Connection, target: Connection) -> dict[int, int]:
        """Returns the numbers that new ones got, by the number they had in memory."""
        table, numbers = schema.episodes, {}
        for row in source.execute(select(table).order_by(table.c.id)):
            values = {name: value for name, value in row._mapping.items() if name != "id"}
            if row.id > self._last[table.name]:
                made = target.execute(table.insert().values(**values)).inserted_primary_key
                numbers[row.id] = int(made[0]) if made else 0
            else:
                target.execute(table.update().where(table.c.id == row.id, table.c.closed_at.is_(None)).values(**values))
        return numbers

    def _intents(self, source: Connection, target: Connection, episodes: dict[int, int]) -> None:
        table = schema.intents
        for row in source.execute(select(table).order_by(table.c.id)):
            values = {name: value for name, value in row._mapping.items() if name != "id"}
            values["episode_id"] = episodes.get(row.episode_id, row.episode_id)
            if row.id > self._last[table.name]:
                target.execute(table.insert().values(**values))
            else:
                target.execute(table.update().where(table.c.id == row.id, table.c.state.in_(OPEN)).values(**values))


def _copied(file: Engine, copy: Engine) -> bool:
    """Whether the file could be read whole. One that cannot leaves an empty journal: every pair then goes by its next look."""
    try:
        with file.connect() as source, copy.connect() as target:
            taken, given = source.connection.driver_connection, target.connection.driver_connection
            assert isinstance(taken, sqlite3.Connection)  # noqa: S101
            assert isinstance(given, sqlite3.Connection)  # noqa: S101
            taken.backup(given)
    except (SQLAlchemyError, sqlite3.Error):
        return False
    return True


def _last_of(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.max(table.c.id))).scalar_one() or 0)
