"""The body of `plan`."""

from __future__ import annotations

from marginbot.app import open_app
from marginbot.cli.documents import run_document
from marginbot.cli.plan import PlanOptions
from marginbot.cli.shell import Shell
from marginbot.cli.signals import stopping
from marginbot.cli.story import closing_report, plan_table
from marginbot.domain.plan import Goal
from marginbot.engine.report import Outcome, RunReport


async def execute(options: PlanOptions, shell: Shell) -> int:
    """Read once, show the way, send nothing."""
    async with open_app(shell.settings, dry_run=True) as app:
        with stopping(app.stop, shell.output):
            report = await app.plan(Goal(options.symbol, options.into))
    if options.json:
        shell.output.emit_json(run_document(report))
    else:
        show_plan(report, shell)
    return report.exit_code


def show_plan(report: RunReport, shell: Shell) -> None:
    """The steps to come as a table, and the sum of it."""
    if report.outcome is Outcome.PLANNED and report.steps:
        shell.output.people.print(plan_table(report))
    shell.output.people.print(closing_report(report))
