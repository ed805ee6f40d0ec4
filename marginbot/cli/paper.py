"""`marginbot paper serve` and `marginbot paper reset`: their flags."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from marginbot.cli.flags import Json
from marginbot.cli.options import Invocation, whole, with_globals
from marginbot.cli.shell import paper_only, run

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """Where and how the margin testnet listens. `port` 0: a free one. `public_keys`: PEM files.

    token_file: holds the token that every control call must carry; None: beyond loopback a new one is made.
    """

    host: str
    port: int
    latency_ms: int
    scenario: str | None
    public_keys: tuple[Path, ...]
    token_file: Path | None
    json: bool


@dataclass(frozen=True, slots=True)
class ResetOptions:
    """Which scenario the world begins with; None: the default one."""

    scenario: str | None


Scenario = Annotated[str | None, typer.Option("--scenario", metavar="NAME|FILE", help="The world to begin with.")]


@app.callback(epilog="Example: marginbot paper serve --port 8080")
@with_globals
def paper(invocation: Invocation) -> int:
    """The embedded margin testnet: serve it, or reset it."""
    return 0


@app.command("serve", epilog="Examples: marginbot paper serve | marginbot paper serve --port 8080 --latency-ms 200 --json")
@with_globals
def serve(
    invocation: Invocation,
    host: Annotated[
        str,
        typer.Option("--host", metavar="ADDRESS", help="Listen here. Beyond loopback the controls (/paper/) demand a token."),
    ] = "127.0.0.1",
    port: Annotated[str, typer.Option("--port", metavar="N", help="0: a free one.")] = "0",
    latency_ms: Annotated[str, typer.Option("--latency-ms", metavar="N", help="Every answer comes this much later.")] = "0",
    scenario: Scenario = None,
    public_key: Annotated[
        list[Path] | None,
        typer.Option("--public-key", metavar="PEM", help="Also accept this Ed25519 or RSA key; may be repeated."),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option("--token-file", metavar="FILE", help="The token the controls demand (mode 0600); else one is made."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Serve it until Ctrl-C or SIGTERM, on loopback unless told otherwise."""
    options = ServeOptions(
        host=host,
        port=whole(port, "--port", 65535),
        latency_ms=whole(latency_ms, "--latency-ms", 60_000),
        scenario=scenario,
        public_keys=tuple(public_key or ()),
        token_file=token_file,
        json=as_json,
    )
    return run(invocation, "paper", options, paper_only(invocation))


@app.command("reset", epilog="Examples: marginbot paper reset | marginbot paper reset --venue testnet")
@with_globals
def reset(invocation: Invocation, scenario: Scenario = None) -> int:
    """Put the embedded paper world back to its beginning; with --venue testnet, the margin books of that venue."""
    testnet = (invocation.venue or "").lower() == "testnet"
    return run(invocation, "paper", ResetOptions(scenario), None if testnet else paper_only(invocation))
