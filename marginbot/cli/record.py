"""`marginbot record`: its flags."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from marginbot.cli.flags import Json
from marginbot.cli.options import Invocation, symbol, with_globals
from marginbot.cli.shell import run
from marginbot.domain.amounts import Symbol


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """Which pair (None: the first in debt, else the first opened), where to, and whether files may be replaced."""

    symbol: Symbol | None
    out: Path
    force: bool
    json: bool


@with_globals
def record(
    invocation: Invocation,
    pair: Annotated[str | None, typer.Argument(metavar="SYMBOL", help="The pair; the first in debt when left out.")] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the cassettes go.")] = Path("cassettes"),
    force: Annotated[bool, typer.Option("--force", help="Replace cassettes of the same name.")] = False,
    as_json: Json = False,
) -> int:
    """Write scrubbed cassettes of every read; sends no write."""
    return run(invocation, "record", RecordOptions(symbol(pair) if pair is not None else None, out, force, as_json))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("record", epilog="Examples: marginbot record | marginbot record BTCUSDT --out tapes")(record)
