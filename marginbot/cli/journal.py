"""`marginbot journal`: its flags."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import typer

from marginbot.cli import options as words
from marginbot.cli.flags import Json
from marginbot.cli.options import Invocation, with_globals
from marginbot.cli.shell import run
from marginbot.domain.amounts import Symbol
from marginbot.errors import ConfigError


@dataclass(frozen=True, slots=True)
class JournalOptions:
    """Which entries, in which form. `since`: an aware time, or an age to be taken from now; None: all."""

    since: datetime | timedelta | None
    symbol: Symbol | None
    json: bool
    csv: bool


@with_globals
def journal(
    invocation: Invocation,
    since: Annotated[
        str | None, typer.Option("--since", metavar="WHEN", help="An age (30m, 2h, 7d) or a local time (2026-01-31T12:00).")
    ] = None,
    pair: Annotated[str | None, typer.Option("--symbol", metavar="SYMBOL", help="Only this pair.")] = None,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values on stdout.")] = False,
) -> int:
    """Show what was done, when, why, and what was answered."""
    if as_json and as_csv:
        raise ConfigError("--json and --csv exclude each other: give one", "--csv")
    options = JournalOptions(
        since=None if since is None else words.since(since),
        symbol=None if pair is None else words.symbol(pair, "--symbol"),
        json=as_json,
        csv=as_csv,
    )
    return run(invocation, "journal", options)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("journal", epilog="Examples: marginbot journal --since 2h | marginbot journal --symbol BTCUSDT --csv")(journal)
