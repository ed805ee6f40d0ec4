"""Venue testnet over real sockets: a served exchange stands in for the testnet, and its log shows all it was ever asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.elsewhere import ALLOWED
from tests.sockets.bot import Bot, a_bot
from tests.sockets.daemon import Daemon
from tests.sockets.server import Server, served

# The long begins at level 1.253; an index 0.1 % lower is enough.
POLICY = """
[[policy]]
pairs = ["*"]
[[policy.rule]]
name = "get out"
when = { margin_level_below = "1.252" }
do = "unwind"
"""


@pytest.fixture
def testnet(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "exchange").mkdir()
    with served(tmp_path / "exchange", "--scenario", "empty") as server:
        server.control("POST", "price", {"symbol": "BTCUSDT", "price": "60000"})
        yield server


@pytest.fixture
def bot(testnet: Server, tmp_path: Path) -> Iterator[Bot]:
    bot = a_bot(tmp_path / "bot", testnet)
    (tmp_path / "policy.toml").write_text(POLICY)
    bot.env |= {
        "MARGINBOT_VENUE": "testnet",
        "MARGINBOT_POLICY__FILE": str(tmp_path / "policy.toml"),
        "MARGINBOT_EXCHANGE__STREAM_URL": f"ws{testnet.url.removeprefix('http')}",
        "MARGINBOT_METRICS__LISTEN": "off",
    }
    yield bot
    bot.close()


def test_a_daemon_guards_the_books_here_by_the_prices_there_and_asks_for_nothing_else(testnet: Server, bot: Bot):
    (before,) = (row for row in bot.run("status", "--json").document["pairs"] if row["symbol"] == "BTCUSDT")
    assert (before["index_price"], before["margin_level"][:4]) == ("60000", "1.25")

    daemon = Daemon(bot, bot.start("run"))
    daemon.until(lambda: bool(daemon.told("watching")), "the daemon never began to watch")
    beside = {row["symbol"]: row for row in bot.run("status", "--json").document["pairs"]}
    assert beside["BTCUSDT"]["base"]["free"] == "0.05"
    assert bot.run("plan", "ETHUSDT", "--json").document["outcome"] == "planned"
    testnet.control("POST", "price", {"symbol": "BTCUSDT", "price": "59700"})
    daemon.until(lambda: daemon.ended("BTCUSDT") == [("get out", "flat")], "the long was never closed")
    handed = bot.unwind("SOLUSDT").unwound()
    daemon.stop()

    assert handed["outcome"] == "flat"
    assert bot.unwind("ETHUSDT").unwound()["outcome"] == "flat"
    calls = [(entry["method"], entry["path"]) for entry in testnet.log()]
    assert {call for call in calls if call[1] != "/stream"} <= ALLOWED
    assert calls.count(("POST", "/api/v3/order/test")) == 3
    assert testnet.call("GET", "/api/v3/account", omitZeroBalances="true")["balances"][0]["free"] == "10000"
