"""From a step to what the journal keeps of it before it is sent."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from marginbot.domain.plan import Step, TopUp
from marginbot.engine.journal.entries import Intent, State
from marginbot.engine.report import amount_of, asset_of, kind_of


def intent_of(
    step: Step, episode_id: int, rule: str, before: Mapping[str, str], sent_ms: int, at: datetime, client_id: str | None = None
) -> Intent:
    """A step that is about to be sent, not written down yet. rule: whose budget a top-up counts to. sent_ms: server's clock."""
    return Intent(
        id=0,
        episode_id=episode_id,
        symbol=step.symbol,
        kind=kind_of(step),
        asset=asset_of(step),
        amount=amount_of(step),
        client_id=client_id,
        step=_described(step, rule),
        because=step.because,
        before=before,
        state=State.INTENDED,
        exchange_id=None,
        sent_ms=sent_ms,
        started_at=at,
        ended_at=None,
        answer=None,
    )


def _described(step: Step, rule: str) -> dict[str, Any]:
    kept = {field.name: _text(getattr(step, field.name)) for field in dataclasses.fields(step)}
    return {**kept, "rule": rule} if isinstance(step, TopUp) else kept


def _text(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.value if isinstance(value, Enum) else value
