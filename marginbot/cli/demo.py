"""`marginbot demo`: its flags."""

from __future__ import annotations

from dataclasses import dataclass

import typer

from marginbot.cli.options import Invocation, with_globals
from marginbot.cli.shell import paper_only, run


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """The demo has no choices."""


@with_globals
def demo(invocation: Invocation) -> int:
    """See a leveraged long fall and brought home, on paper."""
    return run(invocation, "demo", DemoOptions(), paper_only(invocation))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo", epilog="Example: marginbot demo")(demo)
