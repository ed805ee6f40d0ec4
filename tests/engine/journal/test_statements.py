"""What an act asks of the journal before it is sent costs the same after a year of acts."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import Select
from sqlalchemy.dialects import sqlite

from marginbot.engine.journal import statements
from marginbot.engine.journal.journal import Journal


def plan(file, statement: Select[tuple[object, ...]]) -> list[str]:
    """How SQLite would go about it, a line a step."""
    values = {name: ["intended"] if name == "states" else "x" for name in statement.compile().params}
    dialect = sqlite.dialect()  # type: ignore[no-untyped-call]
    words = str(statement.params(values).compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    with sqlite3.connect(file) as connection:
        steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {words}")]
    connection.close()
    return steps


@pytest.mark.parametrize(
    ("name", "indices"),
    [
        ("OPEN_EPISODES", ["episodes_open (account=?)"]),
        ("INTENTS_OF_A_PAIR", ["intents_open (account=? AND symbol=? AND state=?)"]),
        ("NEWEST_OF_A_PAIR", ["intents_of_a_pair (account=? AND symbol=?)"]),
        (
            "LEFT_OR_BEGUN_SINCE",
            ["intents_open (account=? AND symbol=? AND state=?)", "intents_of_a_pair (account=? AND symbol=? AND started_at>?)"],
        ),
    ],
)
def test_only_the_rows_that_matter_are_read(tmp_path, name, indices):
    file = tmp_path / "journal.sqlite"
    Journal.in_file(file).close()
    steps = plan(file, getattr(statements, name))
    assert [step for step in steps if step.startswith("SCAN")] == []
    found = " ".join(steps)
    assert [index for index in indices if index not in found] == []
