"""Pruning: what is old and over leaves the journal; what is open stays, however old it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from marginbot.domain.amounts import Symbol
from marginbot.engine.daemon.desk import Desk
from marginbot.engine.journal.entries import Intent, State
from marginbot.engine.journal.journal import Journal
from marginbot.engine.journal.pruning import prune

BTCUSDT = Symbol("BTCUSDT")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=400)


@pytest.fixture
def journal():
    journal = Journal("sqlite://")
    yield journal
    journal.close()


def written(journal: Journal, at: datetime, state: State) -> int:
    intent = Intent(
        0, 1, BTCUSDT, "cancel_orders", None, None, None, {}, "the test says so", {}, State.INTENDED, None, 0, at, None, None
    )
    number = journal.intend("7", intent)
    if state is not State.INTENDED:
        journal.outcome(number, state, at)
    return number


def test_old_writes_that_are_over_go_and_young_or_open_ones_stay(journal):
    old = {state: written(journal, LONG_AGO, state) for state in State}
    young = written(journal, NOON, State.DONE)
    assert prune(journal.file, NOON - timedelta(days=365)) == 4
    stays = {old[State.INTENDED], old[State.ACCEPTED], old[State.UNKNOWN], young}
    assert {intent.id for intent in journal.history()} == stays


def test_old_episodes_go_when_they_ended_and_stay_when_they_did_not(journal):
    ended = journal.open_episode("7", BTCUSDT, "warn", {}, LONG_AGO)
    journal.close_episode(ended, "flat", "done", LONG_AGO)
    still = journal.open_episode("7", BTCUSDT, "get out", {}, LONG_AGO)
    assert prune(journal.file, NOON) == 1
    assert [episode.id for episode in journal.open_episodes("7")] == [still]
    assert journal.ends_of([ended, still]) == {}


def test_old_requests_go_and_a_pause_without_an_end_stays_in_force(journal):
    desk = Desk(journal.file, "7")
    over, pause = desk.ask("ack", None, {}, LONG_AGO), desk.ask("pause", None, {}, LONG_AGO)
    desk.end(over, "acknowledged", LONG_AGO)
    assert prune(journal.file, NOON) == 1
    assert (desk.one(over), [request.id for request in desk.open()]) == (None, [pause])


def test_an_hour_in_another_zone_is_the_same_moment(journal):
    desk = Desk(journal.file, "7")
    desk.end(desk.ask("ack", None, {}, NOON), "acknowledged", NOON)
    assert prune(journal.file, NOON.astimezone(timezone(timedelta(hours=9)))) == 0
    assert prune(journal.file, (NOON + timedelta(seconds=1)).astimezone(timezone(timedelta(hours=9)))) == 1
