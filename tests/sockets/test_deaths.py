"""kill -9 at a known moment of a plain unwind, then the same command again: the goal is reached, nothing happens twice."""

from __future__ import annotations

import pytest

from tests.sockets.bot import Bot
from tests.sockets.server import ACCOUNT, LOAN, ORDER, TRANSFER, Server

# The account is read before the close, after it, after the repayment, and after the sweeps.
BETWEEN = {"before the first write": 0, "close - repay": 1, "repay - sweep": 2, "after the last write": 3}
IN_A_WRITE = {"close": ORDER, "repay": LOAN, "sweep": TRANSFER}


def die_and_go_on(server: Server, bot: Bot, symbol: str) -> dict[str, object]:
    """Kill the run the armed fault holds, run the same command to its end, and look at the exchange's own books."""
    done = server.done_by_us(symbol)
    held = bot.start_unwind(symbol)
    server.struck()
    held.kill()
    document: dict[str, object] = bot.unwind(symbol).unwound()
    assert document["outcome"] == "flat"
    server.assert_empty(symbol)
    assert server.done_by_us(symbol) == {kind: count + 1 for kind, count in done.items()}
    return document


@pytest.mark.parametrize("moment", BETWEEN)
def test_a_run_killed_between_two_writes_is_finished_by_the_next(server: Server, bot: Bot, moment: str):
    server.a_long()
    server.hold("GET", ACCOUNT, skip=BETWEEN[moment])
    document = die_and_go_on(server, bot, "BTCUSDT")
    left = ["close", "repay", "sweep", "sweep"][BETWEEN[moment] :] if BETWEEN[moment] < 3 else []
    assert [step["kind"] for step in document["steps"]] == left, "what was done before the death is not done again"


@pytest.mark.parametrize("write", IN_A_WRITE)
def test_a_run_killed_while_a_write_that_happened_was_not_answered_looks_it_up(server: Server, bot: Bot, write: str):
    server.a_long("ETHUSDT")
    server.hold("POST", IN_A_WRITE[write])
    document = die_and_go_on(server, bot, "ETHUSDT")
    assert write not in [step["kind"] for step in document["steps"] if step["asset"] != "ETH" or write == "close"]


def test_a_run_killed_before_its_order_reached_the_exchange_sends_one_once_it_is_known_absent(server: Server, bot: Bot):
    server.a_long("SOLUSDT")
    server.hold("POST", ORDER, executed=False)
    document = die_and_go_on(server, bot, "SOLUSDT")
    assert [step["kind"] for step in document["steps"]].count("close") == 1


def test_the_journal_tells_the_whole_story_of_both_runs(server: Server, bot: Bot):
    server.a_long("XRPUSDT")
    server.hold("GET", ACCOUNT, skip=1)
    die_and_go_on(server, bot, "XRPUSDT")
    entries = bot.run("journal", "--symbol", "XRPUSDT", "--json").document["entries"]
    assert [(entry["kind"], entry["state"]) for entry in entries if entry["asset"] != "XRP" or entry["kind"] == "close"] == [
        ("close", "done"), ("repay", "done"), ("sweep", "done"),
    ]  # fmt: skip
    assert {entry["episode"] for entry in entries} == {entries[0]["episode"]}
