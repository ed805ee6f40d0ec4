"""Runs command lines in an empty folder and environment; bodies of commands are played by the test."""

import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from marginbot.cli.main import main
from marginbot.cli.shell import Shell
from tests.empty_folder import emptied


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "100")
    return emptied(tmp_path, monkeypatch)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    import structlog

    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@dataclass
class Body:
    """The body of a command: records what it got, then answers or raises."""

    code: int = 0
    raises: BaseException | None = None
    acts: Callable[[Shell], object] | None = None
    options: Any = None
    shell: Shell | None = None
    calls: int = 0

    async def execute(self, options: object, shell: Shell) -> int:
        self.options, self.shell, self.calls = options, shell, self.calls + 1
        if self.acts is not None:
            self.acts(shell)
        if self.raises is not None:
            raise self.raises
        return self.code


@dataclass
class Bodies:
    """All bodies by the name of their command."""

    by_name: dict[str, Body] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Body:
        return self.by_name[name]


@pytest.fixture
def bodies(monkeypatch: pytest.MonkeyPatch) -> Bodies:
    found = Bodies()
    for name in ("demo", "status", "plan", "unwind", "journal", "paper"):
        body = found.by_name[name] = Body()
        monkeypatch.setitem(sys.modules, f"marginbot.cli.run_{name}", SimpleNamespace(execute=body.execute))
    return found


@pytest.fixture
def marginbot() -> Callable[..., int]:
    """`marginbot("unwind", "--all")` -> exit code."""

    def inside(*words: str) -> int:
        try:
            return main(words)
        except SystemExit as end:
            return int(end.code or 0)

    return inside
