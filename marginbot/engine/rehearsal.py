"""A rehearsal: what an errand would send now, written into the journal as planned and sent to nobody."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from enum import Enum
from typing import Any

from marginbot.domain.look import Look
from marginbot.domain.plan import Step
from marginbot.engine.errands import Errand
from marginbot.engine.journal import Intent, State
from marginbot.engine.outfit import Outfit
from marginbot.engine.report import amount_of, asset_of, kind_of

PLANNED = "planned"


def rehearse(outfit: Outfit, errand: Errand, look: Look) -> tuple[Step, ...]:
    """Write down the next steps of an errand. Returns them. Raises: JournalUnavailable."""
    decided, now = errand.plan(look), outfit.clock.now()
    journal = outfit.journal
    episode = journal.open_episode(outfit.account, errand.symbol, errand.rule, errand.described(), now)
    for step in decided.steps:
        number = journal.intend(outfit.account, _intent(outfit, episode, step))
        journal.outcome(number, State.PLANNED, now, answer="a dry run: nothing was sent")
    journal.close_episode(episode, PLANNED, decided.because, now)
    return decided.steps


def _intent(outfit: Outfit, episode: int, step: Step) -> Intent:
    return Intent(
        id=0,
        episode_id=episode,
        symbol=step.symbol,
        kind=kind_of(step),
        asset=asset_of(step),
        amount=amount_of(step),
        client_id=None,
        step={field.name: _text(getattr(step, field.name)) for field in dataclasses.fields(step)},
        because=step.because,
        before={},
        state=State.INTENDED,
        exchange_id=None,
        sent_ms=outfit.exchange.server_now_ms(),
        started_at=outfit.clock.now(),
        ended_at=None,
        answer=None,
    )


def _text(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.value if isinstance(value, Enum) else value
