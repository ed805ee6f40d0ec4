"""How often things happened since the start, counted from the events of the watch."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from marginbot.domain.amounts import Symbol
from marginbot.engine.events import Event, Fired, Looked, Notice, Pursued, StepEnded


@dataclass(slots=True)
class Tally:
    """An audience. acts: by kind and status of the step; fired: by pair and deed; errands: by outcome."""

    looks: int = 0
    alarms: int = 0
    acts: Counter[tuple[str, str]] = field(default_factory=Counter)
    fired: Counter[tuple[str, str]] = field(default_factory=Counter)
    errands: Counter[str] = field(default_factory=Counter)

    def hear(self, symbol: Symbol, event: Event) -> None:
        """Count one event."""
        match event:
            case Looked():
                self.looks += 1
            case StepEnded(report=report):
                self.acts[report.kind, report.status.value] += 1
            case Fired(rule=rule):
                self.fired[symbol, rule.do.value] += 1
            case Pursued(report=report):
                self.errands[report.outcome.value] += 1
            case Notice(alarm=True):
                self.alarms += 1
            case _:
                pass
