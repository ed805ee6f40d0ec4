"""The journal: what is written is there after a restart, and what cannot be written is said before anything is sent."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal as D
from pathlib import Path

import pytest
from sqlalchemy import event

from marginbot.domain.amounts import Asset, Symbol
from marginbot.engine.journal.entries import Intent, State
from marginbot.engine.journal.journal import Journal
from marginbot.errors import JournalUnavailable

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
BTCUSDT, ETHUSDT = Symbol("BTCUSDT"), Symbol("ETHUSDT")

AN_INTENT = Intent(
    id=0,
    episode_id=1,
    symbol=BTCUSDT,
    kind="repay",
    asset=Asset("USDT"),
    amount=D("4000.12000000"),
    client_id=None,
    step={"asset": "USDT", "amount": "4000.12"},
    because="4000.12 USDT are owed",
    before={"base_asset": "BTC", "quote_total": "4012.5"},
    state=State.INTENDED,
    exchange_id=None,
    sent_ms=1_772_625_600_123,
    started_at=NOON,
    ended_at=None,
    answer=None,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def journal(file: Path) -> Iterator[Journal]:
    opened = Journal.in_file(file)
    yield opened
    opened.close()


def on_the_pooled_connection(journal: Journal, pragma: str) -> None:
    with journal.file.engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA {pragma}")


def test_an_intent_is_read_back_as_it_was_written_after_a_restart(journal, file):
    number = journal.intend("7", AN_INTENT)
    journal.close()
    again = Journal.in_file(file)
    assert again.open_intents("7", BTCUSDT) == (replace(AN_INTENT, id=number),)
    again.close()


def test_an_outcome_closes_an_intent_and_keeps_what_the_exchange_said(journal):
    number = journal.intend("7", AN_INTENT)
    journal.outcome(number, State.DONE, NOON + timedelta(seconds=1), "555", "CONFIRMED")
    (kept,) = journal.history()
    assert (kept.state, kept.exchange_id, kept.answer, kept.ended_at) == (
        State.DONE,
        "555",
        "CONFIRMED",
        NOON + timedelta(seconds=1),
    )
    assert journal.open_intents("7", BTCUSDT) == ()


def test_a_later_outcome_without_a_number_keeps_the_number_known_before(journal):
    number = journal.intend("7", AN_INTENT)
    journal.outcome(number, State.ACCEPTED, NOON, "555", "accepted")
    journal.outcome(number, State.DONE, NOON, None, "done: judged by the balances")
    assert [intent.exchange_id for intent in journal.history()] == ["555"]


@pytest.mark.parametrize("state", State)
def test_intended_accepted_and_unknown_are_open_and_nothing_else_is(journal, state):
    number = journal.intend("7", AN_INTENT)
    if state is not State.INTENDED:
        journal.outcome(number, state, NOON)
    is_open = state in (State.INTENDED, State.ACCEPTED, State.UNKNOWN)
    assert len(journal.open_intents("7", BTCUSDT)) == (1 if is_open else 0)


def test_open_intents_are_those_of_one_account_and_one_pair_oldest_first(journal):
    first = journal.intend("7", AN_INTENT)
    journal.intend("8", AN_INTENT)
    journal.intend("7", replace(AN_INTENT, symbol=ETHUSDT))
    second = journal.intend("7", replace(AN_INTENT, kind="sweep"))
    assert [intent.id for intent in journal.open_intents("7", BTCUSDT)] == [first, second]


def test_a_record_is_tied_to_one_kind_of_write_of_one_account_whatever_its_pair(journal):
    for account, kind, symbol, record in (
        ("7", "repay", BTCUSDT, "1"),
        ("7", "repay", ETHUSDT, "2"),
        ("7", "sweep", BTCUSDT, "3"),
        ("8", "repay", BTCUSDT, "4"),
        ("7", "repay", BTCUSDT, None),
    ):
        number = journal.intend(account, replace(AN_INTENT, kind=kind, symbol=symbol))
        journal.outcome(number, State.DONE, NOON, record)
    assert journal.tied_ids("7", "repay") == {"1", "2"}


def test_history_is_filtered_by_pair_and_by_time_in_any_time_zone(journal):
    for minutes, symbol in ((0, BTCUSDT), (30, ETHUSDT), (60, BTCUSDT)):
        journal.intend("7", replace(AN_INTENT, symbol=symbol, started_at=NOON + timedelta(minutes=minutes)))
    half_past = NOON + timedelta(minutes=30)
    in_tokyo = half_past.astimezone(timezone(timedelta(hours=9)))
    in_new_york = half_past.astimezone(timezone(timedelta(hours=-5)))
    for since in (half_past, in_tokyo, in_new_york):
        assert [intent.id for intent in journal.history(since)] == [2, 3]
    assert [intent.id for intent in journal.history(symbol=BTCUSDT)] == [1, 3]
    assert [intent.id for intent in journal.history(half_past, BTCUSDT)] == [3]
    assert all(intent.started_at.tzinfo is not None for intent in journal.history())


def test_an_episode_is_open_until_it_is_closed_and_the_newest_open_one_goes_on(journal):
    assert journal.open_episode_of("7", BTCUSDT) is None
    first = journal.open_episode("7", BTCUSDT, "unwind", {"goal": "flat"}, NOON)
    assert journal.open_episode_of("7", BTCUSDT) == first
    assert journal.open_episode_of("8", BTCUSDT) is None
    assert journal.open_episode_of("7", ETHUSDT) is None
    second = journal.open_episode("7", BTCUSDT, "unwind", {"goal": "flat"}, NOON)
    assert journal.open_episode_of("7", BTCUSDT) == second
    journal.close_episode(second, "flat", "done", NOON)
    assert journal.open_episode_of("7", BTCUSDT) == first


def test_the_end_of_a_ban_outlives_the_process_and_a_new_ban_replaces_it(journal, file):
    assert journal.banned_until_ms("api.binance.com") == 0
    journal.remember_ban("api.binance.com", 1000, "too many requests")
    journal.remember_ban("api.binance.com", 2000, "again")
    journal.close()
    again = Journal.in_file(file)
    assert again.banned_until_ms("api.binance.com") == 2000
    assert again.banned_until_ms("testnet.binance.vision") == 0
    again.close()


def test_intents_are_on_the_disk_before_they_are_sent_and_outcomes_may_lag(journal):
    levels: list[int] = []

    @event.listens_for(journal.file.engine, "commit")
    def look(connection):
        levels.append(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())

    full, normal = 2, 1
    number = journal.intend("7", AN_INTENT)
    journal.outcome(number, State.DONE, NOON)
    episode = journal.open_episode("7", BTCUSDT, "unwind", {}, NOON)
    journal.close_episode(episode, "flat", "done", NOON)
    journal.remember_ban("host", 1, "why")
    assert levels == [full, normal, full, full, full]
    with journal.file.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"


def test_a_journal_locked_by_somebody_else_cannot_be_written_and_says_what_to_do(journal, file):
    on_the_pooled_connection(journal, "busy_timeout = 5")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalUnavailable, match=r"locked.*close what holds the file"):
        journal.intend("7", AN_INTENT)
    other.execute("ROLLBACK")
    other.close()
    assert list(journal.history()) == []
    assert journal.intend("7", AN_INTENT) == 1


def test_a_full_disk_is_an_error_before_the_send_and_leaves_no_half_of_an_intent(journal):
    on_the_pooled_connection(journal, "max_page_count = 1")  # no page more than there are
    too_long = replace(AN_INTENT, because="x" * 20_000)
    with pytest.raises(JournalUnavailable, match=r"full.*free disk space"):
        journal.intend("7", too_long)
    assert list(journal.history()) == []
    on_the_pooled_connection(journal, "max_page_count = 100000")
    assert journal.intend("7", too_long) == 1


@pytest.mark.parametrize("name", ["a?b=c.sqlite", "50%20off.sqlite", "a#b.sqlite", "ä ö.sqlite", "a:b@c.sqlite"])
def test_the_name_of_the_file_may_hold_any_letter(tmp_path, name):
    journal = Journal.in_file(tmp_path / name)
    journal.intend("7", AN_INTENT)
    journal.close()
    assert (tmp_path / name).stat().st_size > 0


def test_a_relative_file_lies_in_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Journal("sqlite:///here.sqlite").close()
    assert (tmp_path / "here.sqlite").exists()


def test_a_folder_that_is_not_there_and_a_file_that_is_no_journal_are_named(tmp_path):
    with pytest.raises(JournalUnavailable, match="MARGINBOT_STATE__URL"):
        Journal.in_file(tmp_path / "nowhere" / "journal.sqlite")
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear journal, " * 100)
    with pytest.raises(JournalUnavailable, match=r"letter\.txt"):
        Journal.in_file(letter)


def test_several_processes_may_open_a_new_journal_at_the_same_time(tmp_path):
    for round_ in range(10):
        file = tmp_path / f"{round_}.sqlite"
        with ThreadPoolExecutor(4) as pool:
            journals = list(pool.map(lambda _, file=file: Journal.in_file(file), range(4)))
        for journal in journals:
            journal.close()


def test_what_is_written_as_one_is_there_as_a_whole_or_not_at_all(journal: Journal):
    def begin() -> int:
        number = journal.open_episode("1", BTCUSDT, "unwind", {}, NOON)
        return journal.intend("1", replace(AN_INTENT, episode_id=number))

    def begin_and_break_off() -> None:
        with journal.file.as_one():
            begin()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        begin_and_break_off()
    assert (journal.open_episodes("1"), list(journal.history())) == ((), [])
    with journal.file.as_one(), journal.file.as_one():
        begin()
    assert [len(found) for found in (journal.open_episodes("1"), journal.open_intents("1", BTCUSDT))] == [1, 1]


def test_writes_of_a_pair_that_are_open_or_began_since_are_found_once_and_no_others(journal: Journal):
    def wrote(symbol: Symbol, minutes: int, state: State) -> int:
        number = journal.intend("1", replace(AN_INTENT, symbol=symbol, started_at=NOON + timedelta(minutes=minutes)))
        journal.outcome(number, state, NOON)
        return number

    wrote(BTCUSDT, -2, State.DONE)
    wrote(ETHUSDT, 1, State.DONE)
    expected = [
        wrote(BTCUSDT, -1, State.UNKNOWN),
        wrote(BTCUSDT, 0, State.DONE),
        wrote(BTCUSDT, 1, State.ACCEPTED),
    ]
    assert [intent.id for intent in journal.left_or_begun_since("1", BTCUSDT, NOON)] == expected
    assert journal.left_or_begun_since("2", BTCUSDT, NOON) == ()
