"""A run that is told to stop, and a second one beside it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.sockets.bot import Bot
from tests.sockets.server import ACCOUNT, LOAN, ORDER, Server, until

TOLD = pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])


@TOLD
def test_a_signal_in_a_write_waits_for_its_answer_and_says_where_things_stand(server: Server, bot: Bot, told: signal.Signals):
    server.a_long()
    done = server.done_by_us("BTCUSDT")
    server.fault(kind="slow", method="POST", path=ORDER, after_ms=1_000)
    running = bot.start_unwind("BTCUSDT", cold=told is signal.SIGTERM)
    server.struck()
    running.signal(told)
    document = bot.end(running).unwound(1)

    assert document["outcome"] == "stopped"
    assert "signal" in document["reason"]
    assert [(step["kind"], step["status"]) for step in document["steps"]] == [("close", "done")]
    assert server.done_by_us("BTCUSDT") == done | {"close": done["close"] + 1}

    again = bot.unwind("BTCUSDT").unwound()
    assert [step["kind"] for step in again["steps"]] == ["repay", "sweep", "sweep"]
    server.assert_empty("BTCUSDT")


@TOLD
def test_a_signal_in_a_read_ends_the_run_at_once(server: Server, bot: Bot, told: signal.Signals):
    server.a_short("ETHUSDT")
    server.hold("GET", ACCOUNT, skip=2)
    running = bot.start_unwind("ETHUSDT")
    server.struck()
    running.signal(told)
    document = bot.end(running).unwound(1)
    assert [step["kind"] for step in document["steps"]] == ["close", "repay"]
    assert "run the same command again" in document["reason"]
    assert bot.unwind("ETHUSDT").unwound()["outcome"] == "flat"
    server.assert_empty("ETHUSDT")


def test_a_repayment_whose_fate_is_open_at_the_signal_is_settled_by_the_next_run(server: Server, bot: Bot):
    server.a_long("SOLUSDT")
    done = server.done_by_us("SOLUSDT")
    server.fault(kind="disconnect", method="POST", path=LOAN)
    server.hold("GET", LOAN)
    running = bot.start_unwind("SOLUSDT")
    server.struck()
    running.signal(signal.SIGTERM)
    document = bot.end(running).unwound(1)
    assert [(step["kind"], step["status"]) for step in document["steps"]] == [("close", "done"), ("repay", "unknown")]
    assert "still unknown" in document["reason"]

    assert bot.unwind("SOLUSDT").unwound()["outcome"] == "flat"
    assert server.done_by_us("SOLUSDT") == {kind: count + 1 for kind, count in done.items()}


def test_a_second_unwind_of_the_same_pair_is_refused_and_writes_nothing(server: Server, bot: Bot):
    server.a_long("XRPUSDT")
    server.fault(kind="slow", method="GET", path=ACCOUNT, skip=1, before_ms=3_000)
    first = bot.start_unwind("XRPUSDT")
    server.struck()
    logged = len(server.log())
    second = bot.unwind("XRPUSDT").unwound(3)
    assert {entry["method"] for entry in server.log()[logged:]} == {"GET"}, "only the second one spoke meanwhile"
    assert "another marginbot is working on XRPUSDT" in second["reason"]
    assert second["steps"] == []
    assert bot.end(first).unwound()["outcome"] == "flat"
    server.assert_empty("XRPUSDT")


def test_the_lock_of_a_dead_process_blocks_nobody(server: Server, bot: Bot):
    server.a_long("DOGEUSDT")
    server.hold("GET", ACCOUNT, skip=1)
    running = bot.start_unwind("DOGEUSDT")
    server.struck()
    running.kill()
    assert bot.unwind("DOGEUSDT", "--deadline", "20").unwound()["outcome"] == "flat"


@pytest.mark.parametrize("loaded", ["_ssl", "multidict"], ids=["reading its settings", "importing the rest"])
@TOLD
def test_a_signal_before_the_run_has_begun_ends_it_with_a_whole_document(bot: Bot, told: signal.Signals, loaded: str):
    starting = bot.start_unwind("BNBUSDT", cold=True)
    until(lambda: maps_hold(starting.pid, loaded), "nothing was imported")
    starting.signal(told)
    document = bot.end(starting).unwound(1)
    assert document["reason"] == "interrupted"
    assert (document["requests"], document["steps"]) == (0, [])


def maps_hold(pid: int, module: str) -> bool:
    """Whether a process has loaded a compiled module: a sign of how far its imports are."""
    return module in Path(f"/proc/{pid}/maps").read_text()
