"""What a journal's file answered, until somebody writes into it: the same question then costs a glance at the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, PoolProxiedConnection, Row, Select

Key = tuple[Select[Any], tuple[tuple[str, Any], ...]]
State = tuple[int, int]


@dataclass(slots=True)
class Memory:
    """Raises what SQLAlchemy and the driver raise."""

    _engine: Engine | None = None
    _window: PoolProxiedConnection | None = None
    _as_of: State = (-1, -1)
    _answers: dict[Key, Sequence[Row[Any]]] = field(default_factory=dict)

    def ask(
        self, engine: Engine, statement: Select[Any], values: Mapping[str, Any], by: Connection | None = None
    ) -> Sequence[Row[Any]]:
        """The rows a statement finds now. values: hashable ones. by: a connection that has written nothing; one of the engine's
        without it.
        """
        as_of = self._state_of(engine)
        if as_of != self._as_of:
            self._answers.clear()
            self._as_of = as_of
        key = statement, tuple(values.items())
        if key not in self._answers:
            with engine.connect() if by is None else nullcontext(by) as connection:
                self._answers[key] = connection.execute(statement, values).all()
        return self._answers[key]

    def forget(self) -> None:
        """Let go of the file."""
        if self._window is not None:
            self._window.close()
        self._engine, self._window, self._as_of = None, None, (-1, -1)

    def _state_of(self, engine: Engine) -> State:
        """Differs as soon as anybody has written: another connection, or, where there is but one (in memory), that one.

        Source: sqlite.org/pragma.html#pragma_data_version.
        """
        if self._window is None or self._engine is not engine:
            self.forget()
            self._engine, self._window = engine, engine.raw_connection()
        driver: Any = self._window.driver_connection
        # Read to the end: a statement that is not over would keep showing the file as it was.
        ((version,),) = driver.execute("PRAGMA data_version").fetchall()
        return int(version), int(driver.total_changes)
