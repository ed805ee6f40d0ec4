"""`marginbot policy check`: its flags."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from marginbot.cli.flags import Json
from marginbot.cli.options import Invocation, with_globals
from marginbot.cli.shell import Flags, run

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """Whether for scripts. Which policy is in the settings."""

    json: bool


@app.callback(epilog="Example: marginbot policy check my-policy.toml")
@with_globals
def policy(invocation: Invocation) -> int:
    """The rules of the daemon, before they act."""
    return 0


@app.command("check", epilog="Examples: marginbot policy check | marginbot policy check my-policy.toml --json")
@with_globals
def check(
    invocation: Invocation,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A policy file; the one in the settings when left out.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Say what would happen to each pair, and at which prices; reads only."""
    # A file given here speaks instead of whatever the settings name.
    flags: Flags = {} if file is None else {"policy.file": ("FILE", str(file)), "policy.preset": ("FILE", None)}
    return run(invocation, "policy", CheckOptions(as_json), flags)
