"""The body of `record`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.markup import escape

from marginbot import __version__
from marginbot.app import App, open_app
from marginbot.cli.record import RecordOptions
from marginbot.cli.shell import Shell
from marginbot.domain.amounts import Symbol
from marginbot.exchange.recording.scrub import Scrubber
from marginbot.exchange.recording.shelf import Provenance, Shelf
from marginbot.exchange.recording.tape import Tape
from marginbot.exchange.recording.tour import Tour


async def execute(options: RecordOptions, shell: Shell) -> int:
    """Read everything once through a tape, scrub it, and put it on the shelf; all of it or nothing."""
    shelf = Shelf(options.out, options.force)
    shelf.prepare()
    tape = Tape(set(shell.settings.secrets()))
    async with open_app(shell.settings, dry_run=True, tap=tape.under) as app:
        began_at = app.clock.now().replace(microsecond=0)
        tour = Tour(app.exchange, tape)
        symbol = await tour.choose(options.symbol)
        case = f"{app.venue}-{symbol.lower()}"
        shelf.keep_free(case)
        await tour.walk(symbol, began_at, _last_order(app, symbol))
    scrubber = Scrubber(tape.exchanged, tape.secrets, began_at)
    # A testnet gives prices and rules; every answer comes from the emulator's books that follow it.
    whence = app.venue if app.testnet is None else f"the emulator's books at the prices of {app.testnet.host}"
    source = Provenance(f"recorded from {whence} by `marginbot record`, version {__version__}", began_at.date().isoformat())
    written = shelf.put(tape.exchanged, case, scrubber, source)
    _report(options, shell, symbol, written, tour.refused)
    return 0


def _last_order(app: App, symbol: Symbol) -> Iterator[str]:
    """The client id of the latest order marginbot sent for the pair, as the journal knows it."""
    orders = [intent.client_id for intent in app.journal.history(symbol=symbol) if intent.kind == "close" and intent.client_id]
    yield from orders[-1:]


def _report(options: RecordOptions, shell: Shell, symbol: Symbol, written: list[Path], refused: list[str]) -> None:
    if options.json:
        shell.output.emit_json({"written": [str(file) for file in written], "out": str(options.out)})
        return
    people = shell.output.people
    for file in written:
        shell.output.progress.print(f"  {escape(str(file))}", soft_wrap=True)
    for refusal in refused:
        people.print(f"[watch]recorded as refused:[/watch] {escape(refusal)}", soft_wrap=True)
    people.print(f"[done]{len(written)} cassettes of {symbol}[/done] are in {escape(str(options.out))}.", soft_wrap=True)
    hint = "Keys, ids, addresses and times are taken out; amounts are not. Read before you publish."
    people.print(hint, style="hint", soft_wrap=True)
