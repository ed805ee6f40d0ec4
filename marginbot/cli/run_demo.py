"""The body of `demo`: a leveraged long falls on a fresh paper exchange, and the daemon that guards live accounts guards it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from rich.markup import escape

from marginbot.app.demo import PAIR, Demo, open_demo
from marginbot.app.guard import open_guard
from marginbot.cli.demo import DemoOptions
from marginbot.cli.shell import Shell
from marginbot.cli.signals import stopping
from marginbot.cli.story import closing_report, position, step_line
from marginbot.cli.style import danger
from marginbot.domain.amounts import ZERO, Symbol, half_up
from marginbot.engine.alerts import words
from marginbot.engine.daemon.daemon import Daemon
from marginbot.engine.events import Event, Fired, Looked, Notice, Pursued, StepEnded
from marginbot.engine.patience import Interrupted
from marginbot.engine.ports import Clock
from marginbot.engine.prospects import prospect
from marginbot.engine.reckoning import Reckoning
from marginbot.engine.report import Outcome, RunReport
from marginbot.engine.survey import PairSurvey
from marginbot.settings import Venue
from marginbot.settings.policy_file import policy_of

AT_MOST: Final = 50.0
"""Seconds; the fall itself takes 25."""
LINE_EVERY: Final = 1.0

logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it tells every run of every job


@dataclass(slots=True)
class Narrator:
    """Tells what the daemon does while it does it, and keeps the reckoning of the whole story.

    stop: set once the pair is flat. whole: all errands as one. acted: names of the rules that fired, in order.
    """

    shell: Shell
    stop: asyncio.Event
    reckoning: Reckoning = field(default_factory=Reckoning)
    whole: RunReport = field(default_factory=lambda: RunReport(PAIR, Venue.PAPER.value, Outcome.STOPPED, "no rule acted"))
    acted: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.shell.output.progress.print(text)

    def hear(self, symbol: Symbol, event: Event) -> None:
        """An audience of the daemon."""
        self.reckoning.hear(event)
        match event:
            case Looked(look=look):
                self.whole.before = self.whole.before or look.account
                self.whole.after = look.account
            case Fired(rule=rule, because=because):
                self.acted.append(rule.name)
                self._say_titled(*words.fired(rule, because))
            case StepEnded(report=report):
                self.say(f"  {step_line(report)}")
            case Pursued(rule=rule, report=report):
                self._say_titled(*words.pursued(rule, report))
                self._count(report)
            case Notice(text=text, alarm=True):
                self.say(f"  [danger]! {escape(text)}[/danger]")

    def _say_titled(self, title: str, text: str) -> None:
        self.say(f"  [heading]{escape(title)}.[/heading] {escape(text)}")

    def _count(self, report: RunReport) -> None:
        whole = self.whole
        whole.outcome, whole.reason = report.outcome, report.reason
        whole.steps += report.steps
        for asset, amount in report.swept.items():
            whole.swept[asset] = whole.swept.get(asset, ZERO) + amount
        whole.requests += report.requests
        whole.round_trips += report.round_trips
        whole.elapsed_ms += report.elapsed_ms
        if report.outcome is Outcome.FLAT:
            self.stop.set()


async def execute(options: DemoOptions, shell: Shell) -> int:
    """Show the rules, let the price fall, account for every digit. 1 when it was stopped or did not end as it should."""
    return (await play(shell))[0]


async def play(shell: Shell, clock: Clock | None = None) -> tuple[int, Narrator]:
    """The demo by any clock."""
    async with open_demo(shell.settings, clock) as demo:
        narrator = Narrator(shell, demo.app.stop)
        with stopping(demo.app.stop, shell.output):
            async with open_guard(demo.app, narrator.hear) as daemon:
                with suppress(Interrupted):
                    await _introduce(demo, narrator)
                    daemon.beside["the prices"] = lambda: demo.tell_prices(daemon.watch.fences)
                    daemon.beside["the story"] = lambda: _tell(demo, daemon, narrator)
                    await daemon.run()
        return _close(demo, narrator), narrator


async def _introduce(demo: Demo, narrator: Narrator) -> None:
    """The position, the rules, and the price at which each of them would fire."""
    survey = await demo.app.status((PAIR,))
    pair, say = survey.pairs[0], narrator.say
    say("[heading]A 5x long on the embedded margin testnet. No keys, no network, no money.[/heading]")
    say(escape(f"It {position(pair.account)}. The exchange would liquidate at {_price(pair.liquidation_price)}."))
    say("The rules of its owner, from the mildest to the most severe, and the prices at which they fire now:\n")
    for rule in prospect(pair, survey.at, policy_of(demo.app.settings)).rules:
        say(f"  {escape(rule.sentence)}")
    say("\nEach act moves the prices of the rules after it further away. Now the price falls.\n")


async def _tell(demo: Demo, daemon: Daemon, narrator: Narrator) -> None:
    """A line a second while nothing is being done, until the end; and the end, should nothing else bring it."""
    app = demo.app
    ends_at = app.clock.monotonic() + AT_MOST
    with suppress(Interrupted):
        while not app.stop.is_set():
            watched = daemon.watch.pairs.get(PAIR)
            if watched is None or not watched.busy:
                narrator.say(_line((await app.status((PAIR,))).pairs[0]))
            await app.pause(LINE_EVERY)
            if app.clock.monotonic() > ends_at:
                app.stop.set()


def _close(demo: Demo, narrator: Narrator) -> int:
    """Whether the story ended as it should, and what would have come without anybody."""
    whole, reckoning, print_ = narrator.whole, narrator.reckoning, narrator.shell.output.people.print
    if whole.outcome is not Outcome.FLAT:
        print_("\nStopped before the end of the story; its world is gone.")
        return 1
    print_()
    print_(closing_report(whole, reckoning))
    if not reckoning.holds or demo.liquidations or whole.after is None or whole.after.owes:
        print_("\n[danger]That is not how it should end.[/danger]")
        return 1
    alone, start = demo.unwatched(), _money(reckoning.start)
    print_(
        f"\nNothing is owed, nothing was liquidated, every digit is accounted for: {_money(reckoning.end)} of {start} USDT are "
        f"left.\nWith nobody watching, the exchange would have sold everything at {_price(alone.price)}, kept a fee of "
        f"{_money(alone.fee)}, and left {_money(alone.left)}."
        "\n\nThe same code guards the live exchange. Next, on your own paper world: marginbot status, marginbot policy check, "
        "marginbot run."
    )
    return 0


def _line(pair: PairSurvey) -> str:
    word = danger(pair.margin_level, pair.liquidation_level)
    level = "-" if pair.margin_level is None else f"{pair.margin_level:.4f}"
    distance = "-" if pair.distance_pct is None else f"{pair.distance_pct:.2f} %"
    index = f"{pair.account.index_price:.2f}"
    shown = f"[{word.value}]{level}  {word.value:<8}[/{word.value}]"
    return f"index {index:>10}   level {shown}   {distance} to liquidation"


def _money(value: Decimal) -> str:
    return f"{half_up(value, 2):.2f}"


def _price(price: Decimal | None) -> str:
    return "no price" if price is None else f"{price:.2f}"
