"""`marginbot alerts test`: its flags."""

from __future__ import annotations

from dataclasses import dataclass

import typer

from marginbot.cli.flags import Json
from marginbot.cli.options import Invocation, with_globals
from marginbot.cli.shell import run

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@dataclass(frozen=True, slots=True)
class AlertsOptions:
    """For whom the outcome is."""

    json: bool


@app.callback(epilog="Example: marginbot alerts test")
@with_globals
def alerts(invocation: Invocation) -> int:
    """The messages of the daemon."""
    return 0


@app.command("test", epilog="Examples: marginbot alerts test | marginbot alerts test --json")
@with_globals
def try_out(invocation: Invocation, as_json: Json = False) -> int:
    """Send one message to every configured address and say which took it."""
    return run(invocation, "alerts", AlertsOptions(as_json))
