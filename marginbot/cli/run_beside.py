"""`unwind` beside a running daemon of the same account: the daemon does the work, this command asks, follows and reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from marginbot.app import App
from marginbot.cli.asking import Asking
from marginbot.cli.shell import Shell
from marginbot.cli.story import step_line
from marginbot.domain.amounts import Symbol, plain
from marginbot.domain.plan import Goal
from marginbot.engine.daemon.desk import Desk, Request
from marginbot.engine.journal.retold import priced, retold, take_over
from marginbot.engine.lock import running_daemons
from marginbot.engine.patience import DeadlineReached, Interrupted
from marginbot.engine.report import Outcome, RunReport, StepReport, StepStatus
from marginbot.errors import ExchangeError, SafetyRefused

READS_WITHIN = 30.0
_HOME = {Outcome.FLAT.value: Outcome.FLAT, Outcome.RESIDUE.value: Outcome.RESIDUE}


async def daemon_beside(app: App) -> Asking | None:
    """The desk of the daemon that watches this account; None when there is none. Raises: ExchangeError."""
    daemons = running_daemons(app.locks, app.venue)
    if not daemons:
        return None
    uid = (await app.patience(READS_WITHIN).ask(app.exchange.spot_wallet)).uid
    return Asking(Desk(app.journal.file, uid), app.locks, app.venue, app.clock) if uid in daemons else None


async def hand_over(asking: Asking, app: App, goals: Sequence[Goal], shell: Shell) -> list[RunReport]:
    """Ask for all of them at once, then follow one after the other; each ends with a fresh read of its pair."""
    until = app.clock.monotonic() + app.settings.unwind.deadline
    asked = [await _asked(asking, app, goal) for goal in goals]
    return [await one.to_its_end(until, shell) for one in asked]


async def _asked(asking: Asking, app: App, goal: Goal) -> _Handed:
    """A pair that cannot be unwound is not asked for. Raises: ConfigError for one that the exchange does not know."""
    report = await app.plan(goal)
    handed = _Handed(asking, app, goal.symbol, report)
    if report.outcome is Outcome.PLANNED:
        report.steps, report.outcome = [], Outcome.STOPPED
        handed.number = asking.desk.ask("unwind", goal.symbol, _arguments(goal, app), app.clock.now())
    return handed


def _arguments(goal: Goal, app: App) -> Mapping[str, str]:
    cap = plain(app.limits.max_slippage_bps)
    return {"into": goal.into.value, "sweep": str(goal.sweep).lower(), "cap_bps": cap}


@dataclass(slots=True)
class _Handed:
    """One pair in the daemon's hands. number: of its request, None when it was refused before."""

    asking: Asking
    app: App
    symbol: Symbol
    report: RunReport
    number: int | None = None
    _told: set[int] = field(default_factory=set)

    async def to_its_end(self, until: float, shell: Shell) -> RunReport:
        """Say what happens while it happens; then how it ended."""
        if self.number is None:
            return self.report
        shell.output.progress.print(f"[heading]Unwinding {self.symbol}[/heading] through the running daemon")
        began = self.app.clock.monotonic()
        request = self.asking.desk.one(self.number)
        try:
            request = await self.asking.heard(self.number)
            request = await self.asking.over(self.number, until, self.app.stop, lambda now: self._tell(now, shell))
            self._judge(request)
        except SafetyRefused as nobody:
            heard = request is not None and request.taken_at is not None
            self.report.outcome = Outcome.STOPPED if heard else Outcome.REFUSED
            self.report.reason = str(nobody)
        await self._look(self.asking.desk.one(self.number))
        self.report.elapsed_ms += round((self.app.clock.monotonic() - began) * 1000)
        return self.report

    def _judge(self, request: Request) -> None:
        ends = self.app.journal.ends_of(list(request.episodes.values()))
        if request.ended_at is not None and self.symbol in ends:
            outcome, self.report.reason = ends[self.symbol]
            self.report.outcome = _HOME.get(outcome, Outcome.STOPPED)
        elif request.ended_at is not None:
            self.report.outcome, self.report.reason = Outcome.REFUSED, request.answer or "the daemon did nothing"
        else:
            why = "a signal asked to stop" if self.app.stop.is_set() else "the deadline passed"
            self.report.reason = (
                f"{why}; `marginbot run` goes on bringing {self.symbol} home: run the same command again to follow it"
            )

    async def _look(self, request: Request | None) -> None:
        """The steps of this request, what they cost, and the pair as it is now. What cannot be read is left as it was."""
        steps = [] if request is None else self._steps(request)
        take_over(self.report, steps)
        patience = self.app.patience(READS_WITHIN)
        try:
            with self.app.exchange.metering() as meter:
                rows = await patience.ask(self.app.exchange.isolated_accounts)
                for step in steps:
                    await patience.ask(lambda step=step: priced(self.app.exchange, step))  # type: ignore[misc]
        except (ExchangeError, DeadlineReached, Interrupted) as unread:
            self.report.notices.append(str(unread))
            return
        self.report.after = rows[self.symbol]
        self.report.requests += meter.requests
        self.report.round_trips += meter.round_trips

    def _steps(self, request: Request) -> list[StepReport]:
        episode = request.episodes.get(self.symbol)
        history = self.app.journal.history(request.asked_at, self.symbol)
        return [retold(intent) for intent in history if intent.episode_id == episode]

    def _tell(self, request: Request, shell: Shell) -> None:
        for step in self._steps(request):
            if step.status is not StepStatus.UNKNOWN and step.intent_id is not None and step.intent_id not in self._told:
                self._told.add(step.intent_id)
                shell.output.progress.print(step_line(step))
