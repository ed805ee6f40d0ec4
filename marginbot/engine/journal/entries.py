"""What the journal has entries of: writes, with what became of them, and what was wanted of a pair."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from sqlalchemy import Row

from marginbot.domain.amounts import Asset, Symbol


class State(Enum):
    """Where an intent stands. INTENDED, ACCEPTED and UNKNOWN are open: they are settled before anything else is planned.

    PLANNED is what a dry run would have sent.
    """

    INTENDED = "intended"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    DONE = "done"
    REFUSED = "refused"
    ABSENT = "absent"
    PLANNED = "planned"


OPEN_STATES = (State.INTENDED, State.ACCEPTED, State.UNKNOWN)
OPEN: Final = tuple(state.value for state in OPEN_STATES)


@dataclass(frozen=True, slots=True)
class Intent:
    """One write: what was to be sent, when (server clock, ms), on which balances, and what became of it.

    `before`: the balances of both sides at the look it rests on, plain decimals by name (see `settle`). `level_after`: the
    margin level at the look after it, None when nothing was owed then or another write came after it.
    """

    id: int
    episode_id: int
    symbol: Symbol
    kind: str
    asset: Asset | None
    amount: Decimal | None
    client_id: str | None
    step: Mapping[str, Any]
    because: str
    before: Mapping[str, str]
    state: State
    exchange_id: str | None
    sent_ms: int
    started_at: datetime
    ended_at: datetime | None
    answer: str | None
    level_after: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """Something wanted of a pair until it is reached: by which rule or command, and the goal as its errand describes it."""

    id: int
    symbol: Symbol
    rule: str
    goal: Mapping[str, str]
    opened_at: datetime


def intent_in(row: Row[Any]) -> Intent:
    """An intent as its row has it."""
    return Intent(
        id=row.id,
        episode_id=row.episode_id,
        symbol=Symbol(row.symbol),
        kind=row.kind,
        asset=None if row.asset is None else Asset(row.asset),
        amount=None if row.amount is None else Decimal(row.amount),
        client_id=row.client_id,
        step=json.loads(row.step),
        because=row.because,
        before=json.loads(row.before),
        state=State(row.state),
        exchange_id=row.exchange_id,
        sent_ms=row.sent_ms,
        started_at=datetime.fromisoformat(row.started_at),
        ended_at=None if row.ended_at is None else datetime.fromisoformat(row.ended_at),
        answer=row.answer,
        level_after=None if row.level_after is None else Decimal(row.level_after),
    )
