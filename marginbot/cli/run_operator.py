"""The body of `pause`, `resume`, `ack` and `panic`: a row on the daemon's desk, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

from marginbot.cli.operator import HandOptions
from marginbot.cli.output import local_time
from marginbot.cli.shell import Shell
from marginbot.domain.amounts import Symbol
from marginbot.domain.plan import Into
from marginbot.engine.clock import SystemClock
from marginbot.engine.desk import Desk, Request
from marginbot.engine.journal import Journal
from marginbot.engine.lock import running_daemons
from marginbot.errors import ConfigError, SafetyRefused
from marginbot.settings import journal_file, state_dir

HEARD_WITHIN, ASK_EVERY = 5.0, 0.2


async def execute(options: HandOptions, shell: Shell) -> int:
    """Ask the running daemon, and wait until it says that it is done."""
    accounts = running_daemons(state_dir(), shell.settings.venue.value)
    if options.kind == "panic":
        return await _panic(options, shell, accounts)
    account = _the_one(accounts)
    arguments = {} if options.lasting is None else {"until": (SystemClock().now() + options.lasting).isoformat()}
    with closing(Journal.in_file(journal_file(shell.settings))) as journal:
        desk = Desk(journal.file, account)
        request = await ask(
            desk, options.kind, options.symbol, arguments, _running(shell), wait_for_end=options.kind != "pause"
        )
    shell.output.people.print(_said(options, request, options.lasting))
    return 0


async def ask(
    desk: Desk,
    kind: str,
    symbol: Symbol | None,
    arguments: dict[str, str],
    still_there: Callable[[], bool],
    *,
    wait_for_end: bool,
) -> Request:
    """Put a request down and wait until it was taken, and for some until it is over. Raises: SafetyRefused when nobody hears."""
    clock = SystemClock()
    number = desk.ask(kind, symbol, arguments, clock.now())
    began = clock.monotonic()
    while True:
        request = desk.one(number)
        assert request is not None  # noqa: S101  # rows are never deleted while they are open
        if request.ended_at is not None or (request.taken_at is not None and not wait_for_end):
            return request
        if request.taken_at is not None and not still_there():
            raise SafetyRefused(f"`marginbot run` ended before {kind!r} was over; what it began goes on at its next start")
        if request.taken_at is None and clock.monotonic() - began > HEARD_WITHIN:
            desk.end(number, "nobody heard it in time", clock.now())
            raise SafetyRefused(f"`marginbot run` did not hear {kind!r} within {HEARD_WITHIN:.0f} s; nothing changed")
        await clock.sleep(ASK_EVERY)


async def _panic(options: HandOptions, shell: Shell, accounts: tuple[str, ...]) -> int:
    from marginbot.cli.run_unwind import execute as unwind
    from marginbot.cli.unwind import UnwindOptions

    if not accounts:
        shell.output.people.print("No `marginbot run` is at work: panic is `unwind --all` now.")
        return await unwind(UnwindOptions(None, Into.QUOTE, False, options.yes, True, False), shell)
    if not options.yes and not shell.output.confirm("Bring every pair home to spot now, through the running daemon?"):
        return 1
    with closing(Journal.in_file(journal_file(shell.settings))) as journal:
        request = await ask(Desk(journal.file, _the_one(accounts)), "panic", None, {}, _running(shell), wait_for_end=True)
    shell.output.people.print(request.answer or "done", markup=False)
    return 0 if all(": flat" in part or part == "nothing to do" for part in (request.answer or "").split("; ")) else 1


def _running(shell: Shell) -> Callable[[], bool]:
    return lambda: bool(running_daemons(state_dir(), shell.settings.venue.value))


def _the_one(accounts: tuple[str, ...]) -> str:
    if not accounts:
        raise SafetyRefused("no `marginbot run` is at work here: there is nobody to ask")
    if len(accounts) > 1:
        raise ConfigError(
            f"daemons of {len(accounts)} accounts run from this state directory: give each its own (XDG_STATE_HOME)"
        )
    return accounts[0]


def _said(options: HandOptions, request: Request, lasting: timedelta | None) -> str:
    of = options.symbol or "every pair"
    if options.kind != "pause":
        return request.answer or "done"
    until = "until `marginbot resume`" if lasting is None else f"until {local_time(request.asked_at + lasting)}"
    return f"{of} is paused {until}: the daemon looks and tells, and sends nothing."
