"""Every scenario there is by name, and the world each of them begins."""

from __future__ import annotations

from marginbot.paper.books.scenario import Position, Resting, Scenario
from marginbot.paper.books.scenes import answers, first, middle, money, owed, pairs, trading
from marginbot.paper.books.staging import stage
from marginbot.paper.books.wallets import DEFAULT_UID
from marginbot.paper.books.world import World

__all__ = ["DEFAULT_UID", "SCENARIOS", "Position", "Resting", "Scenario", "build", "named", "scenarios"]

SCENARIOS: dict[str, Scenario] = {
    **first.SCENES,
    **owed.SCENES,
    **pairs.SCENES,
    **trading.SCENES,
    **money.SCENES,
    **middle.SCENES,
    **answers.SCENES,
}


def scenarios() -> dict[str, str]:
    """What each of them is about, in one line, by name."""
    return {name: scenario.about for name, scenario in SCENARIOS.items()}


def build(name: str, now_ms: int) -> World:
    """A fresh world of scenario `name`; ValueError when there is none of that name."""
    return stage(name, named(name), now_ms)


def named(name: str) -> Scenario:
    """The scenario of that name; ValueError when there is none."""
    scenario = SCENARIOS.get(name)
    if scenario is None:
        raise ValueError(f"no scenario {name!r}; there are {', '.join(SCENARIOS)}")
    return scenario
