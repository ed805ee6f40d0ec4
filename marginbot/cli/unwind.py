"""`marginbot unwind`: its flags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import typer

from marginbot.cli.flags import Deadline, IntoFlag, Json, MaxSlippage
from marginbot.cli.options import Invocation, symbol, with_globals
from marginbot.cli.shell import run, typed
from marginbot.domain.amounts import Symbol
from marginbot.domain.plan import Into
from marginbot.errors import ConfigError


@dataclass(frozen=True, slots=True)
class UnwindOptions:
    """What to unwind and how. `symbol` None: all pairs. `dry_run` wins over `yes`. Deadline and cap are in the settings."""

    symbol: Symbol | None
    into: Into
    dry_run: bool
    yes: bool
    sweep: bool
    json: bool

    def failed(self, venue: str, code: int, reason: str) -> Mapping[str, object]:
        """What --json prints when the run could not even begin."""
        from marginbot.cli.documents import failed_document

        return failed_document(self.symbol, venue, code, reason)


@with_globals
def unwind(
    invocation: Invocation,
    pair: Annotated[str | None, typer.Argument(metavar="SYMBOL", help="The pair, such as BTCUSDT.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every pair that owes or holds something.")] = False,
    into: IntoFlag = Into.QUOTE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and send nothing, even with --yes.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Act without asking.")] = False,
    no_sweep: Annotated[bool, typer.Option("--no-sweep", help="Done when debt-free and closed; equity stays isolated.")] = False,
    max_slippage_bps: MaxSlippage = None,
    deadline: Deadline = None,
    as_json: Json = False,
) -> int:
    """Bring an isolated pair home to spot, seen to be done."""
    if (pair is None) != every:
        raise ConfigError("give one SYMBOL such as BTCUSDT, or --all, and not both", "SYMBOL")
    options = UnwindOptions(None if pair is None else symbol(pair), into, dry_run, yes, not no_sweep, as_json)
    flags = typed(unwind__max_slippage_bps=("--max-slippage-bps", max_slippage_bps), unwind__deadline=("--deadline", deadline))
    return run(invocation, "unwind", options, flags, options.failed)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "unwind", epilog="Examples: marginbot unwind BTCUSDT | marginbot unwind BTCUSDT --dry-run | marginbot unwind --all --yes"
    )(unwind)
