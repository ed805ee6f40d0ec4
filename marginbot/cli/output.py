"""What people see and what scripts read: with --json stdout carries one document and everything else goes to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

from marginbot.domain.amounts import plain
from marginbot.errors import SafetyRefused

if TYPE_CHECKING:
    from rich.console import Console


@dataclass
class Output:
    """The two streams of one command. `as_json`: scripts read stdout; `quiet`: progress is not shown; `verbose`: -v count.

    `failed`: the document of a command that came to nothing, from exit code and reason, where its readers expect all its keys.
    """

    as_json: bool = False
    quiet: bool = False
    verbose: int = 0
    emitted: bool = False
    failed: Callable[[int, str], Mapping[str, object]] | None = None

    @cached_property
    def people(self) -> Console:
        """Tables and reports: stdout, or stderr beside a JSON document."""
        return _console(stderr=self.as_json)

    @cached_property
    def problems(self) -> Console:
        """Errors and questions: always stderr."""
        return _console(stderr=True)

    @cached_property
    def progress(self) -> Console:
        """What happens on the way; silent with --quiet."""
        return _console(stderr=self.as_json, quiet=self.quiet)

    def emit_json(self, document: Mapping[str, object]) -> None:
        """Print the one JSON document of this run as one line, at once. A second one is a defect and raises."""
        if self.emitted:
            raise RuntimeError("a run prints exactly one JSON document")
        text = json.dumps(document, default=_encode, ensure_ascii=False, allow_nan=False)
        self.emitted = True
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def can_ask(self) -> bool:
        """Whether a person sits at the terminal."""
        return sys.stdin.isatty()

    def confirm(self, question: str) -> bool:
        """Ask a person yes or no on the terminal. Raises: SafetyRefused where nobody can answer."""
        if not self.can_ask():
            raise SafetyRefused("nobody is here to confirm: give --yes to act without a question")
        self.problems.print(f"{question} [y/N] ", end="", markup=False, highlight=False)
        return sys.stdin.readline().strip().lower() in ("y", "yes")


def _console(*, stderr: bool, quiet: bool = False) -> Console:
    """rich honours NO_COLOR and leaves colours out where no terminal reads."""
    from rich.console import Console

    from marginbot.cli.style import theme

    return Console(stderr=stderr, quiet=quiet, theme=theme(), highlight=False)


def _encode(value: object) -> object:
    """Amounts as plain decimal text, times as UTC with milliseconds, words as their wire spelling."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return utc_ms(value)
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def utc_ms(at: datetime) -> str:
    """`2026-01-01T00:00:00.000Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def local_time(at: datetime) -> str:
    """`2026-01-01 01:00:00`, in the time of the machine's owner."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def amount(value: Decimal | None, asset: str = "") -> str:
    """An amount for people: `0.5 BTC`, and a dash for what does not exist."""
    return "-" if value is None else f"{plain(value)} {asset}".rstrip()
