"""`pause`, `resume`, `ack`, `panic`: what is asked, what is answered when nobody hears, and when somebody else does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from marginbot.cli import asking
from marginbot.engine.clock import SystemClock
from marginbot.engine.daemon.desk import Desk, Request
from marginbot.engine.journal.journal import Journal
from marginbot.engine.lock import instance_lock
from tests.cli.paper_world import documents
from tests.sockets.server import until

ACCOUNT = "1"


@pytest.fixture
def state(folder: Path) -> Path:
    found = folder / "state" / "marginbot"
    found.mkdir(parents=True)
    return found


def desk_in(state: Path) -> Desk:
    return Desk(Journal.in_file(state / "journal.sqlite").file, ACCOUNT)


@contextmanager
def a_daemon(state: Path, answers: dict[str, str | None]) -> Iterator[list[Request]]:
    """Holds the account's lock and answers by kind; None: takes it and keeps it open. Yields what it heard."""
    heard: list[Request] = []
    stop = threading.Event()

    def listen() -> None:
        desk, clock = desk_in(state), SystemClock()
        while not stop.wait(0.02):
            for request in desk.open():
                if request.taken_at is not None or request.kind not in answers:
                    continue
                heard.append(request)
                desk.take(request.id, clock.now())
                answer = answers[request.kind]
                if answer is not None:
                    desk.end(request.id, answer, clock.now())

    with instance_lock(state, "paper", ACCOUNT):
        listener = threading.Thread(target=listen)
        listener.start()
        try:
            yield heard
        finally:
            stop.set()
            listener.join()


@pytest.mark.parametrize("command", ["pause", "resume", "ack"])
def test_without_a_daemon_there_is_nobody_to_ask(marginbot, capsys, command: str):
    assert marginbot(command) == 3
    out, err = capsys.readouterr()
    assert (out, "nobody to ask" in err) == ("", True)


def test_a_pause_is_in_force_as_soon_as_it_was_heard_and_ends_when_it_should(marginbot, capsys, state):
    with a_daemon(state, {"pause": None}) as heard:
        assert marginbot("pause", "btcusdt", "--for", "2h") == 0
    (request,) = heard
    assert (request.kind, request.symbol) == ("pause", "BTCUSDT")
    lasts = datetime.fromisoformat(request.arguments["until"]) - request.asked_at
    assert abs(lasts - timedelta(hours=2)) < timedelta(seconds=1)
    assert "BTCUSDT is paused until 20" in capsys.readouterr().out


def test_a_pause_without_an_end_says_how_it_ends(marginbot, capsys, state):
    with a_daemon(state, {"pause": None}) as heard:
        assert marginbot("pause") == 0
    assert (heard[0].symbol, dict(heard[0].arguments)) == (None, {})
    assert "every pair is paused until `marginbot resume`" in capsys.readouterr().out


def test_a_pause_that_the_daemon_refuses_is_a_refusal(marginbot, capsys, state):
    with a_daemon(state, {"pause": "there is no isolated margin account of NOUSDT"}):
        assert marginbot("pause", "NOUSDT") == 3
    assert "there is no isolated margin account of NOUSDT" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["resume", "ack"])
def test_the_daemons_answer_is_what_a_person_reads(marginbot, capsys, state, command: str):
    with a_daemon(state, {command: "2 of them [really]"}) as heard:
        assert marginbot(command, "ETHUSDT") == 0
    assert heard[0].symbol == "ETHUSDT"
    assert capsys.readouterr().out == "2 of them [really]\n"


def test_a_daemon_that_does_not_listen_is_a_refusal_and_the_request_is_taken_back(marginbot, capsys, state, monkeypatch):
    monkeypatch.setattr(asking, "HEARD_WITHIN", 0.3)
    with a_daemon(state, {}):
        assert marginbot("ack") == 3
    assert "did not hear 'ack'" in capsys.readouterr().err
    assert desk_in(state).open() == ()


