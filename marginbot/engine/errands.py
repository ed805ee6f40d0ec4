"""What a cycle works for: it says what to do next on each look, and looks at every plan once more before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from marginbot.domain.amounts import Symbol, plain
from marginbot.domain.look import Look
from marginbot.domain.plan import Aim, AimKind, Goal, Limits, Plan
from marginbot.engine.report import Outcome
from marginbot.rules.aims import plan_aim
from marginbot.rules.guard import check
from marginbot.rules.guard_aims import check_aim
from marginbot.rules.unwind import plan
from marginbot.rules.widening import widened

UNWIND_BY_HAND, PANIC_BY_HAND = "unwind by hand", "panic by hand"
BY_HAND = frozenset({UNWIND_BY_HAND, PANIC_BY_HAND})
"""Rules of what a person asked a daemon for: no pause and no unaccepted policy holds it back, no rule takes it over."""

NOT_EXECUTING = "protection is holding but NOT executing"
"""What every message of a rule says while the slippage cap blocks its only way out."""


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

    @property
    def brings(self) -> bool:
        """Whether coins may come from spot."""
        ...

    @property
    def lifts(self) -> bool:
        """Whether the margin level must be higher for what was done, whenever it ends."""
        ...

    @property
    def reached(self) -> Outcome:
        """How a run ends whose goal is reached."""
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
    """Unwind: no orders, nothing owed, the isolated wallet empty.

    widens: a rule wants it, so its slippage cap widens as the level falls; what a person typed never does.
    """

    goal: Goal
    limits: Limits
    rule: str = "unwind"
    widens: bool = False

    @property
    def symbol(self) -> Symbol:
        return self.goal.symbol

    @property
    def transfers(self) -> bool:
        return self.goal.sweep

    @property
    def brings(self) -> bool:
        return self.limits.topup_crumb > 0

    @property
    def lifts(self) -> bool:
        return False

    @property
    def reached(self) -> Outcome:
        return Outcome.FLAT

    def plan(self, look: Look) -> Plan:
        if not self.widens:
            return plan(self.goal, look, self.limits)
        return _said_of_a_rule(plan(self.goal, look, _widened(self.limits, look)))

    def check(self, plan: Plan, look: Look, now: float, unresolved: tuple[str, ...]) -> None:
        check(self.goal, plan, look, now, unresolved)

    def described(self) -> Mapping[str, str]:
        kept = {"goal": "flat", "into": self.goal.into.value, "sweep": str(self.goal.sweep).lower()}
        told = self.widens or self.rule in BY_HAND
        return {**kept, **_described_limits(self.limits, self.widens)} if told else kept


@dataclass(frozen=True, slots=True)
class ToLevel:
    """Bring the margin level to the target of a rule, and no further."""

    aim: Aim
    limits: Limits
    rule: str
    widens: bool = True

    @property
    def symbol(self) -> Symbol:
        return self.aim.symbol

    @property
    def transfers(self) -> bool:
        return self.aim.kind in (AimKind.TOP_UP, AimKind.SWEEP)

    @property
    def brings(self) -> bool:
        return self.aim.kind is AimKind.TOP_UP

    @property
    def lifts(self) -> bool:
        return self.aim.kind is not AimKind.SWEEP

    @property
    def reached(self) -> Outcome:
        return Outcome.REACHED

    def plan(self, look: Look) -> Plan:
        return _said_of_a_rule(plan_aim(self.aim, look, self._limits(look)))

    def check(self, plan: Plan, look: Look, now: float, unresolved: tuple[str, ...]) -> None:
        check_aim(self.aim, self._limits(look), plan, look, now, unresolved)

    def described(self) -> Mapping[str, str]:
        return {**described_aim(self.aim), **_described_limits(self.limits, self.widens)}

    def _limits(self, look: Look) -> Limits:
        return _widened(self.limits, look) if self.widens else self.limits


def described_aim(aim: Aim) -> dict[str, str]:
    """The aim as the journal keeps it; `rungs.errand_again` reads it back."""
    kept = {
        "goal": "level",
        "kind": aim.kind.value,
        "trigger": plain(aim.trigger_level),
        "target": plain(aim.target_level),
        "hold": str(aim.hold).lower(),
        "keep_in_spot": plain(aim.keep_in_spot),
        "leave_orders": str(aim.leave_orders).lower(),
    }
    return kept if aim.allowance is None else {**kept, "allowance": plain(aim.allowance)}


def _described_limits(limits: Limits, widens: bool) -> dict[str, str]:
    return {"cap_bps": plain(limits.max_slippage_bps), "widens": str(widens).lower()}


def _widened(limits: Limits, look: Look) -> Limits:
    return widened(limits, look.account, look.market.tiers, look.market.fees.taker)


def _said_of_a_rule(decided: Plan) -> Plan:
    return replace(decided, because=f"{NOT_EXECUTING}: {decided.because}") if decided.capped else decided
