"""A rehearsal: what an errand would send now, written into the journal as planned and sent to nobody."""

from __future__ import annotations

from marginbot.domain.look import Look
from marginbot.domain.plan import Step
from marginbot.engine.daemon.outfit import Outfit
from marginbot.engine.errands import Errand
from marginbot.engine.journal.intents import intent_of
from marginbot.engine.journal.journal import State

PLANNED = "planned"


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
