"""The entry point: puts the commands together and imports nothing heavy, so that --help answers at once."""

from __future__ import annotations

import functools
import signal
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

import typer

from marginbot.cli import alerts, demo, doctor, journal, operator, paper, plan, policy, record, run, status, unwind
from marginbot.cli.early_signals import CAUGHT
from marginbot.cli.errors import guarded
from marginbot.cli.options import Invocation, with_globals
from marginbot.cli.output import Output

EPILOG: Final = "New here? Try: marginbot demo"

app = typer.Typer(
    name="marginbot",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(epilog=EPILOG)
@with_globals
def _marginbot(invocation: Invocation) -> int:
    """Brings leveraged Binance isolated-margin positions home to spot before the exchange liquidates them."""
    return 0


for module in (demo, status, plan, unwind, run, operator, doctor, journal, record):
    module.register(app)
app.add_typer(policy.app, name="policy")
app.add_typer(alerts.app, name="alerts")
app.add_typer(paper.app, name="paper")


def entry() -> NoReturn:
    """The program: one command line, then out. What was said stands: a signal that comes later changes nothing."""
    code = main()
    for number in CAUGHT:
        signal.signal(number, signal.SIG_IGN)
    sys.exit(code)


_commands = functools.cache(functools.partial(typer.main.get_command, app))
"""What typer makes of `app`: once a process, for it takes longer than reading a command line does."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and answer its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    before_dashes = words[: words.index("--")] if "--" in words else words
    output = Output(as_json="--json" in before_dashes)

    def work() -> int:
        code = _commands().main(args=words, prog_name="marginbot", standalone_mode=False, obj=Invocation(output))
        return code if isinstance(code, int) else 0

    return guarded(output, work)
