"""Pauses: of one pair or of all, until their end or until a person takes them back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from marginbot.domain.amounts import Symbol
from marginbot.engine.daemon.desk import Request
from marginbot.engine.daemon.pauses import Pauses, ends_at

BTCUSDT, ETHUSDT = Symbol("BTCUSDT"), Symbol("ETHUSDT")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def a_request(kind: str = "pause", symbol: Symbol | None = None, until: datetime | None = None) -> Request:
    return Request(1, kind, symbol, {} if until is None else {"until": until.isoformat()}, NOON, NOON, None, None)


def pauses(*requests: Request) -> Pauses:
    found = Pauses()
    found.learn(requests)
    return found


def test_nothing_is_paused_by_itself_or_by_another_request():
    assert pauses().of(BTCUSDT) is None
    assert pauses(a_request("panic")).of(BTCUSDT) is None
    assert not pauses(a_request("unwind"))


def test_a_pause_of_one_pair_leaves_the_others_protected():
    paused = pauses(a_request(symbol=BTCUSDT))
    assert (paused.of(BTCUSDT) is None, paused.of(ETHUSDT)) == (False, None)


def test_a_pause_of_all_holds_for_every_pair_and_says_how_it_ends():
    assert pauses(a_request()).of(ETHUSDT) == "protection is paused until `marginbot resume` is said"
    until = pauses(a_request(until=NOON)).of(ETHUSDT)
    assert until == "protection is paused until 2026-03-04 12:00:00 UTC"


def test_a_pause_with_an_end_is_over_at_its_end_and_one_without_never():
    endless, short = a_request(), a_request(until=NOON + timedelta(hours=2))
    both = pauses(endless, short)
    assert both.over(NOON + timedelta(minutes=119)) == ()
    assert both.over(NOON + timedelta(minutes=120)) == (short,)
    assert (ends_at(endless), ends_at(short)) == (None, NOON + timedelta(hours=2))


def test_what_the_desk_says_last_holds():
    paused = pauses(a_request())
    assert paused
    paused.learn(())
    assert not paused
    assert paused.of(BTCUSDT) is None
