"""The journal: every intent before it is sent, every outcome after it. Synchronous, so it never runs ahead of a send."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Row, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from marginbot.domain.amounts import Asset, Symbol
from marginbot.engine import schema
from marginbot.engine.journal_file import JournalFile


class State(Enum):
    """Where an intent stands. INTENDED, ACCEPTED and UNKNOWN are open: they are settled before anything else is planned."""

    INTENDED = "intended"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    DONE = "done"
    REFUSED = "refused"
    ABSENT = "absent"


OPEN_STATES = (State.INTENDED, State.ACCEPTED, State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Intent:
    """One write: what was to be sent, when (server clock, ms), on which balances, and what became of it.

    `before`: the balances of both sides at the look it rests on, plain decimals by name (see `settle`).
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


@dataclass(frozen=True, slots=True)
class Episode:
    """Something wanted of a pair until it is reached: by which rule or command, and the goal as its errand describes it."""

    id: int
    symbol: Symbol
    rule: str
    goal: Mapping[str, str]
    opened_at: datetime


class Journal:
    """One SQLite file. `account` is the number of the exchange account, so two accounts can share a file.

    Raises JournalUnavailable from every method when the file cannot be opened, read or written.
    """

    def __init__(self, url: str | URL) -> None:
        self.file = JournalFile(url)

    @staticmethod
    def in_file(file: Path) -> Journal:
        """The journal in a file, whatever letters its name has."""
        return Journal(URL.create("sqlite", database=str(file)))

    def open_episode(self, account: str, symbol: Symbol, rule: str, goal: Mapping[str, str], at: datetime) -> int:
        """Write down what is wanted, before the first step. Returns the episode's number."""
        row = dict(account=account, symbol=symbol, rule=rule, goal=json.dumps(dict(goal)), opened_at=at.isoformat())
        return self._insert(schema.episodes, row)

    def close_episode(self, episode_id: int, outcome: str, reason: str, at: datetime) -> None:
        """Write down how it ended."""
        values = dict(closed_at=at.isoformat(), outcome=outcome, reason=reason)
        self._change(update(schema.episodes).where(schema.episodes.c.id == episode_id).values(**values))

    def retarget(self, episode_id: int, rule: str, goal: Mapping[str, str]) -> None:
        """A more severe rule took the episode over: from now on this is what is wanted."""
        values = dict(rule=rule, goal=json.dumps(dict(goal)))
        self._change(update(schema.episodes).where(schema.episodes.c.id == episode_id).values(**values))

    def open_episodes(self, account: str) -> tuple[Episode, ...]:
        """What is still wanted, of every pair, oldest first."""
        found = schema.episodes.c
        query = select(schema.episodes).where(found.account == account, found.closed_at.is_(None)).order_by(found.id)
        with self.file.reading() as connection:
            return tuple(
                Episode(row.id, Symbol(row.symbol), row.rule, json.loads(row.goal), datetime.fromisoformat(row.opened_at))
                for row in connection.execute(query)
            )

    def open_episode_of(self, account: str, symbol: Symbol) -> int | None:
        """The number of an episode that never ended (its process died), so that the same story goes on."""
        found = schema.episodes.c
        query = select(found.id).where(found.account == account, found.symbol == symbol, found.closed_at.is_(None))
        with self.file.reading() as connection:
            return connection.execute(query.order_by(found.id.desc()).limit(1)).scalar_one_or_none()

    def intend(self, account: str, intent: Intent) -> int:
        """Write an intent down, durably, before it is sent. `intent.id` is ignored; returns the number it got."""
        row = dict(
            episode_id=intent.episode_id,
            account=account,
            symbol=intent.symbol,
            kind=intent.kind,
            asset=intent.asset,
            amount=None if intent.amount is None else format(intent.amount, "f"),
            client_id=intent.client_id,
            step=json.dumps(dict(intent.step)),
            because=intent.because,
            before=json.dumps(dict(intent.before)),
            state=State.INTENDED.value,
            sent_ms=intent.sent_ms,
            started_at=intent.started_at.isoformat(),
        )
        return self._insert(schema.intents, row)

    def outcome(self, intent_id: int, state: State, at: datetime, exchange_id: str | None = None, answer: str = "") -> None:
        """Write down what became of an intent; `answer` is what the exchange said, in words without secrets."""
        values: dict[str, Any] = dict(state=state.value, ended_at=at.isoformat(), answer=answer)
        if exchange_id is not None:
            values["exchange_id"] = exchange_id
        self._change(update(schema.intents).where(schema.intents.c.id == intent_id).values(**values), durable=False)

    def open_intents(self, account: str, symbol: Symbol) -> tuple[Intent, ...]:
        """Writes of a pair whose outcome is not settled, oldest first."""
        column = schema.intents.c
        states = [state.value for state in OPEN_STATES]
        query = select(schema.intents).where(column.account == account, column.symbol == symbol, column.state.in_(states))
        with self.file.reading() as connection:
            return tuple(_intent(row) for row in connection.execute(query.order_by(column.id)))

    def unsettled(self, account: str) -> tuple[Intent, ...]:
        """Writes of every pair whose outcome is not settled, oldest first."""
        column = schema.intents.c
        states = [state.value for state in OPEN_STATES]
        query = select(schema.intents).where(column.account == account, column.state.in_(states)).order_by(column.id)
        with self.file.reading() as connection:
            return tuple(_intent(row) for row in connection.execute(query))

    def forget(self, account: str, at: datetime, why: str) -> int:
        """Close every open write and episode of an account whose exchange has forgotten them. Returns how many writes."""
        episodes = schema.episodes.c
        left = self.unsettled(account)
        for intent in left:
            self.outcome(intent.id, State.ABSENT, at, answer=why)
        ended = dict(closed_at=at.isoformat(), outcome="stopped", reason=why)
        self._change(update(schema.episodes).where(episodes.account == account, episodes.closed_at.is_(None)).values(**ended))
        return len(left)

    def probe(self) -> None:
        """Take the right to write and give it back, changing nothing. Raises: JournalUnavailable."""
        self.file.probe()

    def tied_ids(self, account: str, kind: str) -> frozenset[str]:
        """Record numbers of the exchange that already belong to an intent, so that no record is counted twice."""
        column = schema.intents.c
        query = select(column.exchange_id).where(
            column.account == account, column.kind == kind, column.exchange_id.is_not(None)
        )
        with self.file.reading() as connection:
            return frozenset(str(found) for found in connection.execute(query).scalars())

    def history(self, since: datetime | None = None, symbol: Symbol | None = None) -> Iterator[Intent]:
        """All intents, oldest first, for people and scripts."""
        query = select(schema.intents).order_by(schema.intents.c.id)
        if since is not None:
            query = query.where(schema.intents.c.started_at >= since.astimezone(UTC).isoformat())
        if symbol is not None:
            query = query.where(schema.intents.c.symbol == symbol)
        with self.file.reading() as connection:
            for row in connection.execute(query):
                yield _intent(row)

    def banned_until_ms(self, host: str) -> int:
        """When this address may speak to `host` again, ms since 1970; 0 when it is not banned."""
        query = select(schema.bans.c.until_ms).where(schema.bans.c.host == host)
        with self.file.reading() as connection:
            return int(connection.execute(query).scalar_one_or_none() or 0)

    def remember_ban(self, host: str, until_ms: int, reason: str) -> None:
        """Keep the end of a ban across restarts."""
        row = dict(host=host, until_ms=until_ms, reason=reason)
        statement = upsert(schema.bans).values(**row).on_conflict_do_update(index_elements=["host"], set_=row)
        self._change(statement)

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()

    def _insert(self, table: Any, row: dict[str, Any]) -> int:
        with self.file.writing(durable=True) as connection:
            number = connection.execute(insert(table).values(**row)).inserted_primary_key
        return int(number[0]) if number else 0

    def _change(self, statement: Any, durable: bool = True) -> None:
        with self.file.writing(durable) as connection:
            connection.execute(statement)


def _intent(row: Row[Any]) -> Intent:
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
    )
