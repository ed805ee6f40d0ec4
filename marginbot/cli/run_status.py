"""The body of `status`."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from marginbot.app import App, open_app
from marginbot.cli.documents import status_document
from marginbot.cli.output import amount, local_time
from marginbot.cli.shell import Shell
from marginbot.cli.signals import stopping
from marginbot.cli.status import StatusOptions
from marginbot.cli.style import danger
from marginbot.domain.amounts import half_up, plain
from marginbot.engine.patience import Interrupted
from marginbot.engine.survey import PairSurvey, Survey

LOOK_EVERY = 2.0


async def execute(options: StatusOptions, shell: Shell) -> int:
    """Look once, or again and again with --watch."""
    async with open_app(shell.settings, dry_run=True) as app:
        with stopping(app.stop, shell.output):
            if options.watch:
                return await _watch(app, options, shell)
            survey = await app.status(options.symbols)
    if options.json:
        shell.output.emit_json(status_document(survey, app.venue))
    else:
        shell.output.people.print(status_view(survey, app.venue))
    return 0


async def _watch(app: App, options: StatusOptions, shell: Shell) -> int:
    try:
        with Live(console=shell.output.people, auto_refresh=False) as live:
            while True:
                live.update(status_view(await app.status(options.symbols), app.venue), refresh=True)
                await app.pause(LOOK_EVERY)
    except Interrupted:
        return 0


def status_view(survey: Survey, venue: str) -> RenderableType:
    """The table of pairs and what lies in spot."""
    table = Table(title=f"Isolated margin on {venue}, {local_time(survey.at)}", title_justify="left")
    table.add_column("pair", no_wrap=True)
    for name in ("level", "danger", "to liquidation", "liquidation at", "index", "owed", "held", "equity", "interest/day"):
        table.add_column(name, justify="right" if name not in ("danger", "owed", "held") else "left", overflow="fold")
    for pair in survey.pairs:
        table.add_row(*_row(pair))
    spot = ", ".join(amount(free, asset) for asset, free in survey.spot.items() if free > 0) or "nothing"
    lines = [f"[dim]spot holds[/dim] {escape(spot)}"]
    if survey.disabled:
        lines.append(f"[watch]disabled, not watched:[/watch] {escape(', '.join(survey.disabled))}")
    if not survey.pairs:
        return Group("No isolated pair is open on this account.", *lines)
    return Group(table, *lines)


def _row(pair: PairSurvey) -> tuple[str, ...]:
    account = pair.account
    word = danger(pair.margin_level, pair.liquidation_level)
    level = "-" if pair.margin_level is None else f"{pair.margin_level:.4f}"
    sides = (account.base, account.quote)
    return (
        account.symbol,
        f"[{word.value}]{level}[/{word.value}]",
        f"[{word.value}]{word.value}[/{word.value}]" + ("" if account.trade_enabled else " (trading off)"),
        "-" if pair.distance_pct is None else f"{pair.distance_pct:.2f} %",
        "-" if pair.liquidation_price is None else plain(half_up(pair.liquidation_price, 8)),
        plain(account.index_price),
        escape(" + ".join(amount(side.liability, side.asset) for side in sides if side.liability > 0) or "-"),
        escape(" + ".join(amount(side.total, side.asset) for side in sides if side.total > 0) or "-"),
        f"{pair.equity_value:.2f}",
        "-" if pair.interest_per_day is None else f"{pair.interest_per_day:.4f}",
    )
