"""The exchange says no to everything, or nothing at all: exit 4, and nothing more is sent before the stated time."""

from __future__ import annotations

import json
import socket

from tests.sockets.bot import Bot, a_bot
from tests.sockets.server import ACCOUNT, Server


def ban(server: Server, ms: int, **where: object) -> None:
    body = {"code": -1003, "msg": f"Way too many requests; IP banned until {server.now_ms() + ms}."}
    server.fault(kind="answer", status=418, body=json.dumps(body), **where)


def test_a_ban_beyond_the_deadline_is_exit_4_and_a_new_start_sends_nothing(server: Server, bot: Bot):
    server.a_long()
    ban(server, 600_000, path=ACCOUNT, skip=1)
    document = bot.unwind("BTCUSDT").unwound(4)
    assert "banned" in document["reason"]
    assert [step["kind"] for step in document["steps"]] == ["close"]

    logged = len(server.log())
    again = bot.unwind("BTCUSDT").unwound(4)
    assert "banned" in again["reason"]
    assert (again["requests"], again["before"]) == (0, None)
    everything = bot.run("unwind", "--all", "--yes", "--json")
    status = bot.run("status", "--json")
    assert (everything.code, status.code) == (4, 4)
    assert "banned" in status.document["error"]
    assert len(server.log()) == logged, "banned means silent, in every command"

    # Another journal knows of no ban, and the fault is spent: the exchange itself has nothing against us.
    assert a_bot(bot.home / "other", server).unwind("BTCUSDT").unwound()["outcome"] == "flat"


def test_a_ban_that_ends_before_the_deadline_is_waited_for(server: Server, bot: Bot):
    server.a_long("ETHUSDT")
    ban(server, 1_500, path=ACCOUNT, skip=1)
    document = bot.unwind("ETHUSDT").unwound()
    assert document["outcome"] == "flat"
    assert document["elapsed_ms"] > 1_000


def test_an_exchange_that_is_not_there_is_exit_4_with_a_clear_sentence(bot: Bot):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    gone = {"EXCHANGE__REST_URL": f"http://127.0.0.1:{port}"}
    ended = bot.unwind("BTCUSDT", "--deadline", "1", **gone)
    document = ended.unwound(4)
    assert "could not be reached" in document["reason"]
    assert (document["requests"], document["before"], document["after"]) == (0, None, None)

    for_people = bot.run("unwind", "BTCUSDT", "--yes", "--deadline", "1", **gone)
    assert for_people.code == 4
    assert "could not be reached" in " ".join(for_people.out.split())
    assert "Traceback" not in for_people.err


def test_an_exchange_that_takes_requests_and_never_answers_is_exit_4_at_the_deadline(server: Server, bot: Bot):
    server.fault(kind="read_timeout", method="GET", count=None)
    document = bot.unwind("BTCUSDT", "--deadline", "1").unwound(4)
    assert "did not answer before the deadline" in document["reason"]
    assert document["steps"] == []
    assert document["elapsed_ms"] < 6_000, "the bound of a single request is 12 s; the deadline cuts it off"
