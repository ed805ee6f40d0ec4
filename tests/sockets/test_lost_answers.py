"""Answers that never came, over real connections: looked up within the same run, and one effect only."""

from __future__ import annotations

import pytest

from tests.sockets.bot import Bot
from tests.sockets.server import LOAN, ORDER, TRANSFER, Server

WRITES = {"close": ORDER, "repay": LOAN, "sweep": TRANSFER}
LOST = {"cut": {"kind": "disconnect"}, "html": {"kind": "answer", "canned": "html_502", "executed": True}}


@pytest.mark.parametrize("how", LOST)
@pytest.mark.parametrize("write", WRITES)
def test_a_lost_answer_is_looked_up_and_the_run_goes_on_to_flat(server: Server, bot: Bot, write: str, how: str):
    symbol = "DOGEUSDT"
    server.a_long(symbol)
    done, logged = server.done_by_us(symbol), len(server.log())
    server.fault(**LOST[how], method="POST", path=WRITES[write])
    document = bot.unwind(symbol).unwound()

    assert document["outcome"] == "flat"
    assert {step["status"] for step in document["steps"]} == {"done"}
    server.assert_empty(symbol)
    assert server.done_by_us(symbol) == {kind: count + 1 for kind, count in done.items()}
    sent = [entry["params"] for entry in server.log()[logged:] if (entry["method"], entry["path"]) == ("POST", WRITES[write])]
    assert len({(params.get("asset"), params.get("newClientOrderId")) for params in sent}) == len(sent), "nothing was resent"


def test_a_close_that_never_arrived_is_proved_absent_and_sent_under_a_new_id(server: Server, bot: Bot):
    server.a_long("XRPUSDT")
    done = server.done_by_us("XRPUSDT")
    server.fault(kind="answer", canned="html_502", method="POST", path=ORDER, executed=False)
    document = bot.unwind("XRPUSDT").unwound()
    closes = [step for step in document["steps"] if step["kind"] == "close"]
    assert [step["status"] for step in closes] == ["rejected", "done"]
    assert closes[0]["client_id"] != closes[1]["client_id"]
    assert server.done_by_us("XRPUSDT") == {kind: count + 1 for kind, count in done.items()}


def test_passing_faults_of_reads_do_not_end_a_run(server: Server, bot: Bot):
    server.a_long("ETHUSDT")
    server.fault(kind="disconnect", method="GET", path="/api/v3/depth")
    server.fault(kind="answer", canned="html_504", method="GET", path="/sapi/v1/margin/isolated/account", skip=1)
    server.fault(kind="answer", canned="-1021", method="GET", path="/sapi/v1/margin/openOrders")
    server.fault(kind="answer", canned="-1003", method="GET", path="/sapi/v1/margin/isolated/account", skip=2)
    assert bot.unwind("ETHUSDT").unwound()["outcome"] == "flat"
    server.struck()


def test_a_write_behind_a_firewall_page_is_refused_and_the_run_stops_with_the_reason(server: Server, bot: Bot):
    server.a_long("SOLUSDT")
    server.fault(kind="answer", canned="html_403", method="POST", path=LOAN, count=None)
    document = bot.unwind("SOLUSDT").unwound(1)
    assert document["outcome"] == "stopped"
    assert "403" in document["reason"]
    assert "<" not in document["reason"]

    server.control("DELETE", "faults")
    assert bot.unwind("SOLUSDT").unwound()["outcome"] == "flat"
    server.assert_empty("SOLUSDT")
