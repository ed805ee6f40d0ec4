"""`marginbot pause`, `resume`, `ack`, `panic`: the operator's hand on a running daemon; their flags."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

import typer

from marginbot.cli.options import Invocation, age, symbol, with_globals
from marginbot.cli.shell import run
from marginbot.domain.amounts import Symbol

Pair = Annotated[str | None, typer.Argument(metavar="SYMBOL", help="One pair; every pair when left out.")]
Yes = Annotated[bool, typer.Option("--yes", help="Act without asking.")]


@dataclass(frozen=True, slots=True)
class HandOptions:
    """What is asked of the daemon. lasting: how long a pause holds, None until `resume`. yes: a panic is not asked about."""

    kind: str
    symbol: Symbol | None
    lasting: timedelta | None = None
    yes: bool = False


@with_globals
def pause(
    invocation: Invocation,
    pair: Pair = None,
    lasting: Annotated[str | None, typer.Option("--for", metavar="TIME", help="30m, 2h, 1d; else until resume.")] = None,
) -> int:
    """Let the daemon watch but send nothing: nothing protects."""
    time = None if lasting is None else age(lasting, "--for")
    return run(invocation, "operator", HandOptions("pause", _pair(pair), time))


@with_globals
def resume(invocation: Invocation, pair: Pair = None) -> int:
    """End pauses: protection works again."""
    return run(invocation, "operator", HandOptions("resume", _pair(pair)))


@with_globals
def ack(invocation: Invocation, pair: Pair = None) -> int:
    """Say that alarms were heard: they stop repeating."""
    return run(invocation, "operator", HandOptions("ack", _pair(pair)))


@with_globals
def panic(invocation: Invocation, yes: Yes = False) -> int:
    """Bring every pair home to spot now."""
    return run(invocation, "operator", HandOptions("panic", None, yes=yes))


def _pair(text: str | None) -> Symbol | None:
    return None if text is None else symbol(text)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("pause", epilog="Examples: marginbot pause --for 2h | marginbot pause BTCUSDT")(pause)
    app.command("resume", epilog="Examples: marginbot resume | marginbot resume BTCUSDT")(resume)
    app.command("ack", epilog="Examples: marginbot ack | marginbot ack BTCUSDT")(ack)
    app.command("panic", epilog="Examples: marginbot panic | marginbot panic --yes")(panic)
