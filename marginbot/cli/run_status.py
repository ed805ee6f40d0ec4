"""The body of `status`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

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
from marginbot.domain.amounts import Asset, plain
from marginbot.domain.plan import BACKSTOP
from marginbot.domain.policy import Policy
from marginbot.engine.journal.notebook import Notebook
from marginbot.engine.patience import Interrupted
from marginbot.engine.prospects import Prospect, prospect
from marginbot.engine.survey import PairSurvey, Survey
from marginbot.rules.outlook import RuleOutlook
from marginbot.rules.words import price_text
from marginbot.settings.policy_file import policy_of

LOOK_EVERY = 2.0


async def execute(options: StatusOptions, shell: Shell) -> int:
    """Look once, or again and again with --watch."""
    policy = policy_of(shell.settings)
    async with open_app(shell.settings, dry_run=True) as app:
        with stopping(app.stop, shell.output):
            if options.watch:
                return await _watch(app, options, shell, policy)
            survey = await app.status(options.symbols)
            prospects = _prospects(app, survey, policy)
    if options.json:
        shell.output.emit_json(status_document(survey, app.venue, prospects))
    else:
        shell.output.people.print(status_view(survey, app.venue, prospects))
    return 0


async def _watch(app: App, options: StatusOptions, shell: Shell, policy: Policy) -> int:
    try:
        with Live(console=shell.output.people, auto_refresh=False) as live:
            while True:
                survey = await app.status(options.symbols)
                live.update(status_view(survey, app.venue, _prospects(app, survey, policy)), refresh=True)
                await app.pause(LOOK_EVERY)
    except Interrupted:
        return 0


def _prospects(app: App, survey: Survey, policy: Policy) -> tuple[Prospect, ...]:
    """Each pair with its rules, as a daemon of this account remembers them."""
    notebook = Notebook(app.journal.file, survey.account)
    return tuple(prospect(pair, survey.at, policy, memories=notebook.memories(pair.account.symbol)) for pair in survey.pairs)


def status_view(survey: Survey, venue: str, prospects: Sequence[Prospect]) -> RenderableType:
    """The table of pairs, the most endangered first, the rules of those that owe, and what lies in spot."""
    table = Table(title=f"Isolated margin on {venue}, {local_time(survey.at)}", title_justify="left")
    for name in ("pair", "level", "liquidation", "index", "owed", "held", "equity"):
        table.add_column(name, justify="left" if name in ("pair", "level") else "right", overflow="fold")
    for pair in survey.pairs:
        table.add_row(*_row(pair))
    spot = ", ".join(amount(free, asset) for asset, free in survey.spot.items() if free > 0) or "nothing"
    lines = [*_rules(prospects), f"[dim]spot holds[/dim] {escape(spot)}"]
    if survey.disabled:
        lines.append(f"[watch]disabled, not watched:[/watch] {escape(', '.join(survey.disabled))}")
    if not survey.pairs:
        return Group("No isolated pair is open on this account.", *lines)
    return Group(table, *lines)


def _rules(prospects: Sequence[Prospect]) -> Iterator[str]:
    """A line for each pair in debt: its armed rules and the prices at which they fire."""
    for one in prospects:
        if one.pair.account.owes:
            fires = ", ".join(_rule(rule) for rule in one.rules) or "no rules"
            ladder = f"[dim]rules of[/dim] {escape(one.pair.account.symbol)} [dim]({escape(one.assigned.ladder.name)})[/dim]"
            yield f"{ladder} {fires}"
            yield from (f"[watch]alarm:[/watch] {escape(alarm)}" for alarm in one.assigned.alarms)


def _rule(rule: RuleOutlook) -> str:
    name = escape(rule.name)
    if not rule.armed:
        return f"[dim]{name} ({'has nothing to do' if rule.name == BACKSTOP else 'has fired'})[/dim]"
    if rule.fires_now:
        return f"[danger]{name} now[/danger]"
    return name if rule.fires_at_price is None else f"{name} at {price_text(rule.fires_at_price)}"


def _row(pair: PairSurvey) -> tuple[str, ...]:
    account, quote = pair.account, pair.account.quote.asset
    word = danger(pair.margin_level, pair.liquidation_level).value
    level = "owes nothing" if pair.margin_level is None else f"{pair.margin_level:.4f}\n{word}"
    off = "" if account.trade_enabled else "\n[danger]trading off[/danger]"
    interest = "" if pair.interest_per_day is None else f"\n[dim]{pair.interest_per_day:.4f} a day[/dim]"
    sides = (account.base, account.quote)
    return (
        f"{escape(account.symbol)}{off}",
        f"[{word}]{level}[/{word}]",
        _liquidation(pair),
        plain(account.index_price),
        _coins({side.asset: side.liability for side in sides}) + interest,
        _coins({side.asset: side.total for side in sides}),
        f"{pair.equity_value:.2f}\n[dim]{escape(quote)}[/dim]",
    )


def _liquidation(pair: PairSurvey) -> str:
    if pair.liquidation_price is None:
        return "-"
    return f"{price_text(pair.liquidation_price)}\n[dim]{pair.distance_pct:.2f} % away[/dim]"


def _coins(amounts: Mapping[Asset, Decimal]) -> str:
    return escape("\n".join(amount(value, asset) for asset, value in amounts.items() if value > 0) or "-")
