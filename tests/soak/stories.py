"""Truths of what is told: events of the watch as they come, and messages as they arrive."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from marginbot.domain.amounts import Symbol
from marginbot.domain.margin import margin_level
from marginbot.domain.message import Message, Phase
from marginbot.domain.policy import DistanceBelow, Do, LevelBelow
from marginbot.engine.events import Event, Fired, Notice, Pursued, Rearmed, StepEnded
from marginbot.engine.report import Outcome
from marginbot.paper.books.wallets import DEFAULT_UID
from marginbot.paper.books.world import World
from marginbot.paper.keys import PAPER_API_KEY, PAPER_API_SECRET
from tests.soak.lines import Blame

SECRET = re.compile(rf"{re.escape(PAPER_API_SECRET)}|{re.escape(PAPER_API_KEY)}|signature=", re.IGNORECASE)
DEFECT = "this is a defect of marginbot"


@dataclass
class Stories:
    """Hears every process, one after the other. muted: whether messages may be lost now. diary: the last that was heard."""

    require: Blame
    world: World
    now: Callable[[], float]
    muted: Callable[[], bool]
    acts: Counter[str] = field(default_factory=Counter)
    fired: Counter[str] = field(default_factory=Counter)
    errands: Counter[str] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    diary: list[str] = field(default_factory=list)
    arrived_at: float = 0.0
    _warned: set[tuple[str, str]] = field(default_factory=set)
    _threads: dict[tuple[int, str], Phase] = field(default_factory=dict)
    _open: dict[tuple[int, str], str] = field(default_factory=dict)

    def hear(self, symbol: Symbol, event: Event) -> None:
        """An audience."""
        match event:
            case Fired():
                self._fired(symbol, event)
            case Rearmed(rule=rule):
                self._warned.discard((symbol, rule))
                self._note(f"{symbol} rearmed {rule}")
            case Pursued(rule=rule, report=report):
                self._note(f"{symbol} errand {rule}: {report.outcome.value}, {report.reason}")
                self.errands[f"{rule}: {report.outcome.value}"] += 1
                owes = self.world.account(DEFAULT_UID).isolated[symbol].owes()
                self.require("F12 flat is said of what is flat", report.outcome is not Outcome.FLAT or not owes, symbol)
            case StepEnded(report=step):
                self._note(f"{symbol} step {step.kind} {step.amount} {step.asset}: {step.status.value} {step.note}")
                self.acts[f"{step.kind} {step.status.value}"] += 1
            case Notice(text=text, alarm=alarm):
                self._note(f"{symbol} {'ALARM' if alarm else 'notice'} {text}")
                self.require("F47 no defect shows", DEFECT not in text, text)
                self.require("F46 no secret is told", SECRET.search(text) is None, "a notice")

    def read(self, life: int, messages: list[Message]) -> None:
        """Every message since the last time, told by this process. Where some were lost on the way no story is whole."""
        if self.muted():
            self._open.clear()
        if messages:
            self.arrived_at = self.now()
        for message in messages:
            self._message(life, message)
        messages.clear()

    def forget(self, life: int, *, journal_lost: bool) -> None:
        """A process is over; what it had open it cannot close any more. journal_lost: what it had in memory alone is gone."""
        if journal_lost:
            self._warned.clear()
        self._open = {key: thread for key, thread in self._open.items() if key[0] != life}

    def _fired(self, symbol: Symbol, event: Fired) -> None:
        rule, key = event.rule, (symbol, event.rule.name)
        self._note(f"{symbol} fired {rule.name}: {event.because}")
        self.fired[rule.name] += 1
        self.require("F37 without debt no rule fires", event.account.owes, f"{symbol} {rule.name}")
        if rule.do is Do.ALERT and isinstance(rule.when, LevelBelow | DistanceBelow):
            self.require("F39 an alert fires once until it is armed again", key not in self._warned, f"{symbol} {rule.name}")
            self._warned.add(key)
        # By what the look saw at the exchange's own index: when it is told the act may be done.
        true = margin_level(replace(event.account, index_price=self.world.market(symbol).index))
        if isinstance(rule.when, LevelBelow) and true is not None and "failed" not in event.because:
            shown = f"{symbol} {rule.name} at {true:.4f}"
            self.require("F41 what fires is true in the books", true <= rule.when.level * 102 / 100, shown)

    def _message(self, life: int, message: Message) -> None:
        key, subject = (life, message.thread), (life, message.subject)
        self.phases[message.phase.value] += 1
        self._note(f"message {message.thread} {message.phase.value}: {message.title}")
        whole = f"{message.title}\n{message.text}"
        self.require("F46 no secret is told", SECRET.search(whole) is None, message.title)
        self.require("F47 no defect shows", DEFECT not in whole, message.text)
        before = self._threads.get(key)
        self.require("F39 a story that is solved is over", before is not Phase.SOLVED, message.title)
        if message.phase is Phase.OPENED:
            self.require("F39 a story opens once", before in (None, Phase.NOTE), message.title)
            self.require("F39 one story at a time", subject not in self._open, message.title)
            self._open[subject] = message.thread
        elif message.phase is Phase.SOLVED:
            self._open.pop(subject, None)
        self._threads[key] = message.phase

    def _note(self, text: str) -> None:
        self.diary.append(f"{self.now():9.1f} {text}")
        del self.diary[:-4000]
