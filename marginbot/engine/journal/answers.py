"""What a journal's file answered, until somebody writes into it: the same question then costs a glance at the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, PoolProxiedConnection, Row, Select

Question = tuple[Select[Any], tuple[tuple[str, Any], ...]]


@dataclass(slots=True)
class Answers:
    """Of one engine, until `forget`. Raises what SQLAlchemy and the driver raise."""

    _window: PoolProxiedConnection | None = None
    _as_of: tuple[int, int] | None = None
    _known: dict[Question, Sequence[Row[Any]]] = field(default_factory=dict)

    def to(
        self, engine: Engine, statement: Select[Any], values: Mapping[str, Any], by: Connection | None = None
    ) -> Sequence[Row[Any]]:
        """The rows a statement finds now. values: hashable ones. by: a connection that has written nothing; one of the engine's
        without it.
        """
        as_of = self._glance(engine)
        if as_of != self._as_of:
            self._known.clear()
            self._as_of = as_of
        question = statement, tuple(values.items())
        if question not in self._known:
            with engine.connect() if by is None else nullcontext(by) as connection:
                self._known[question] = connection.execute(statement, values).all()
        return self._known[question]

    def forget(self) -> None:
        """Let go of the file and of what it answered."""
        if self._window is not None:
            self._window.close()
        self._window = self._as_of = None

    def _glance(self, engine: Engine) -> tuple[int, int]:
        """Differs as soon as anybody has written: another connection, or, where there is but one (in memory), that one.

        Source: sqlite.org/pragma.html#pragma_data_version.
        """
        if self._window is None:
            self._window = engine.raw_connection()
        driver: Any = self._window.driver_connection
        # Read to the end: a statement that is not over would keep showing the file as it was.
        ((version,),) = driver.execute("PRAGMA data_version").fetchall()
        return int(version), int(driver.total_changes)
