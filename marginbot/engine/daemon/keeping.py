"""The errands of the backstop: to have it rest where the ladder puts it, or to have none; and home from where it traded. And how
long they may take.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from marginbot.domain.amounts import Symbol
from marginbot.domain.look import Look
from marginbot.domain.plan import BACKSTOP, Goal, Limits, Plan, Verdict
from marginbot.domain.policy import Do, Ladder
from marginbot.engine.daemon.latched import Latched
from marginbot.engine.daemon.outfit import Outfit
from marginbot.engine.daemon.watched import Watched
from marginbot.engine.errands import ToFlat
from marginbot.engine.patience import Patience
from marginbot.engine.report import Outcome
from marginbot.rules.backstop_plan import check_backstop, plan_backstop

KEPT_WITHIN: Final = 8.0
"""Seconds for one round of cancel and place, of which every other errand of the pair would have to wait for the end."""
NOTHING: Final = Ladder("none", (), ())


@dataclass(frozen=True, slots=True)
class ToBackstop:
    """Milder than every rule of a ladder: whatever fires takes it over. known: whose ladder and memory of the pair hold.

    banded: the exchange has said that it limits the prices of this pair. hidden: whether one of ours rests that the open orders
    do not show.
    """

    known: Watched
    now: Callable[[], datetime]
    banded: bool
    hidden: Callable[[Look], bool]

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
        if self.hidden(look):
            return Plan(Verdict.DONE, "the open orders do not show it, and its coins are locked")
        assigned = self.known.assigned
        situation = self.known.situation(look.account, self.now(), None)
        return plan_backstop(NOTHING if assigned is None else assigned.ladder, situation, look, banded=self.banded)

    def check(self, plan: Plan, look: Look, now: float, unresolved: tuple[str, ...]) -> None:
        check_backstop(plan, look, now, unresolved)

    def described(self) -> Mapping[str, str]:
        return {"goal": BACKSTOP}


def begin_home(outfit: Outfit, known: Watched, at: datetime) -> None:
    """Write down the episode that brings home what is left, as the ladder's own unwind would do it, where there is one."""
    rules = () if known.assigned is None else known.assigned.ladder.rules
    unwind = next((rule for rule in reversed(rules) if rule.do is Do.UNWIND), None)
    cap = outfit.limits.max_slippage_bps if unwind is None else unwind.max_slippage_bps
    goal = Goal(known.symbol) if unwind is None else Goal(known.symbol, unwind.into, unwind.sweep_home)
    home = ToFlat(goal, Limits(cap, outfit.limits.topup_crumb), BACKSTOP, widens=True)
    journal = outfit.journal
    episode = next((one for one in journal.open_episodes(outfit.account) if one.symbol == known.symbol), None)
    if episode is None:
        journal.open_episode(outfit.account, known.symbol, home.rule, home.described(), at)
    elif episode.goal.get("goal") != "flat":
        journal.retarget(episode.id, home.rule, home.described())


def uninterrupted(errand: Latched, outfit: Outfit) -> Patience:
    """A signal does not end it between the cancel of an old order and the placing of a new one; its time does, and soon."""
    patience = outfit.patience(min(KEPT_WITHIN, outfit.deadline))
    stop, patience.stop = patience.stop, asyncio.Event()

    def taken_over() -> None:
        patience.stop = stop
        patience.extend(outfit.deadline)

    errand.taken_over = taken_over
    return patience
