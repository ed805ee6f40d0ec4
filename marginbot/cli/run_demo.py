"""The body of `demo`: a leveraged long falls on a fresh paper exchange and is brought home by the code that does it live."""

from __future__ import annotations

from decimal import Decimal

from marginbot.app import App, open_demo
from marginbot.cli.demo import DemoOptions
from marginbot.cli.shell import Shell
from marginbot.cli.signals import stopping
from marginbot.cli.story import Progress, closing_report
from marginbot.cli.style import danger
from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import Symbol, plain
from marginbot.domain.margin import price_at
from marginbot.domain.plan import Goal
from marginbot.engine.patience import Interrupted
from marginbot.engine.report import Outcome
from marginbot.engine.survey import PairSurvey

PAIR = Symbol("BTCUSDT")
TRIGGER = Decimal("1.15")
LOOK_EVERY = 1.0


async def execute(options: DemoOptions, shell: Shell) -> int:
    """Watch, unwind at the trigger, account for every digit."""
    async with open_demo(shell.settings) as app:
        with stopping(app.stop, shell.output):
            try:
                watched = await _watch(app, shell)
            except Interrupted:
                shell.output.progress.print("Stopped before the trigger: nothing was sent.")
                return 1
            return await _unwind(app, shell, watched)


async def _watch(app: App, shell: Shell) -> list[IsolatedAccount]:
    """One line per look until the level falls through the trigger. Returns what was seen, for the reckoning."""
    say = shell.output.progress.print
    pair = (await app.status((PAIR,))).pairs[0]
    trigger_price = price_at(pair.account, TRIGGER)
    say("[heading]A 5x long on the embedded margin testnet. No keys, no network, no money.[/heading]")
    say(
        f"{plain(pair.account.base.total)} BTC held, {plain(pair.account.quote.liability)} USDT owed. The exchange would "
        f"liquidate at {_price(pair.liquidation_price)} (level {plain(pair.liquidation_level)}) and keep 2 % of it all."
    )
    say(f"marginbot unwinds when the margin level falls below {plain(TRIGGER)}, that is at {_price(trigger_price)}.\n")
    seen = [pair.account]
    while pair.margin_level is not None and pair.margin_level >= TRIGGER:
        say(_line(pair))
        await app.pause(LOOK_EVERY)
        pair = (await app.status((PAIR,))).pairs[0]
        seen.append(pair.account)
    say(_line(pair))
    say(f"\n[danger]The level fell through {plain(TRIGGER)}.[/danger] Unwinding: cancel, close, repay, sweep, look again.\n")
    return seen


async def _unwind(app: App, shell: Shell, watched: list[IsolatedAccount]) -> int:
    progress = Progress(shell.output.progress, max(shell.output.verbose, 1))
    run = app.unwind(Goal(PAIR), progress.hear)
    for account in watched:
        run.reckoning.look(account)
    report = await run.run()
    shell.output.people.print()
    shell.output.people.print(closing_report(report, run.reckoning))
    if report.outcome is not Outcome.FLAT or not run.reckoning.holds:
        return max(report.exit_code, 1)
    shell.output.people.print(
        "\nEvery digit is accounted for. The same code works on the live exchange.\n"
        "Next: marginbot status, marginbot plan BTCUSDT, marginbot unwind BTCUSDT, all on your own paper world."
    )
    return 0


def _line(pair: PairSurvey) -> str:
    word = danger(pair.margin_level, pair.liquidation_level)
    level = "-" if pair.margin_level is None else f"{pair.margin_level:.4f}"
    distance = "-" if pair.distance_pct is None else f"{pair.distance_pct:.2f} %"
    index = f"{pair.account.index_price:.2f}"
    shown = f"[{word.value}]{level}  {word.value:<8}[/{word.value}]"
    return f"  index {index:>10}   level {shown}   {distance} to liquidation"


def _price(price: Decimal | None) -> str:
    return "no price" if price is None else f"{price:.2f}"
