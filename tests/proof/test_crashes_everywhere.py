"""Death before and after every journal write and every send: a second start reaches the goal, and nothing happens twice.

The second start has a client, limits and clock of its own; what it knows of the first is in the journal's file.

By default in three situations, and the sends are the writes; PROOF=complete dies in all of them, and at every read too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from marginbot.engine.journal.file import JournalFile
from marginbot.engine.journal.journal import Journal
from marginbot.engine.report import Outcome
from tests.engine.invariants import Ledger
from tests.engine.stage import WRITES, Stage, a_stage
from tests.proof.runs import Effects, flat, life_of, play, same_effects, told
from tests.proof.situations import COMPLETE, PLAIN, SITUATIONS

MOMENTS = ("before a commit", "after a commit", "before a send", "after a send")


@dataclass
class Death:
    """Strikes at the nth `moment` of a run. Once dead, nothing of that process is written or sent any more."""

    moment: str
    nth: int = 0
    met: int = 0
    dead: bool = False
    kill: Callable[[], Any] = lambda: None

    def at(self, moment: str) -> None:
        """The run is at such a moment. Raises CancelledError when it dies, or is dead already."""
        if moment == self.moment and not self.dead:
            self.met += 1
            self.dead = self.met == self.nth
        if self.dead:
            self.kill()
            raise asyncio.CancelledError


class MortalFile(JournalFile):
    """A journal's file whose process may die before or after each commit."""

    death: Death | None = None

    @contextmanager
    def writing(self, durable: bool) -> Iterator[Any]:
        if self.death is not None:
            self.death.at("before a commit")
        with super().writing(durable) as connection:
            yield connection
        if self.death is not None:
            self.death.at("after a commit")


class MortalJournal(Journal):
    """A journal in such a file."""

    def __init__(self, file: Path) -> None:
        self.file: MortalFile = MortalFile(f"sqlite:///{file}")


def is_mortal(request: Any) -> bool:
    return COMPLETE or request.method in WRITES


async def die(stage: Stage, symbol: str, death: Death) -> None:
    """Run until death strikes, or to the end."""
    assert isinstance(stage.journal, MortalJournal)
    task = asyncio.ensure_future(stage.run(symbol).run())
    death.kill, stage.journal.file.death = task.cancel, death
    stage.transport.before = lambda request: death.at("before a send" if is_mortal(request) else "")
    stage.transport.after = lambda request, _response: death.at("after a send" if is_mortal(request) else "")
    with suppress(asyncio.CancelledError):
        await task
    assert task.cancelled() is death.dead
    stage.journal.file.death = stage.transport.before = stage.transport.after = None


async def count(scenario: str, symbol: str, moment: str, file: Path) -> int:
    """How many such moments an unwind has."""
    async with a_stage(scenario, journal=MortalJournal(file)) as stage:
        death = Death(moment)
        await die(stage, symbol, death)
        stage.journal.close()
        return death.met


async def rise_again(scenario: str, symbol: str, death: Death, wanted: Effects, file: Path) -> None:
    """Die, start once more, and hold the books against those of a life without death."""
    async with a_stage(scenario, journal=MortalJournal(file)) as stage:
        books = Ledger(stage)
        await die(stage, symbol, death)
        assert death.dead
        stage.journal.close()
        async with stage.in_a_new_process(Journal.in_file(file)) as again:
            books.stage = again
            report = await again.unwind(symbol)
            assert (report.outcome, report.exit_code) == (Outcome.FLAT, 0), report.reason
            books.hold(report)
            flat(again, symbol)
            same_effects(again, symbol, wanted)
            assert again.journal.open_episode_of("1", report.symbol) is None
            again.journal.close()


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("scenario", SITUATIONS if COMPLETE else PLAIN)
def test_a_run_that_dies_at_any_instant_is_finished_by_the_next(scenario, moment, tmp_path, record_property):
    symbol = SITUATIONS[scenario]
    wanted = life_of(scenario, symbol).effects
    deaths, broken = play(count(scenario, symbol, moment, tmp_path / "whole.sqlite")), []
    assert deaths > 0
    for nth in range(1, deaths + 1):
        try:
            play(rise_again(scenario, symbol, Death(moment, nth), wanted, tmp_path / f"{nth}.sqlite"))
        except AssertionError as broke:
            broken.append(f"{moment} #{nth}: {told(broke)}")
    record_property("runs of an unwind that dies and a second one", deaths)
    assert not broken, "\n".join([f"{len(broken)} of {deaths} in {scenario}:", *broken])
