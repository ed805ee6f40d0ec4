"""One table of a policy file: reads its keys one by one and refuses what it does not know, saying where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from marginbot.errors import ConfigError
from marginbot.settings.values import did_you_mean

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Table:
    """What tomllib read. path: `policy.rule`, for scripts. who: `policy 1, rule 'sell some'`, for people. file: as typed."""

    data: Mapping[str, Any]
    path: str
    who: str
    file: str

    def wrong(self, key: str, reason: str) -> ConfigError:
        """What is wrong with a key, in one sentence that names file, policy, rule and key."""
        return ConfigError(f"{self.file}, {self.who}: {key} {reason}", f"{self.path}.{key}" if self.path else key)

    def known(self, keys: Iterable[str], of: str = "a key of a policy") -> None:
        """Refuse every other key. Raises: ConfigError with the nearest known one."""
        keys = tuple(keys)
        for key in self.data:
            if key not in keys:
                raise self.wrong(key, f"is not {of}{did_you_mean(key, keys)}; known: {', '.join(keys)}")

    def need(self, key: str, read: Callable[[object], T], why: str) -> T:
        """A key that must be there. Raises: ConfigError."""
        if key not in self.data:
            raise self.wrong(key, f"is missing: {why}")
        return self._read(key, read)

    def get(self, key: str, read: Callable[[object], T], otherwise: T) -> T:
        """A key that may be left out. Raises: ConfigError."""
        return self._read(key, read) if key in self.data else otherwise

    def table(self, key: str) -> Table:
        """An inner table, empty when left out. Raises: ConfigError."""
        inner = self.data.get(key, {})
        if not isinstance(inner, Mapping):
            raise self.wrong(key, "must be a table: { name = value }")
        return Table(inner, f"{self.path}.{key}", f"{self.who}, {key}", self.file)

    def tables(self, key: str, one: str) -> list[Table]:
        """A list of tables; each is called `one` and its number, or its name when it has one. Raises: ConfigError."""
        rows = self.data.get(key, [])
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            raise self.wrong(key, f"must be tables: write [[{self._below(key)}]] above each")
        before = f"{self.who}, " if self.path else ""
        return [
            Table(row, self._below(key), f"{before}{one} {_called(row, number)}", self.file)
            for number, row in enumerate(rows, start=1)
        ]

    def _below(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def _read(self, key: str, read: Callable[[object], T]) -> T:
        try:
            return read(self.data[key])
        except ValueError as error:
            raise self.wrong(key, str(error)) from error


def _called(row: Mapping[str, Any], number: int) -> str:
    name = row.get("name")
    return repr(name) if isinstance(name, str) and name.strip() else str(number)
