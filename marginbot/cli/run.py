"""`marginbot run`: its flags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from marginbot.cli.options import Invocation, with_globals
from marginbot.cli.shell import run as carry_out


@dataclass(frozen=True, slots=True)
class RunOptions:
    """dry_run: reads only, and the journal tells what would have been done. act_now: a new policy may act at once."""

    dry_run: bool
    act_now: bool


@with_globals
def run(
    invocation: Invocation,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Watch and decide, but send nothing but reads.")] = False,
    act_now: Annotated[bool, typer.Option("--act-now", help="Let a new policy act on what it finds at the start.")] = False,
) -> int:
    """Watch every isolated pair and act by the policy, until a signal."""
    try:
        return carry_out(invocation, "daemon", RunOptions(dry_run, act_now))
    except KeyboardInterrupt:
        # A daemon that is told to stop has done what it was told, however little it had begun.
        invocation.output.problems.print("Stopped by a signal before it began to watch; nothing was sent.")
        return 0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run", epilog="Examples: marginbot run | marginbot run --dry-run | marginbot run --act-now")(run)
