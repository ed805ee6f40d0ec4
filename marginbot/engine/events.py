"""What a run tells its audience while it works. Listeners only listen: nothing they do can reach the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import Symbol
from marginbot.domain.look import Look
from marginbot.domain.plan import Plan
from marginbot.domain.policy import Rule
from marginbot.engine.report import RunReport, StepReport


@dataclass(frozen=True, slots=True)
class Looked:
    """A look was accepted."""

    look: Look


@dataclass(frozen=True, slots=True)
class Decided:
    """The planner has spoken."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A write is about to be sent."""

    report: StepReport


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A write has an outcome, perhaps not yet its proof."""

    report: StepReport


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know; `alarm` when it should wake somebody, `critical` when a position ended by it."""

    text: str
    alarm: bool = False
    critical: bool = False


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule of the pair's ladder fired on this account."""

    rule: Rule
    because: str
    account: IsolatedAccount


@dataclass(frozen=True, slots=True)
class Rearmed:
    """What a rule told of is over: it may fire again."""

    rule: str
    account: IsolatedAccount


@dataclass(frozen=True, slots=True)
class Pursued:
    """An errand of a rule came to an end, whichever."""

    rule: str
    report: RunReport


EVERYWHERE: Final = Symbol("")
"""The pair of an event that is about the whole account."""

Event = Looked | Decided | StepStarted | StepEnded | Notice | Fired | Rearmed | Pursued
Observer = Callable[[Event], None]


def nobody(_event: Event) -> None:
    """The audience of a run that nobody watches."""
