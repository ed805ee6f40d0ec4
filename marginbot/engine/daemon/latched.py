"""An errand that a rule began: on every look a more severe rule may take it over, a milder one never."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from marginbot.domain.amounts import Symbol
from marginbot.domain.look import Look
from marginbot.domain.plan import Plan
from marginbot.domain.policy import Rule
from marginbot.domain.situation import Ruling
from marginbot.engine.errands import BY_HAND, Errand
from marginbot.engine.report import Outcome
from marginbot.errors import SafetyRefused


@dataclass(slots=True)
class Latched:
    """What fires is judged anew on every look, and told. severity: of an errand, among those of its pair's ladder.

    by_hand: what a person asked for meanwhile, which goes before everything. held_back: why what a rule began must stop here.
    taken_over: called when something more severe begins.
    """

    current: Errand
    judged: Callable[[Look], Ruling]
    severity: Callable[[Errand], int]
    begun_by: Callable[[Rule, Look], Errand | None]
    by_hand: Callable[[], Errand | None] = lambda: None
    held_back: Callable[[], str | None] = lambda: None
    taken_over: Callable[[], None] = lambda: None

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
    def lifts(self) -> bool:
        return self.current.lifts

    @property
    def reached(self) -> Outcome:
        return self.current.reached

    def plan(self, look: Look) -> Plan:
        """Raises: SafetyRefused when a pause began; the episode stays open and goes on after it."""
        fires = self.judged(look).fires
        begun = None if fires is None or fires.name == self.rule else self.begun_by(fires, look)
        if begun is not None and self.severity(begun) > self.severity(self.current):
            self.current = begun
            self.taken_over()
        self.current = self.by_hand() or self.current
        why = self.held_back()
        if why is not None and self.current.rule not in BY_HAND:
            raise SafetyRefused(why)
        return self.current.plan(look)

    def check(self, plan: Plan, look: Look, now: float, unresolved: tuple[str, ...]) -> None:
        self.current.check(plan, look, now, unresolved)

    def described(self) -> Mapping[str, str]:
        return self.current.described()
