"""A journal that cannot be written: the run stops before its next write, says so, and goes on when it can be again."""

from __future__ import annotations

import resource
import sqlite3
from contextlib import closing
from typing import Any

from tests.sockets.bot import Bot
from tests.sockets.server import ACCOUNT, Server


def assert_stopped_after_the_close(document: Any, server: Server, done: dict[str, int], symbol: str) -> None:
    assert document["outcome"] == "stopped"
    assert "journal" in document["reason"]
    assert "disk space" in document["reason"]
    assert [step["kind"] for step in document["steps"] if step["status"] == "done"] == ["close"]
    assert server.done_by_us(symbol) == done | {"close": done["close"] + 1}


def test_a_journal_locked_by_somebody_stops_the_run_before_its_next_write(server: Server, bot: Bot):
    server.a_long()
    done = server.done_by_us("BTCUSDT")
    server.fault(kind="slow", method="GET", path=ACCOUNT, skip=1, before_ms=700)
    running = bot.start_unwind("BTCUSDT")
    server.struck()
    with closing(sqlite3.connect(bot.journal, isolation_level=None)) as somebody:
        somebody.execute("BEGIN EXCLUSIVE")
        document = bot.end(running).unwound(1)
    assert_stopped_after_the_close(document, server, done, "BTCUSDT")

    assert bot.unwind("BTCUSDT").unwound()["outcome"] == "flat"
    assert server.done_by_us("BTCUSDT") == {kind: count + 1 for kind, count in done.items()}


def test_a_full_disk_stops_the_run_before_its_next_write(server: Server, bot: Bot):
    server.a_long("ETHUSDT")
    done = server.done_by_us("ETHUSDT")
    server.fault(kind="slow", method="GET", path=ACCOUNT, skip=1, before_ms=700)
    running = bot.start_unwind("ETHUSDT")
    server.struck()
    said = 4_000  # what it says still finds room; the journal is longer
    resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (said, said))
    document = bot.end(running).unwound(1)
    assert_stopped_after_the_close(document, server, done, "ETHUSDT")

    assert bot.unwind("ETHUSDT").unwound()["outcome"] == "flat"
    assert server.done_by_us("ETHUSDT") == {kind: count + 1 for kind, count in done.items()}


def test_a_folder_in_the_place_of_the_journal_is_exit_1_before_anything_is_sent(server: Server, bot: Bot):
    bot.journal.mkdir(parents=True)
    logged = len(server.log())
    ended = bot.unwind("BTCUSDT")
    assert "journal" in ended.unwound(1)["reason"]
    assert "MARGINBOT_STATE__URL" in ended.err
    assert len(server.log()) == logged


def test_a_journal_that_is_no_database_is_exit_1_before_anything_is_sent(server: Server, bot: Bot):
    bot.journal.parent.mkdir(parents=True)
    bot.journal.write_text("not a database, and certainly not ours\n" * 100)
    logged = len(server.log())
    assert "journal" in bot.unwind("BTCUSDT").unwound(1)["reason"]
    assert len(server.log()) == logged
