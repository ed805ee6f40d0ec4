"""The body of `journal`: reads the file, asks no exchange."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta

from rich.markup import escape
from rich.table import Table

from marginbot.cli.documents import intent_document
from marginbot.cli.journal import JournalOptions
from marginbot.cli.output import amount, local_time, utc_ms
from marginbot.cli.shell import Shell
from marginbot.domain.amounts import plain
from marginbot.engine.clock import SystemClock
from marginbot.engine.journal.entries import OPEN_STATES, Intent, State
from marginbot.engine.journal.journal import Journal
from marginbot.settings import journal_file

_STYLES = {State.DONE: "done", State.REFUSED: "refused", State.ABSENT: "dim"}


def execute(options: JournalOptions, shell: Shell) -> int:
    """Show what was done, when, why, and what was answered."""
    journal = Journal.in_file(journal_file(shell.settings))
    try:
        intents = list(journal.history(_since(options.since), options.symbol))
    finally:
        journal.close()
    if options.json:
        shell.output.emit_json({"entries": [intent_document(intent) for intent in intents]})
    elif options.csv:
        _write_csv(intents)
    elif intents:
        shell.output.people.print(_table(intents))
    else:
        shell.output.people.print("The journal has no entry yet." if options.since is None else "Nothing was done since then.")
    return 0


def _since(since: datetime | timedelta | None) -> datetime | None:
    return SystemClock().now() - since if isinstance(since, timedelta) else since


def _table(intents: Iterable[Intent]) -> Table:
    """One line per write, and under it why it was sent and what was answered."""
    table = Table(title="Journal", title_justify="left")
    for name in ("when", "pair", "what was done, why, and what was answered", "state"):
        table.add_column(name, no_wrap=name in ("when", "pair", "state"), overflow="fold")
    for intent in intents:
        style = "waiting" if intent.state in OPEN_STATES else _STYLES[intent.state]
        what = f"{intent.kind} {amount(intent.amount, intent.asset or '') if intent.amount is not None else ''}".rstrip()
        answer = f"\n[dim]{escape(intent.answer)}[/dim]" if intent.answer else ""
        table.add_row(
            local_time(intent.started_at),
            escape(intent.symbol),
            f"{escape(what)}\n[dim]{escape(intent.because)}[/dim]{answer}",
            f"[{style}]{intent.state.value}[/{style}]",
        )
    return table


_COLUMNS = (
    "id", "episode", "symbol", "kind", "asset", "amount", "state", "client_id", "exchange_id", "because", "answer",
    "started_at", "ended_at",
)  # fmt: skip


def _write_csv(intents: Iterable[Intent]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(_COLUMNS)
    for intent in intents:
        row = intent_document(intent)
        row["started_at"] = utc_ms(intent.started_at)
        row["ended_at"] = "" if intent.ended_at is None else utc_ms(intent.ended_at)
        row["amount"] = "" if intent.amount is None else plain(intent.amount)
        row["state"] = intent.state.value
        writer.writerow(["" if row[name] is None else row[name] for name in _COLUMNS])
