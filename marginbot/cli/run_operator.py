"""The body of `pause`, `resume`, `ack` and `panic`: a row on the daemon's desk, and what became of it."""

from __future__ import annotations

import asyncio
import math
from contextlib import closing

from marginbot.cli.asking import Asking
from marginbot.cli.operator import HandOptions
from marginbot.cli.output import local_time
from marginbot.cli.shell import Shell
from marginbot.cli.signals import stopping
from marginbot.domain.plan import Into
from marginbot.engine.clock import SystemClock
from marginbot.engine.daemon.desk import NOTHING_TO_DO, Desk, Request
from marginbot.engine.journal.journal import Journal
from marginbot.engine.lock import running_daemons
from marginbot.engine.report import Outcome
from marginbot.errors import ConfigError, SafetyRefused
from marginbot.settings import journal_file, state_dir


async def execute(options: HandOptions, shell: Shell) -> int:
    """Ask the running daemon, and wait until it says that it is done."""
    accounts = running_daemons(state_dir(), shell.settings.venue.value)
    if options.kind == "panic":
        return await _panic(options, shell, accounts)
    account = _the_one(accounts)
    clock = SystemClock()
    arguments = {} if options.lasting is None else {"until": (clock.now() + options.lasting).isoformat()}
    with closing(Journal.in_file(journal_file(shell.settings))) as journal:
        asking = _asking(journal, account, shell)
        request = await asking.heard(asking.desk.ask(options.kind, options.symbol, arguments, clock.now()))
        if options.kind != "pause":
            request = await asking.over(request.id, math.inf, asyncio.Event(), lambda _request: None)
        elif request.ended_at is not None:
            raise SafetyRefused(request.answer or "it was not heard")
    shell.output.people.print(_said(options, request), markup=False)
    return 0


async def _panic(options: HandOptions, shell: Shell, accounts: tuple[str, ...]) -> int:
    from marginbot.cli.run_unwind import execute as unwind
    from marginbot.cli.unwind import UnwindOptions

    if not accounts:
        shell.output.people.print("No `marginbot run` is at work: panic is `unwind --all` now.")
        return await unwind(UnwindOptions(None, Into.QUOTE, False, options.yes, True, False), shell)
    account = _the_one(accounts)
    question = f"Bring every pair home to spot on {shell.settings.venue.value} now, through the running daemon?"
    if not options.yes and not shell.output.confirm(question):
        raise SafetyRefused("not confirmed: nothing was sent")
    stop = asyncio.Event()
    with closing(Journal.in_file(journal_file(shell.settings))) as journal, stopping(stop, shell.output):
        asking = _asking(journal, account, shell)
        until = asking.clock.monotonic() + shell.settings.unwind.deadline
        request = await asking.heard(asking.desk.ask("panic", None, {}, asking.clock.now()))
        request = await asking.over(request.id, until, stop, lambda _request: None)
        ends = journal.ends_of(list(request.episodes.values()))
    return _ended(request, [outcome for outcome, _ in ends.values()], shell)


def _ended(request: Request, outcomes: list[str], shell: Shell) -> int:
    if request.ended_at is not None and not request.episodes and request.answer != NOTHING_TO_DO:
        raise SafetyRefused(request.answer or "the daemon did nothing")
    if request.ended_at is None:
        going = ", ".join(sorted(request.episodes)) or "every pair"
        told = f"Not over yet; `marginbot run` goes on bringing {going} home. Run the same command again to follow it."
    else:
        told = (request.answer or "done").replace("; ", "\n")
    shell.output.people.print(told, markup=False)
    all_home = len(outcomes) == len(request.episodes) and set(outcomes) <= {Outcome.FLAT.value}
    return 0 if request.ended_at is not None and all_home else 1


def _asking(journal: Journal, account: str, shell: Shell) -> Asking:
    return Asking(Desk(journal.file, account), state_dir(), shell.settings.venue.value)


def _the_one(accounts: tuple[str, ...]) -> str:
    if not accounts:
        raise SafetyRefused("no `marginbot run` is at work here: there is nobody to ask")
    if len(accounts) > 1:
        raise ConfigError(
            f"daemons of {len(accounts)} accounts run from this state directory: give each its own (XDG_STATE_HOME)"
        )
    return accounts[0]


def _said(options: HandOptions, request: Request) -> str:
    if options.kind != "pause":
        return request.answer or "done"
    of, lasting = options.symbol or "every pair", options.lasting
    until = "until `marginbot resume`" if lasting is None else f"until {local_time(request.asked_at + lasting)}"
    return f"{of} is paused {until}: the daemon looks and tells, and sends nothing."
