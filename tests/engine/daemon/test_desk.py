"""The desk: what a person asks for is a row that a daemon takes, carries out and ends, across restarts too."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from marginbot.domain.amounts import Symbol
from marginbot.engine.daemon.desk import Desk
from marginbot.engine.journal.journal import Journal

BTCUSDT, ETHUSDT = Symbol("BTCUSDT"), Symbol("ETHUSDT")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def journal():
    journal = Journal("sqlite://")
    yield journal
    journal.close()


@pytest.fixture
def desk(journal) -> Desk:
    return Desk(journal.file, "7")


def test_a_request_lies_there_until_it_is_over(desk):
    number = desk.ask("pause", BTCUSDT, {"until": "tomorrow"}, NOON)
    (asked,) = desk.open()
    assert (asked.id, asked.kind, asked.symbol, asked.arguments) == (number, "pause", BTCUSDT, {"until": "tomorrow"})
    assert (asked.asked_at, asked.taken_at, asked.ended_at, asked.answer) == (NOON, None, None, None)
    assert desk.take(number, NOON)
    assert [request.taken_at for request in desk.open()] == [NOON]
    desk.end(number, "taken back", NOON)
    assert desk.open() == ()
    assert desk.one(number).answer == "taken back"


def test_requests_are_told_oldest_first_and_each_account_has_its_own(desk, journal):
    numbers = [desk.ask(kind, None, {}, NOON) for kind in ("pause", "ack", "panic")]
    assert [request.id for request in desk.open()] == numbers
    assert Desk(journal.file, "8").open() == ()


def test_a_request_that_was_withdrawn_is_not_taken_any_more(desk):
    number = desk.ask("panic", None, {}, NOON)
    assert desk.withdraw(number, "nobody heard it", NOON)
    assert not desk.take(number, NOON)


def test_a_request_that_was_taken_cannot_be_withdrawn(desk):
    number = desk.ask("panic", None, {}, NOON)
    assert desk.take(number, NOON)
    assert not desk.withdraw(number, "nobody heard it", NOON)
    assert desk.one(number).ended_at is None


def test_which_episodes_carry_it_out_is_kept_beside_its_arguments(desk):
    number = desk.ask("panic", None, {"into": "base"}, NOON)
    request = desk.follow(desk.one(number), BTCUSDT, 3)
    request = desk.follow(request, ETHUSDT, 4)
    assert desk.one(number) == request
    assert (request.arguments, request.episodes) == ({"into": "base"}, {BTCUSDT: 3, ETHUSDT: 4})


def test_there_is_no_request_of_an_unknown_number(desk):
    assert desk.one(99) is None
