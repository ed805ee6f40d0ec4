"""`marginbot doctor`: its flags."""

from __future__ import annotations

from dataclasses import dataclass

import typer

from marginbot.cli.flags import Json
from marginbot.cli.options import Invocation, with_globals
from marginbot.cli.shell import run


@dataclass(frozen=True, slots=True)
class DoctorOptions:
    """For whom the findings are."""

    json: bool


@with_globals
def doctor(invocation: Invocation, as_json: Json = False) -> int:
    """Find what would stop an unwind, and how to mend it."""
    return run(invocation, "doctor", DoctorOptions(as_json))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor", epilog="Examples: marginbot doctor | marginbot doctor --json")(doctor)
