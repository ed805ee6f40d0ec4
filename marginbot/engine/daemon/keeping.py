"""The errand of the backstop: to have it rest where the ladder puts it, or to have none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from marginbot.domain.amounts import Symbol
from marginbot.domain.look import Look
from marginbot.domain.plan import BACKSTOP, Plan
from marginbot.domain.policy import Ladder
from marginbot.engine.daemon.watched import Watched
from marginbot.engine.report import Outcome
from marginbot.rules.backstop_plan import check_backstop, plan_backstop

GOAL: Final = BACKSTOP
NOTHING: Final = Ladder("none", (), ())


@dataclass(frozen=True, slots=True)
class ToBackstop:
    """Milder than every rule of a ladder: whatever fires takes it over. known: whose ladder and memory of the pair hold.

    banded: the exchange has said that it limits the prices of this pair.
    """

    known: Watched
    now: Callable[[], datetime]
    banded: bool = False

    @property
    def symbol(self) -> Symbol:
        return self.known.symbol

    @property
    def rule(self) -> str:
        return BACKSTOP

    @property
    def transfers(self) -> bool:
        return False

    @property
    def brings(self) -> bool:
        return False

    @property
    def lifts(self) -> bool:
        return False

    @property
    def reached(self) -> Outcome:
        return Outcome.REACHED

    def plan(self, look: Look) -> Plan:
        assigned = self.known.assigned
        situation = self.known.situation(look.account, self.now(), None)
        return plan_backstop(NOTHING if assigned is None else assigned.ladder, situation, look, banded=self.banded)

    def check(self, plan: Plan, look: Look, now: float, unresolved: tuple[str, ...]) -> None:
        check_backstop(plan, look, now, unresolved)

    def described(self) -> Mapping[str, str]:
        return {"goal": GOAL}
