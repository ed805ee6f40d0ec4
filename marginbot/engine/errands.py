"""What a cycle works for: it says what to do next on each look, and looks at every plan once more before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from marginbot.domain.amounts import Symbol
from marginbot.domain.look import Look
from marginbot.domain.plan import Goal, Limits, Plan
from marginbot.rules.guard import check
from marginbot.rules.unwind import plan


class Errand(Protocol):
    """One thing wanted of one pair. Pure: everything it may know is in the look."""

    @property
    def symbol(self) -> Symbol: ...

    @property
    def rule(self) -> str:
        """Who wants it: the name of a rule, or the command that was typed."""
        ...

    @property
    def transfers(self) -> bool:
        """Whether coins may move between wallets, which a key needs a right of its own for."""
        ...

    def plan(self, look: Look) -> Plan:
        """What to do next."""
        ...

    def check(self, plan: Plan, look: Look, now: float, unresolved: tuple[str, ...]) -> None:
        """Raises PlanRefused for a plan that must not be sent. now: monotonic seconds."""
        ...

    def described(self) -> Mapping[str, str]:
        """The goal as the journal keeps it."""
        ...


@dataclass(frozen=True, slots=True)
class ToFlat:
    """Unwind: no orders, nothing owed, the isolated wallet empty."""

    goal: Goal
    limits: Limits
    rule: str = "unwind"

    @property
    def symbol(self) -> Symbol:
        return self.goal.symbol

    @property
    def transfers(self) -> bool:
        return self.goal.sweep

    def plan(self, look: Look) -> Plan:
        return plan(self.goal, look, self.limits)

    def check(self, plan: Plan, look: Look, now: float, unresolved: tuple[str, ...]) -> None:
        check(self.goal, plan, look, now, unresolved)

    def described(self) -> Mapping[str, str]:
        return {"goal": "flat", "into": self.goal.into.value, "sweep": str(self.goal.sweep).lower()}
