"""Flags that several commands share, with their help."""

from __future__ import annotations

from typing import Annotated

import typer

from marginbot.domain.plan import Into

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout; all else goes to stderr.")]
IntoFlag = Annotated[
    Into,
    typer.Option("--into", help="quote: sell all base. base: the rest becomes base. keep: trade only what repayment needs."),
]
MaxSlippage = Annotated[
    str | None,
    typer.Option("--max-slippage-bps", metavar="N", help="Worst average price of one order against the index, in bps."),
]
Deadline = Annotated[str | None, typer.Option("--deadline", metavar="SECONDS", help="Stop and report after this long.")]
