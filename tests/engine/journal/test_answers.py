"""What the journal remembers of its file: the same question is not read twice, and nothing that anybody wrote is missed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from marginbot.domain.amounts import Symbol
from marginbot.engine.journal.file import MOST_PAGES_APART
from marginbot.engine.journal.journal import Journal
from marginbot.engine.journal.spare import Spare
from marginbot.errors import JournalUnavailable

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
BTCUSDT, ETHUSDT = Symbol("BTCUSDT"), Symbol("ETHUSDT")


@pytest.fixture(params=["in a file", "in memory"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.in_file(tmp_path / "journal.sqlite") if request.param == "in a file" else Journal("sqlite://")
    yield opened
    opened.close()


def open_pairs(journal: Journal) -> list[str]:
    return [episode.symbol for episode in journal.open_episodes("7")]


def begun(journal: Journal, symbol: Symbol = BTCUSDT) -> int:
    return journal.open_episode("7", symbol, "sell some", {}, NOON)


def questions(journal: Journal) -> list[str]:
    """Every SELECT that the file is asked from now on."""
    asked: list[str] = []

    @event.listens_for(journal.file.engine, "before_cursor_execute")
    def hear(_connection, _cursor, statement, *_rest):
        if statement.startswith("SELECT"):
            asked.append(statement)

    return asked


def test_what_was_asked_is_not_read_again_while_nobody_writes(journal):
    begun(journal)
    assert open_pairs(journal) == ["BTCUSDT"]
    asked = questions(journal)
    assert (open_pairs(journal), open_pairs(journal)) == (["BTCUSDT"], ["BTCUSDT"])
    assert asked == []


def test_of_another_pair_or_account_something_else_is_asked(journal):
    number = begun(journal)
    assert [journal.open_episode_of("7", BTCUSDT), journal.open_episode_of("7", ETHUSDT)] == [number, None]
    assert journal.open_episode_of("8", BTCUSDT) is None


def test_what_this_journal_wrote_is_seen_at_once(journal):
    number = begun(journal)
    assert open_pairs(journal) == ["BTCUSDT"]
    begun(journal, ETHUSDT)
    assert open_pairs(journal) == ["BTCUSDT", "ETHUSDT"]
    journal.close_episode(number, "flat", "done", NOON)
    assert open_pairs(journal) == ["ETHUSDT"]


def test_what_another_process_wrote_is_seen_at_once(tmp_path):
    ours, theirs = (Journal.in_file(tmp_path / "journal.sqlite") for _ in range(2))
    assert open_pairs(ours) == []
    number = begun(theirs)
    assert open_pairs(ours) == ["BTCUSDT"]
    theirs.close_episode(number, "flat", "done", NOON)
    assert open_pairs(ours) == []
    for journal in (ours, theirs):
        journal.close()


def test_inside_a_transaction_its_own_rows_are_seen_and_when_it_is_undone_they_are_not(journal):
    assert open_pairs(journal) == []
    with suppress(ZeroDivisionError), journal.file.as_one():
        begun(journal)
        assert open_pairs(journal) == ["BTCUSDT"]
        raise ZeroDivisionError
    assert open_pairs(journal) == []


def test_a_row_written_by_another_process_between_the_question_ahead_and_the_act_is_not_missed(tmp_path):
    ours, theirs = (Journal.in_file(tmp_path / "journal.sqlite") for _ in range(2))
    ours.read_ahead("7", BTCUSDT)
    number = begun(theirs)
    assert ours.open_episode_of("7", BTCUSDT) == number
    for journal in (ours, theirs):
        journal.close()


def test_what_stands_in_for_the_file_answers_instead_of_it_and_the_file_again_afterwards(tmp_path):
    journal = Journal.in_file(tmp_path / "journal.sqlite")
    begun(journal)
    spare = Spare(journal.file)
    assert open_pairs(journal) == ["BTCUSDT"]
    assert spare.stand_in("the disk is full")
    begun(journal, ETHUSDT)
    assert open_pairs(journal) == ["BTCUSDT", "ETHUSDT"]
    assert spare.carry_home()
    assert open_pairs(journal) == ["BTCUSDT", "ETHUSDT"]
    with sqlite3.connect(tmp_path / "journal.sqlite") as file:
        assert file.execute("SELECT count(*) FROM episodes").fetchone() == (2,)
    file.close()
    journal.close()


def test_a_file_that_cannot_be_read_is_said(tmp_path):
    (tmp_path / "journal.sqlite").write_bytes(b"no database at all" * 100)
    journal = Journal.in_file(tmp_path / "journal.sqlite", prepared=False)
    with pytest.raises(JournalUnavailable, match=r"journal.sqlite cannot be read"):
        open_pairs(journal)
    journal.close()


def test_tidying_brings_everything_into_the_file_itself(tmp_path):
    journal = Journal.in_file(tmp_path / "journal.sqlite")
    begun(journal)
    open_pairs(journal)
    journal.file.tidy()
    (tmp_path / "copy.sqlite").write_bytes((tmp_path / "journal.sqlite").read_bytes())
    with sqlite3.connect(tmp_path / "copy.sqlite") as copy:
        assert copy.execute("SELECT symbol FROM episodes").fetchall() == [("BTCUSDT",)]
    copy.close()
    journal.close()


def test_a_question_in_a_transaction_needs_no_connection_of_its_own(tmp_path):
    journal, made = Journal.in_file(tmp_path / "journal.sqlite"), list[object]()
    open_pairs(journal)
    begun(journal)
    event.listen(journal.file.engine, "connect", lambda connection, _record: made.append(connection))
    with journal.file.as_one():
        assert open_pairs(journal) == ["BTCUSDT"]
    assert made == []
    journal.close()


def test_a_homecoming_that_fails_leaves_every_write_the_patience_it_had(tmp_path, caplog):
    journal = Journal.in_file(tmp_path / "journal.sqlite")
    spare, other = Spare(journal.file), sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)
    assert spare.stand_in("the disk is full")
    begun(journal)
    assert open_pairs(journal) == ["BTCUSDT"]
    other.execute("BEGIN IMMEDIATE")
    assert [spare.carry_home() for _ in range(3)] == [False, False, False]
    other.execute("ROLLBACK")
    other.close()
    assert spare.carry_home()
    assert open_pairs(journal) == ["BTCUSDT"]
    patience = []
    for _ in range(4):
        with journal.file.writing(durable=True) as connection:
            patience.append(connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one())
    assert patience == [3000] * 4
    assert caplog.records == []
    journal.close()


def test_the_default_tidying_does_not_fall_into_a_commit_even_where_the_file_is_busy_when_it_is_opened(tmp_path, monkeypatch):
    monkeypatch.setattr("marginbot.engine.journal.file.BUSY_S", 0)
    other = sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    journal = Journal.in_file(tmp_path / "journal.sqlite", prepared=False)
    with journal.file.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar_one() == MOST_PAGES_APART == 10_000
    other.execute("ROLLBACK")
    other.close()
    journal.close()
