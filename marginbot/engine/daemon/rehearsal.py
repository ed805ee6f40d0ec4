"""A rehearsal: what an errand would send now, written into the journal as planned and sent to nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from marginbot.domain.look import Look
from marginbot.domain.plan import Step
from marginbot.engine.daemon.outfit import Outfit
from marginbot.engine.errands import Errand
from marginbot.engine.events import Notice, Observer
from marginbot.engine.journal.entries import State
from marginbot.engine.journal.intents import intent_of

PLANNED = "planned"


@dataclass(slots=True)
class Rehearsals:
    """Those of one pair: an errand that is wanted look after look is rehearsed once."""

    outfit: Outfit
    hear: Observer
    _last: Mapping[str, str] | None = None

    def of(self, errand: Errand, look: Look) -> None:
        """Rehearse an errand unless it was the last one, and tell its first step. Raises: JournalUnavailable."""
        described = {"rule": errand.rule, **errand.described()}
        if described == self._last:
            return
        self._last = described
        steps = rehearse(self.outfit, errand, look)
        first = f"{len(steps)} steps, the first because {steps[0].because}" if steps else "nothing yet"
        self.hear(Notice(f"{errand.symbol}: a dry run: {errand.rule!r} would send {first}", alarm=True))


def rehearse(outfit: Outfit, errand: Errand, look: Look) -> tuple[Step, ...]:
    """Write down the next steps of an errand. Returns them. Raises: JournalUnavailable."""
    decided, now = errand.plan(look), outfit.clock.now()
    journal, sent_ms = outfit.journal, outfit.exchange.server_now_ms()
    episode = journal.open_episode(outfit.account, errand.symbol, errand.rule, errand.described(), now)
    for step in decided.steps:
        number = journal.intend(outfit.account, intent_of(step, episode, errand.rule, {}, sent_ms, now))
        journal.outcome(number, State.PLANNED, now, answer="a dry run: nothing was sent")
    journal.close_episode(episode, PLANNED, decided.because, now)
    return decided.steps
