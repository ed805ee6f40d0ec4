"""A statement put into the driver's words beforehand: before a write is sent there is no time to build it anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, Insert
from sqlalchemy.dialects import sqlite


class Ready:
    """Puts one row down. names: the columns it has."""

    def __init__(self, statement: Insert, names: Collection[str]) -> None:
        dialect = sqlite.dialect()
        compiled = statement.compile(dialect=dialect, column_keys=list(names))
        self._words, self._order = str(compiled), tuple(compiled.positiontup or ())

    def put(self, connection: Connection, row: Mapping[str, Any]) -> int:
        """Returns the row's number. Raises what the driver raises, and KeyError for a row that lacks a column."""
        cursor = connection.connection.cursor()
        try:
            cursor.execute(self._words, [row[name] for name in self._order])
            return int(cursor.lastrowid or 0)
        finally:
            cursor.close()
