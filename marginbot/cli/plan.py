"""`marginbot plan`: its flags."""

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


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """The pair and where its equity should end. Deadline and slippage cap are in the settings."""

    symbol: Symbol
    into: Into
    json: bool

    def failed(self, venue: str, code: int, reason: str) -> Mapping[str, object]:
        """What --json prints when the run could not even begin."""
        from marginbot.cli.documents import failed_document

        return failed_document(self.symbol, venue, code, reason)


@with_globals
def plan(
    invocation: Invocation,
    pair: Annotated[str, typer.Argument(metavar="SYMBOL", help="The pair, such as BTCUSDT.")],
    into: IntoFlag = Into.QUOTE,
    max_slippage_bps: MaxSlippage = None,
    deadline: Deadline = None,
    as_json: Json = False,
) -> int:
    """Show what unwind would do now; sends nothing."""
    flags = typed(unwind__max_slippage_bps=("--max-slippage-bps", max_slippage_bps), unwind__deadline=("--deadline", deadline))
    options = PlanOptions(symbol(pair), into, as_json)
    return run(invocation, "plan", options, flags, options.failed)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("plan", epilog="Examples: marginbot plan BTCUSDT | marginbot plan BTCUSDT --into keep --json")(plan)
