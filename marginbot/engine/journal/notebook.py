"""What a daemon remembers across restarts besides its writes: rules, debts, policies that may act, what was acknowledged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from marginbot.domain.amounts import Symbol, plain
from marginbot.domain.situation import RuleMemory
from marginbot.engine.journal import schema, statements
from marginbot.engine.journal.file import JournalFile


@dataclass(frozen=True, slots=True)
class Debt:
    """Since when a pair owes without a pause, and since then: the highest margin level, the interest accrued (quote value)."""

    owing_since: datetime
    peak_level: Decimal | None
    interest_value: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Notebook:
    """The daemon's pages in the journal's file, for one account. Raises JournalUnavailable from every method.

    rehearsal: a dry run's. What its rules and its owner did then binds no later run, so none of it is written down: a rule
    that only would have acted must act when it may.
    """

    file: JournalFile
    account: str
    rehearsal: bool = False

    def memories(self, symbol: Symbol) -> dict[str, RuleMemory]:
        """What is remembered of each rule of a pair, by its name."""
        table = schema.memories.c
        query = select(schema.memories).where(table.account == self.account, table.symbol == symbol)
        with self.file.reading() as connection:
            rows = connection.execute(query).all()
        return {row.rule: RuleMemory(bool(row.armed), _time(row.fired_at), bool(row.failed)) for row in rows}

    def remember(self, symbol: Symbol, rule: str, memory: RuleMemory) -> None:
        """Keep what a rule did, so that a restart neither forgets nor repeats it."""
        if self.rehearsal:
            return
        fired = None if memory.fired_at is None else memory.fired_at.isoformat()
        told = dict(armed=int(memory.armed), failed=int(memory.failed), fired_at=fired)
        with self.file.writing(durable=False) as connection:
            statements.MEMORY.put(connection, dict(account=self.account, symbol=symbol, rule=rule, **told))

    def debt(self, symbol: Symbol) -> Debt | None:
        """The debt of a pair as last written down; None for a pair that did not owe."""
        table = schema.debts.c
        query = select(schema.debts).where(table.account == self.account, table.symbol == symbol)
        with self.file.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        peak = None if row.peak_level is None else Decimal(row.peak_level)
        return Debt(datetime.fromisoformat(row.owing_since), peak, Decimal(row.interest_value))

    def keep_debt(self, symbol: Symbol, debt: Debt | None) -> None:
        """Write a debt down, or that there is none any more."""
        table = schema.debts.c
        row = dict(account=self.account, symbol=symbol)
        with self.file.writing(durable=False) as connection:
            if debt is None:
                connection.execute(delete(schema.debts).where(table.account == self.account, table.symbol == symbol))
                return
            peak = None if debt.peak_level is None else plain(debt.peak_level)
            rest = dict(owing_since=debt.owing_since.isoformat(), peak_level=peak, interest_value=plain(debt.interest_value))
            statement = upsert(schema.debts).values(**row, **rest)
            connection.execute(statement.on_conflict_do_update(index_elements=list(row), set_=rest))

    def accepted(self, digest: str) -> bool:
        """Whether this policy may act at once: it did before, or its owner said so."""
        table = schema.policies.c
        query = select(table.digest).where(table.account == self.account, table.digest == digest)
        with self.file.reading() as connection:
            return connection.execute(query).one_or_none() is not None

    def accept(self, digest: str, at: datetime) -> None:
        """From now on this policy acts, after every restart too."""
        if self.rehearsal:
            return
        row = dict(account=self.account, digest=digest, accepted_at=at.isoformat())
        with self.file.writing(durable=True) as connection:
            connection.execute(upsert(schema.policies).values(**row).on_conflict_do_nothing())

    def acknowledged(self) -> dict[str, frozenset[str]]:
        """Names of the troubles that somebody acknowledged and that were not over when that was written, by subject."""
        table, found = schema.acknowledged.c, defaultdict[str, set[str]](set)
        query = select(schema.acknowledged).where(table.account == self.account)
        with self.file.reading() as connection:
            for row in connection.execute(query):
                found[row.subject].add(row.trouble)
        return {subject: frozenset(troubles) for subject, troubles in found.items()}

    def keep_acknowledged(self, heard: Mapping[str, frozenset[str]]) -> None:
        """Write down all that is acknowledged now; what is not among it is so no more."""
        if self.rehearsal:
            return
        rows = [dict(account=self.account, subject=subject, trouble=one) for subject, all_of in heard.items() for one in all_of]
        with self.file.writing(durable=False) as connection:
            connection.execute(delete(schema.acknowledged).where(schema.acknowledged.c.account == self.account))
            if rows:
                connection.execute(insert(schema.acknowledged), rows)

    def forget_the_account(self) -> None:
        """What was remembered of its pairs: the exchange itself has forgotten them. A policy that was accepted stays so."""
        with self.file.writing(durable=True) as connection:
            for table in (schema.memories, schema.debts, schema.acknowledged):
                connection.execute(delete(table).where(table.c.account == self.account))


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