def test_a_daemon_that_ends_before_a_panic_is_over_does_not_keep_the_command_waiting(marginbot, capsys, state):
    held = ExitStack()
    heard = held.enter_context(a_daemon(state, {"panic": None}))

    def dies_when_it_heard() -> None:
        until(lambda: bool(heard), "nobody asked")
        held.close()

    dies = threading.Thread(target=dies_when_it_heard)
    dies.start()
    assert marginbot("panic", "--yes") == 3
    dies.join()
    assert [request.kind for request in heard] == ["panic"]
    assert "ended before 'panic' was over" in capsys.readouterr().err


def test_a_panic_that_is_not_confirmed_asks_nobody(marginbot, capsys, state):
    with a_daemon(state, {"panic": "done"}) as heard:
        assert marginbot("panic") == 3
    assert heard == []
    assert "--yes" in capsys.readouterr().err


@pytest.mark.parametrize(("time", "says"), [("999999w", "ten years"), ("0s", "longer than nothing"), ("soon", "such as 90s")])
def test_a_pause_for_a_senseless_time_is_a_wrong_command_line(marginbot, capsys, time, says):
    assert marginbot("pause", "--for", time) == 2
    err = " ".join(capsys.readouterr().err.split())
    assert "--for" in err
    assert says in err


def test_a_panic_that_found_nothing_is_over_and_fine(marginbot, capsys, state):
    with a_daemon(state, {"panic": "no isolated pair owes or holds anything: nothing to do"}):
        assert marginbot("panic", "--yes") == 0
    assert "nothing to do" in capsys.readouterr().out


def test_a_panic_that_the_daemon_refuses_is_refused_and_not_fine(marginbot, capsys, state):
    with a_daemon(state, {"panic": "this `marginbot run` is a dry run and sends nothing"}):
        assert marginbot("panic", "--yes") == 3
    assert "is a dry run and sends nothing" in capsys.readouterr().err


def test_a_panic_that_is_not_over_at_the_deadline_says_that_it_goes_on(marginbot, capsys, state, monkeypatch):
    monkeypatch.setenv("MARGINBOT_UNWIND__DEADLINE", "0.5")
    with a_daemon(state, {"panic": None}):
        assert marginbot("panic", "--yes") == 1
    assert "goes on bringing every pair home" in capsys.readouterr().out


def test_a_panic_without_a_daemon_unwinds_everything_by_itself(marginbot, capsys):
    assert marginbot("panic", "--yes") == 0
    out = capsys.readouterr().out
    assert "No `marginbot run` is at work" in out
    assert out.count(": flat") == 3


def test_an_unwind_beside_a_daemon_that_refuses_is_refused_with_a_whole_document(marginbot, capsys, state):
    with a_daemon(state, {"unwind": "this `marginbot run` is a dry run and sends nothing"}) as heard:
        document = documents(marginbot, capsys, "unwind", "BTCUSDT", "--yes", "--into", "keep", "--no-sweep", code=3)
    assert "is a dry run" in document["reason"]
    assert document["before"]["quote"]["borrowed"] == "4000"
    assert dict(heard[0].arguments) == {"into": "keep", "sweep": "false", "cap_bps": "100"}


def test_an_unwind_of_all_beside_a_daemon_asks_for_every_busy_pair_at_once(marginbot, capsys, state):
    with a_daemon(state, {"unwind": "not today"}) as heard:
        everything = documents(marginbot, capsys, "unwind", "--all", "--yes", code=3)
    assert [request.symbol for request in heard] == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    assert [pair["reason"] for pair in everything["pairs"]] == ["not today"] * 3


def test_a_daemon_of_another_account_is_not_asked(marginbot, capsys, state):
    with instance_lock(state, "paper", "2"):
        assert documents(marginbot, capsys, "unwind", "BTCUSDT", "--yes")["outcome"] == "flat"
