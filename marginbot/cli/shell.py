"""What the body of a command gets: settings, output, and what was typed."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from marginbot.cli.early_signals import held_back, interrupting
from marginbot.cli.options import Invocation
from marginbot.cli.output import Output
from marginbot.errors import ConfigError

if TYPE_CHECKING:
    from marginbot.settings import Settings


Flags = Mapping[str, tuple[str, object]]
"""Dotted setting -> (flag as typed, value); see `load_settings`."""


@dataclass(frozen=True)
class Shell:
    """Handed to `execute(options, shell)` of every `marginbot.cli.run_*` module; async or not, it returns the exit code."""

    settings: Settings
    output: Output


Failed = Callable[[str, int, str], Mapping[str, object]]
"""Venue, exit code and reason -> the document of a command that came to nothing."""


def run(invocation: Invocation, name: str, options: object, flags: Flags | None = None, failed: Failed | None = None) -> int:
    """Load the settings with the typed flags on top, then the command's heavy parts, and run its `execute`."""
    output = invocation.output
    with interrupting():
        with held_back():
            import asyncio

            settings = _settings(invocation, flags or {})
            if failed is not None:
                output.failed = functools.partial(failed, settings.venue.value)
        execute = importlib.import_module(f"marginbot.cli.run_{name}").execute
        code = execute(options, Shell(settings, output))
        return int(asyncio.run(code) if inspect.iscoroutine(code) else code)


def _settings(invocation: Invocation, flags: Flags) -> Settings:
    from marginbot import logs
    from marginbot.settings import load_settings

    given = dict(flags)
    if invocation.venue is not None:
        given["venue"] = ("--venue", invocation.venue)
    settings = load_settings(given, config=invocation.config)
    logs.set_up(invocation.output.verbose, settings.secrets())
    return settings


def typed(**flags: tuple[str, str | None]) -> Flags:
    """The flags that were typed: `typed(unwind__deadline=("--deadline", deadline))`."""
    return {name.replace("__", "."): (flag, value) for name, (flag, value) in flags.items() if value is not None}


ON_PAPER: Final[Flags] = {"venue": ("--venue", "paper"), "exchange.rest_url": ("the paper world", None)}
"""For commands that always play on the embedded paper exchange, however the environment is set up."""


def paper_only(invocation: Invocation) -> Flags:
    """`ON_PAPER`, unless another venue was asked for aloud. Raises: ConfigError."""
    if invocation.venue not in (None, "paper"):
        raise ConfigError("--venue: this command always plays on the embedded paper exchange", "--venue")
    return ON_PAPER
