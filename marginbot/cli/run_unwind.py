"""The body of `unwind`."""

from __future__ import annotations

from marginbot.app import App, open_app
from marginbot.cli.documents import run_document
from marginbot.cli.run_beside import daemon_beside, hand_over
from marginbot.cli.run_plan import show_plan
from marginbot.cli.shell import Shell
from marginbot.cli.signals import stopping
from marginbot.cli.story import Progress, closing_report
from marginbot.cli.unwind import UnwindOptions
from marginbot.domain.amounts import Symbol
from marginbot.domain.plan import Goal
from marginbot.engine.report import Outcome, RunReport
from marginbot.errors import SafetyRefused


async def execute(options: UnwindOptions, shell: Shell) -> int:
    """Unwind one pair or all; a dry run is the plan."""
    async with open_app(shell.settings, dry_run=options.dry_run) as app:
        with stopping(app.stop, shell.output):
            symbols = await _symbols(app, options, shell)
            if options.dry_run:
                reports = [await app.plan(Goal(symbol, options.into, options.sweep)) for symbol in symbols]
            else:
                reports = await _unwind(app, symbols, options, shell)
            # Still inside: a signal must not cut the document off.
            _emit(reports, options, shell)
    return max((report.exit_code for report in reports), default=0)


async def _unwind(app: App, symbols: list[Symbol], options: UnwindOptions, shell: Shell) -> list[RunReport]:
    reports: list[RunReport] = []
    if not options.yes:
        reports, symbols = await _ask(app, symbols, options, shell)
    daemon = await daemon_beside(app) if symbols else None
    if daemon is not None:
        handed = await hand_over(daemon, app, [Goal(symbol, options.into, options.sweep) for symbol in symbols], shell)
        if not options.json:
            for report in handed:
                shell.output.people.print(closing_report(report))
        return [*reports, *handed]
    for symbol in symbols:
        shell.output.progress.print(f"[heading]Unwinding {symbol}[/heading] on {app.venue}")
        progress = Progress(shell.output.progress, shell.output.verbose)
        run = app.unwind(Goal(symbol, options.into, options.sweep), progress.hear)
        report = await run.run()
        reports.append(report)
        if not options.json:
            shell.output.people.print(closing_report(report, run.reckoning))
    return reports


async def _symbols(app: App, options: UnwindOptions, shell: Shell) -> list[Symbol]:
    """The named pair, or every pair that owes or holds something, the most endangered first."""
    if options.symbol is not None:
        return [options.symbol]
    survey = await app.status()
    busy = [pair.account.symbol for pair in survey.pairs if not pair.account.is_empty]
    if not busy:
        shell.output.progress.print("No isolated pair owes or holds anything: nothing to unwind.")
    return busy


async def _ask(app: App, symbols: list[Symbol], options: UnwindOptions, shell: Shell) -> tuple[list[RunReport], list[Symbol]]:
    """Show the plans and ask a person. Returns the pairs that stay out, as reports, and those that are agreed on."""
    plans = [await app.plan(Goal(symbol, options.into, options.sweep)) for symbol in symbols]
    out = [report for report in plans if report.outcome is not Outcome.PLANNED]
    ready = [report for report in plans if report.outcome is Outcome.PLANNED]
    if not ready:
        return out, []
    try:
        if shell.output.can_ask():
            for report in ready:
                show_plan(report, shell)
        names = ", ".join(report.symbol for report in ready)
        if shell.output.confirm(f"Unwind {names} on {app.venue} now?"):
            return out, [report.symbol for report in ready]
        reason = "not confirmed: nothing was sent"
    except SafetyRefused as nobody:
        reason = str(nobody)
    for report in ready:
        report.outcome, report.reason, report.steps = Outcome.REFUSED, reason, []
    return [*out, *ready], []


def _emit(reports: list[RunReport], options: UnwindOptions, shell: Shell) -> None:
    if options.json:
        documents = [run_document(report) for report in reports]
        shell.output.emit_json({"pairs": documents} if options.symbol is None else documents[0])
        return
    for report in reports:
        if report.outcome is Outcome.PLANNED or (report.outcome is Outcome.REFUSED and not report.steps):
            show_plan(report, shell)
