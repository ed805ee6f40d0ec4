"""An errand that a rule began: on every look a more severe rule may take it over, a milder one never."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from marginbot.domain.amounts import Symbol
from marginbot.domain.look import Look
from marginbot.domain.plan import Plan
from marginbot.domain.policy import Rule
from marginbot.domain.situation import Ruling
from marginbot.engine.errands import Errand
from marginbot.engine.report import Outcome


@dataclass(slots=True)
class Latched:
    """What fires is judged anew on every look, and told. severity: position of a rule in its ladder, by name."""

    current: Errand
    judged: Callable[[Look], Ruling]
    severity: Callable[[str], int]
    begun_by: Callable[[Rule, Look], Errand | None]

    @property
    def symbol(self) -> Symbol:
        return self.current.symbol

    @property
    def rule(self) -> str:
        return self.current.rule

    @property
    def transfers(self) -> bool:
        return self.current.transfers

    @property
    def brings(self) -> bool:
        return self.current.brings

    @property
    def reached(self) -> Outcome:
        return self.current.reached

    def plan(self, look: Look) -> Plan:
        fires = self.judged(look).fires
        if fires is not None and self.severity(fires.name) > self.severity(self.current.rule):
            self.current = self.begun_by(fires, look) or self.current
        return self.current.plan(look)

    def check(self, plan: Plan, look: Look, now: float, unresolved: tuple[str, ...]) -> None:
        self.current.check(plan, look, now, unresolved)

    def described(self) -> Mapping[str, str]:
        return self.current.described()
