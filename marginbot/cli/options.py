"""The flags every command has, before and after its name, and how words on the command line become values."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Concatenate, Final, ParamSpec

import typer

from marginbot import __version__
from marginbot.cli.errors import guarded
from marginbot.cli.output import Output
from marginbot.domain.amounts import Symbol
from marginbot.errors import ConfigError

P = ParamSpec("P")
Command = Callable[..., int]

GLOBAL: Final = "Global flags"


@dataclass
class Invocation:
    """What the global flags said so far; each level of the command line adds to it."""

    output: Output = field(default_factory=Output)
    config: Path | None = None
    venue: str | None = None

    def add(self, config: Path | None, venue: str | None, verbose: int, quiet: bool) -> None:
        """The flag nearest to the end of the line wins; -v adds up."""
        self.config = config or self.config
        self.venue = venue or self.venue
        self.output.verbose += verbose
        self.output.quiet = self.output.quiet or quiet


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"marginbot {__version__}")
        raise typer.Exit


def _globals(
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Read settings from this TOML file.", rich_help_panel=GLOBAL)
    ] = None,
    venue: Annotated[
        str | None, typer.Option("--venue", metavar="VENUE", help="paper, testnet or live.", rich_help_panel=GLOBAL)
    ] = None,
    verbose: Annotated[
        int,
        typer.Option("-v", "--verbose", count=True, show_default=False, help="Say more; -vv says all.", rich_help_panel=GLOBAL),
    ] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", help="Only results and errors.", rich_help_panel=GLOBAL)] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.", rich_help_panel=GLOBAL),
    ] = False,
) -> None:
    """The signature that `with_globals` gives to every command."""


_GLOBALS: Final = tuple(inspect.signature(_globals, eval_str=True).parameters.values())


def with_globals(command: Callable[Concatenate[Invocation, P], int]) -> Command:
    """Give a command the global flags after its own; it gets the Invocation as its first argument."""
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*own, *_GLOBALS)]

    def inside(**values: Any) -> int:
        invocation: Invocation = values.pop("ctx").obj
        given = {parameter.name: values.pop(parameter.name) for parameter in _GLOBALS}
        invocation.add(given["config"], given["venue"], given["verbose"], given["quiet"])
        return guarded(invocation.output, lambda: command(invocation, **values))  # type: ignore[call-arg]

    inside.__doc__ = command.__doc__
    inside.__name__ = command.__name__
    inside.__module__ = command.__module__
    inside.__annotations__ = {p.name: p.annotation for p in (context, *parameters)} | {"return": int}
    inside.__signature__ = inspect.Signature([context, *parameters], return_annotation=int)  # type: ignore[attr-defined]
    return inside


def symbol(text: str, key: str = "SYMBOL") -> Symbol:
    """`btcusdt` -> BTCUSDT. Symbols of the exchange may hold letters of any script. Raises: ConfigError."""
    word = text.strip().upper()
    if not (2 <= len(word) <= 40 and word.isalnum()):
        raise ConfigError(f"{key} must be a pair such as BTCUSDT: 2 to 40 letters and digits", key)
    return Symbol(word)


def whole(text: str, flag: str, largest: int) -> int:
    """A whole number from 0 to `largest`. Raises: ConfigError naming the flag."""
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= largest):
        raise ConfigError(f"{flag} must be a whole number from 0 to {largest}", flag)
    return int(text)


_AGO: Final = re.compile(r"([0-9]{1,6})([smhdw])", re.ASCII)
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def age(text: str, flag: str) -> timedelta:
    """`90s`, `30m`, `2h`, `7d`: a length of time as a policy writes it. Raises: ConfigError naming the flag."""
    from marginbot.settings.policy_values import some_time

    try:
        return some_time(text)
    except ValueError as error:
        raise ConfigError(f"{flag} {error}", flag) from error


def since(text: str) -> datetime | timedelta:
    """`2h` is that long ago; `2026-01-31` or `2026-01-31T12:00` a local time unless it names its zone. Raises: ConfigError."""
    ago = _AGO.fullmatch(text.strip())
    try:
        if ago:
            return timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError) as error:
        raise ConfigError(
            "--since must be an age such as 30m, 2h or 7d, or a time such as 2026-01-31T12:00", "--since"
        ) from error
