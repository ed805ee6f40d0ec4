"""The operator's hand on a running daemon: rows in the journal that a command writes and the daemon reads within a second."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, insert, select, true, update

from marginbot.domain.amounts import Symbol
from marginbot.engine.journal import schema, statements
from marginbot.engine.journal.file import JournalFile

_EPISODES: Final = "episodes"
_ALWAYS: Final[ColumnElement[bool]] = true()

NOTHING_TO_DO: Final = "no isolated pair owes or holds anything: nothing to do"


@dataclass(frozen=True, slots=True)
class Request:
    """Something a person asked of the daemon. symbol None: of all pairs. arguments: plain words by name.

    taken_at: when the daemon saw it. ended_at, answer: when it was over, and what to tell the person then.
    episodes: which ones of the journal carry it out, by pair.
    """

    id: int
    kind: str
    symbol: Symbol | None
    arguments: Mapping[str, str]
    asked_at: datetime
    taken_at: datetime | None
    ended_at: datetime | None
    answer: str | None
    episodes: Mapping[Symbol, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Desk:
    """The requests of one account. Raises JournalUnavailable from every method."""

    file: JournalFile
    account: str

    def ask(self, kind: str, symbol: Symbol | None, arguments: Mapping[str, str], at: datetime) -> int:
        """Put a request down. Returns its number."""
        row = dict(account=self.account, kind=kind, symbol=symbol, arguments=json.dumps(dict(arguments)), asked_at=at.isoformat())
        with self.file.writing(durable=True) as connection:
            number = connection.execute(insert(schema.requests).values(**row)).inserted_primary_key
        return int(number[0]) if number else 0

    def open(self) -> tuple[Request, ...]:
        """What is not over yet, oldest first: new ones, and those that a daemon took and still works on or keeps in force."""
        return tuple(map(_request, self.file.rows(statements.OPEN_REQUESTS, {"account": self.account})))

    def one(self, number: int) -> Request | None:
        """A request by its number."""
        with self.file.reading() as connection:
            row = connection.execute(select(schema.requests).where(schema.requests.c.id == number)).one_or_none()
        return None if row is None else _request(row)

    def take(self, number: int, at: datetime) -> bool:
        """The daemon has seen it. Answers whether it still stands: whoever asked may have withdrawn it."""
        return self._change(number, schema.requests.c.ended_at.is_(None), taken_at=at.isoformat())

    def follow(self, request: Request, symbol: Symbol, episode: int) -> Request:
        """From now on this episode carries the request out on a pair, after a restart too. Returns the request as it is now."""
        episodes = {**request.episodes, symbol: episode}
        kept = json.dumps({**request.arguments, _EPISODES: " ".join(f"{pair}={number}" for pair, number in episodes.items())})
        self._change(request.id, arguments=kept)
        return replace(request, episodes=episodes)

    def end(self, number: int, answer: str, at: datetime) -> None:
        """It is over."""
        self._change(number, ended_at=at.isoformat(), answer=answer)

    def withdraw(self, number: int, answer: str, at: datetime) -> bool:
        """Nobody needs it any more. Answers False when a daemon has taken it meanwhile: then it stands."""
        return self._change(number, schema.requests.c.taken_at.is_(None), ended_at=at.isoformat(), answer=answer)

    def _change(self, number: int, only: ColumnElement[bool] = _ALWAYS, **values: str) -> bool:
        statement = update(schema.requests).where(schema.requests.c.id == number, only).values(**values)
        with self.file.writing(durable=True) as connection:
            return connection.execute(statement).rowcount == 1


def _request(row: Row[Any]) -> Request:
    def time(text: str | None) -> datetime | None:
        return None if text is None else datetime.fromisoformat(text)

    arguments = json.loads(row.arguments)
    episodes = (pair.split("=") for pair in arguments.pop(_EPISODES, "").split())
    return Request(
        id=row.id,
        kind=row.kind,
        symbol=None if row.symbol is None else Symbol(row.symbol),
        arguments=arguments,
        asked_at=datetime.fromisoformat(row.asked_at),
        taken_at=time(row.taken_at),
        ended_at=time(row.ended_at),
        answer=row.answer,
        episodes={Symbol(symbol): int(number) for symbol, number in episodes},
    )
