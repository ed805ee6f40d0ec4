"""The journal: every intent before it is sent, every outcome after it. Synchronous, so it never runs ahead of a send."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Insert, Update

from marginbot.domain.amounts import Asset, Symbol, plain
from marginbot.engine.journal import statements
from marginbot.engine.journal.entries import OPEN, Episode, Intent, State, intent_in
from marginbot.engine.journal.file import JournalFile
from marginbot.engine.journal.ready import Ready
from marginbot.engine.journal.schema import intents


class Journal:
    """One SQLite file. `account` is the number of the exchange account, so two accounts can share a file.

    Raises JournalUnavailable from every method when the file cannot be opened, read or written.
    """

    def __init__(self, url: str | URL, *, prepared: bool = True) -> None:
        self.file = JournalFile(url, prepared=prepared)

    @staticmethod
    def in_file(file: Path, *, prepared: bool = True) -> Journal:
        """The journal in a file, whatever letters its name has. Not prepared: `file.prepare` is called before anything else."""
        return Journal(URL.create("sqlite", database=str(file)), prepared=prepared)

    def open_episode(self, account: str, symbol: Symbol, rule: str, goal: Mapping[str, str], at: datetime) -> int:
        """Write down what is wanted, before the first step. Returns the episode's number."""
        row = dict(account=account, symbol=symbol, rule=rule, goal=json.dumps(dict(goal)), opened_at=at.isoformat())
        return self._insert(statements.NEW_EPISODE, row)

    def close_episode(self, episode_id: int, outcome: str, reason: str, at: datetime) -> None:
        """Write down how it ended."""
        values = dict(closed_at=at.isoformat(), outcome=outcome, reason=reason)
        self._change(statements.EPISODE_CHANGE, {"number": episode_id, **values})

    def retarget(self, episode_id: int, rule: str, goal: Mapping[str, str]) -> None:
        """A more severe rule took the episode over: from now on this is what is wanted."""
        self._change(statements.EPISODE_CHANGE, {"number": episode_id, "rule": rule, "goal": json.dumps(dict(goal))})

    def open_episodes(self, account: str) -> tuple[Episode, ...]:
        """What is still wanted, of every pair, oldest first."""
        return tuple(
            Episode(row.id, Symbol(row.symbol), row.rule, json.loads(row.goal), datetime.fromisoformat(row.opened_at))
            for row in self.file.rows(statements.OPEN_EPISODES, {"account": account})
        )

    def open_episode_of(self, account: str, symbol: Symbol) -> int | None:
        """The number of an episode that never ended (its process died), so that the same story goes on."""
        return max((episode.id for episode in self.open_episodes(account) if episode.symbol == symbol), default=None)

    def ends_of(self, episodes: Collection[int]) -> dict[Symbol, tuple[str, str]]:
        """Outcome and reason of those of these episodes that ended, by pair."""
        with self.file.reading() as connection:
            rows = connection.execute(statements.ENDED_EPISODES, {"numbers": list(episodes)})
            return {Symbol(row.symbol): (row.outcome, row.reason) for row in rows}

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
        return self._insert(statements.NEW_INTENT, row)

    def outcome(self, intent_id: int, state: State, at: datetime, exchange_id: str | None = None, answer: str = "") -> None:
        """Write down what became of an intent; `answer` is what the exchange said, in words without secrets."""
        values: dict[str, Any] = dict(state=state.value, ended_at=at.isoformat(), answer=answer)
        if exchange_id is not None:
            values["exchange_id"] = exchange_id
        self._change(statements.INTENT_CHANGE, {"number": intent_id, **values}, durable=False)

    def seen_after(self, intent_id: int, level: Decimal) -> None:
        """Write down the margin level at the look after a write that was done."""
        self._change(statements.INTENT_CHANGE, {"number": intent_id, "level_after": plain(level)}, durable=False)

    def brought_in(
        self, account: str, symbol: Symbol, rule: str, episode_id: int | None = None
    ) -> tuple[tuple[datetime, Decimal], ...]:
        """When and how much (quote value) a rule's top-ups brought or may yet bring, oldest first; of one episode or of all."""
        wanted = {"account": account, "symbol": symbol, "states": [*OPEN, State.DONE.value]}
        with self.file.reading() as connection:
            found = [intent_in(row) for row in connection.execute(statements.TOP_UPS_OF_A_PAIR, wanted)]
        return tuple(
            (one.started_at, Decimal(one.step["value"]))
            for one in found
            if one.step.get("rule") == rule and episode_id in (None, one.episode_id)
        )

    def later_transfers(self, account: str, asset: Asset, intent_id: int) -> tuple[tuple[str, State, Decimal], ...]:
        """Kind, state and units of what of a coin was moved, or may have been, by intents of any pair after this one."""
        wanted = {"account": account, "asset": asset, "number": intent_id}
        with self.file.reading() as connection:
            found = connection.execute(statements.LATER_TRANSFERS, wanted)
            return tuple((row.kind, State(row.state), Decimal(row.amount)) for row in found)

    def open_intents(self, account: str, symbol: Symbol) -> tuple[Intent, ...]:
        """Writes of a pair whose outcome is not settled, oldest first."""
        wanted = {"account": account, "symbol": symbol, "states": OPEN}
        return tuple(map(intent_in, self.file.rows(statements.INTENTS_OF_A_PAIR, wanted)))

    def left_or_begun_since(self, account: str, symbol: Symbol, since: datetime) -> tuple[Intent, ...]:
        """Writes of a pair whose outcome is not settled, and all that began since then; oldest first."""
        begun = self._newest(account, symbol)
        if (begun is None or begun < since) and not self.open_intents(account, symbol):
            return ()
        wanted = {"account": account, "symbol": symbol, "states": OPEN, "since": since.astimezone(UTC).isoformat()}
        with self.file.reading() as connection:
            return tuple(intent_in(row) for row in connection.execute(statements.LEFT_OR_BEGUN_SINCE, wanted))

    def read_ahead(self, account: str, symbol: Symbol) -> None:
        """Ask now what an act asks before it is sent: unless somebody writes meanwhile, it has its answers then."""
        pair = {"account": account, "symbol": symbol}
        self.file.rows(statements.OPEN_EPISODES, {"account": account})
        self.file.rows(statements.INTENTS_OF_A_PAIR, {**pair, "states": OPEN})
        self.file.rows(statements.NEWEST_OF_A_PAIR, pair)

    def unsettled(self, account: str) -> tuple[Intent, ...]:
        """Writes of every pair whose outcome is not settled, oldest first."""
        wanted = {"account": account, "states": OPEN}
        with self.file.reading() as connection:
            return tuple(intent_in(row) for row in connection.execute(statements.INTENTS_OF_AN_ACCOUNT, wanted))

    def forget(self, account: str, at: datetime, why: str) -> int:
        """Close every open write and episode of an account whose exchange has forgotten them. Returns how many writes."""
        left = self.unsettled(account)
        for intent in left:
            self.outcome(intent.id, State.ABSENT, at, answer=why)
        ended = dict(closed_at=at.isoformat(), outcome="stopped", reason=why)
        self._change(statements.OPEN_EPISODES_CHANGE, {"whose": account, **ended})
        return len(left)

    def last_done(self, account: str, kind: str) -> dict[Symbol, Intent]:
        """The last write of a kind that was done, by pair."""
        with self.file.reading() as connection:
            found = connection.execute(statements.LAST_DONE, {"account": account, "kind": kind})
            return {intent.symbol: intent for intent in map(intent_in, found)}

    def probe(self) -> None:
        """Take the right to write and give it back, changing nothing. Raises: JournalUnavailable."""
        self.file.probe()

    def tied_ids(self, account: str, kind: str) -> frozenset[str]:
        """Record numbers of the exchange that already belong to an intent, so that no record is counted twice."""
        with self.file.reading() as connection:
            found = connection.execute(statements.TIED_IDS, {"account": account, "kind": kind})
            return frozenset(str(number) for number in found.scalars())

    def history(self, since: datetime | None = None, symbol: Symbol | None = None) -> Iterator[Intent]:
        """All intents, oldest first, for people and scripts."""
        query = statements.ALL_INTENTS
        if since is not None:
            query = query.where(intents.c.started_at >= since.astimezone(UTC).isoformat())
        if symbol is not None:
            query = query.where(intents.c.symbol == symbol)
        with self.file.reading() as connection:
            for row in connection.execute(query):
                yield intent_in(row)

    def banned_until_ms(self, host: str) -> int:
        """When this address may speak to `host` again, ms since 1970; 0 when it is not banned."""
        with self.file.reading() as connection:
            return int(connection.execute(statements.BAN_OF_A_HOST, {"host": host}).scalar_one_or_none() or 0)

    def remember_ban(self, host: str, until_ms: int, reason: str) -> None:
        """Keep the end of a ban across restarts."""
        self._change(statements.BAN, dict(host=host, until_ms=until_ms, reason=reason))

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()

    def _newest(self, account: str, symbol: Symbol) -> datetime | None:
        ((moment,),) = self.file.rows(statements.NEWEST_OF_A_PAIR, {"account": account, "symbol": symbol})
        return None if moment is None else datetime.fromisoformat(moment)

    def _insert(self, statement: Ready, row: dict[str, Any]) -> int:
        with self.file.writing(durable=True) as connection:
            return statement.put(connection, row)

    def _change(self, statement: Insert | Update, values: dict[str, Any], durable: bool = True) -> None:
        with self.file.writing(durable) as connection:
            connection.execute(statement, values)
