"""The journal's tables and how an older journal becomes a newer one."""

from __future__ import annotations

from sqlalchemy import Column, Connection, Index, Integer, MetaData, String, Table, Text, text

from marginbot.errors import JournalUnavailable

VERSION = 4

metadata = MetaData()

episodes = Table(
    "episodes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", String, nullable=False),
    Column("symbol", String, nullable=False),
    Column("rule", String, nullable=False),
    Column("goal", Text, nullable=False),
    Column("opened_at", String, nullable=False),
    Column("closed_at", String),
    Column("outcome", String),
    Column("reason", Text),
)
_episodes_open = Index("episodes_open", episodes.c.account, episodes.c.symbol, sqlite_where=episodes.c.closed_at.is_(None))

intents = Table(
    "intents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("episode_id", Integer, nullable=False),
    Column("account", String, nullable=False),
    Column("symbol", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("asset", String),
    Column("amount", String),
    Column("client_id", String),
    Column("step", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("exchange_id", String),
    Column("sent_ms", Integer, nullable=False),
    Column("started_at", String, nullable=False),
    Column("ended_at", String),
    Column("answer", Text),
    Column("level_after", String),
    Index("intents_open", "account", "symbol", "state"),
    Index("intents_started", "started_at"),
)
_intents_of_a_pair = Index("intents_of_a_pair", intents.c.account, intents.c.symbol, intents.c.started_at)

bans = Table(
    "bans",
    metadata,
    Column("host", String, primary_key=True),
    Column("until_ms", Integer, nullable=False),
    Column("reason", Text, nullable=False),
)

memories = Table(
    "memories",
    metadata,
    Column("account", String, primary_key=True),
    Column("symbol", String, primary_key=True),
    Column("rule", String, primary_key=True),
    Column("armed", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("fired_at", String),
)

debts = Table(
    "debts",
    metadata,
    Column("account", String, primary_key=True),
    Column("symbol", String, primary_key=True),
    Column("owing_since", String, nullable=False),
    Column("peak_level", String),
    Column("interest_value", String, nullable=False),
)

policies = Table(
    "policies",
    metadata,
    Column("account", String, primary_key=True),
    Column("digest", String, primary_key=True),
    Column("accepted_at", String, nullable=False),
)

acknowledged = Table(
    "acknowledged",
    metadata,
    Column("account", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("trouble", String, primary_key=True),
)

requests = Table(
    "requests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("symbol", String),
    Column("arguments", Text, nullable=False),
    Column("asked_at", String, nullable=False),
    Column("taken_at", String),
    Column("ended_at", String),
    Column("answer", Text),
    Index("requests_open", "account", "ended_at"),
)


def migrate(connection: Connection) -> None:
    """Bring the file to `VERSION`, one step after the other. Raises JournalUnavailable for a journal from the future."""
    if _version(connection) == VERSION:
        return
    connection.execute(text("BEGIN IMMEDIATE"))  # so that of two processes on a new file one waits for the other
    found = _version(connection)
    if found > VERSION:
        raise JournalUnavailable(
            f"the journal has version {found} and this marginbot knows {VERSION}: it was written by a newer marginbot; "
            "update this one, or point MARGINBOT_STATE__URL to another file"
        )
    for number in range(found, VERSION):
        _STEPS[number](connection)
    if found < VERSION:
        connection.execute(text(f"PRAGMA user_version = {VERSION}"))


def _version(connection: Connection) -> int:
    return int(connection.execute(text("PRAGMA user_version")).scalar_one())


def _create_first(connection: Connection) -> None:
    metadata.create_all(connection, tables=[episodes, intents, bans])


def _create_what_a_daemon_remembers(connection: Connection) -> None:
    metadata.create_all(connection, tables=[memories, debts, policies, requests])


def _add_levels_and_what_was_acknowledged(connection: Connection) -> None:
    metadata.create_all(connection, tables=[acknowledged])
    if "level_after" not in {row.name for row in connection.execute(text("PRAGMA table_info(intents)"))}:
        connection.execute(text("ALTER TABLE intents ADD COLUMN level_after VARCHAR"))  # a new file has it already


def _index_what_every_act_asks(connection: Connection) -> None:
    for index in (_episodes_open, _intents_of_a_pair):
        index.create(connection, checkfirst=True)  # a new file has them already


_STEPS = (_create_first, _create_what_a_daemon_remembers, _add_levels_and_what_was_acknowledged, _index_what_every_act_asks)
"""`_STEPS[n]` turns version n into n + 1; a later version appends, it never edits."""
