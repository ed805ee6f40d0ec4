"""`marginbot status`: its flags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from marginbot.cli.flags import Json
from marginbot.cli.options import Invocation, symbol, with_globals
from marginbot.cli.shell import run
from marginbot.domain.amounts import Symbol
from marginbot.errors import ConfigError


@dataclass(frozen=True, slots=True)
class StatusOptions:
    """Which pairs (none: all), how often, for whom."""

    symbols: tuple[Symbol, ...]
    watch: bool
    json: bool


@with_globals
def status(
    invocation: Invocation,
    symbols: Annotated[list[str] | None, typer.Argument(metavar="SYMBOL", help="Pairs; all when left out.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Look again and again until Ctrl-C.")] = False,
    as_json: Json = False,
) -> int:
    """Show positions: level, distance to liquidation, debts."""
    if watch and as_json:
        raise ConfigError("--watch and --json exclude each other: --json prints exactly one document", "--watch")
    # The same pair twice is asked for once.
    chosen = tuple(dict.fromkeys(symbol(word) for word in symbols or ()))
    return run(invocation, "status", StatusOptions(chosen, watch, as_json))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status", epilog="Examples: marginbot status | marginbot status BTCUSDT --watch")(status)
