"""The journal's tables: made from nothing, kept when they are there, refused when they come from a later marginbot."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import create_engine, inspect

from marginbot.engine.journal import schema
from marginbot.engine.journal.journal import Journal
from marginbot.errors import JournalUnavailable


def user_version(file) -> int:
    with sqlite3.connect(file) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    return version


def test_an_empty_file_gets_every_table_and_index_and_the_version(tmp_path):
    file = tmp_path / "journal.sqlite"
    Journal.in_file(file).close()
    engine = create_engine(f"sqlite:///{file}")
    found = inspect(engine)
    assert set(found.get_table_names()) == set(schema.metadata.tables)
    for name, table in schema.metadata.tables.items():
        assert {index["name"] for index in found.get_indexes(name)} == {index.name for index in table.indexes}
    for name, table in schema.metadata.tables.items():
        assert [column["name"] for column in found.get_columns(name)] == [column.name for column in table.columns]
    engine.dispose()
    assert user_version(file) == schema.VERSION


def test_there_is_a_step_to_every_version():
    assert len(schema._STEPS) == schema.VERSION


def test_opening_an_up_to_date_journal_changes_nothing(tmp_path):
    file = tmp_path / "journal.sqlite"
    journal = Journal.in_file(file)
    journal.remember_ban("host", 5, "why")
    journal.close()
    again = Journal.in_file(file)
    assert again.banned_until_ms("host") == 5
    again.close()


def test_a_journal_from_the_future_is_refused_and_left_alone(tmp_path):
    file = tmp_path / "journal.sqlite"
    Journal.in_file(file).close()
    with sqlite3.connect(file) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    with pytest.raises(JournalUnavailable, match="written by a newer marginbot; update this one"):
        Journal.in_file(file)
    assert user_version(file) == schema.VERSION + 1


def test_a_migration_that_breaks_off_leaves_the_journal_as_it_was(tmp_path):
    file = tmp_path / "journal.sqlite"
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        schema.migrate(connection)  # and the process dies before it commits
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    Journal.in_file(file).close()
    assert user_version(file) == schema.VERSION


def test_a_journal_of_version_2_gets_what_came_later_and_keeps_what_it_has(tmp_path):
    file = tmp_path / "journal.sqlite"
    journal = Journal.in_file(file)
    journal.remember_ban("host", 5, "why")
    journal.close()
    with sqlite3.connect(file) as connection:
        connection.execute("ALTER TABLE intents DROP COLUMN level_after")
        connection.execute("DROP TABLE acknowledged")
        connection.execute("DROP INDEX episodes_open")
        connection.execute("DROP INDEX intents_of_a_pair")
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    again = Journal.in_file(file)
    assert (again.banned_until_ms("host"), list(again.history())) == (5, [])
    again.close()
    engine = create_engine(f"sqlite:///{file}")
    found = inspect(engine)
    assert set(found.get_table_names()) == set(schema.metadata.tables)
    assert {column["name"] for column in found.get_columns("intents")} == {column.name for column in schema.intents.columns}
    assert "episodes_open" in {index["name"] for index in found.get_indexes("episodes")}
    engine.dispose()
    assert user_version(file) == schema.VERSION
