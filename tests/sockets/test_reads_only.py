"""What a plan and a dry run send: reads, and nothing else."""

from __future__ import annotations

import pytest

from tests.sockets.bot import Bot
from tests.sockets.server import Server

HARMLESS = {("POST", "/sapi/v1/userListenToken"), ("POST", "/api/v3/order/test")}
COMMANDS = {
    "plan": ("plan", "BTCUSDT"),
    "dry run": ("unwind", "BTCUSDT", "--dry-run"),
    "dry run, even with --yes": ("unwind", "BTCUSDT", "--dry-run", "--yes"),
    "everything": ("unwind", "--all", "--dry-run", "--yes"),
    "status": ("status",),
}


@pytest.fixture
def position(server: Server, bot: Bot):
    server.a_long()
    yield
    bot.unwind("BTCUSDT").unwound()


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.usefixtures("position")
def test_nothing_but_reads_reaches_the_exchange(server: Server, bot: Bot, command: str):
    logged, row = len(server.log()), server.row("BTCUSDT")
    ended = bot.run(*COMMANDS[command], "--json")
    assert ended.code == 0, ended.err
    sent = {(entry["method"], entry["path"]) for entry in server.log()[logged:]} - HARMLESS
    assert {method for method, _ in sent} == {"GET"}
    assert server.row("BTCUSDT") == row


@pytest.mark.usefixtures("position")
def test_the_plan_names_every_step_with_its_cost_and_is_what_then_happens(bot: Bot):
    planned = bot.run("plan", "BTCUSDT", "--json").unwound()
    assert planned["outcome"] == "planned"
    assert {step["status"] for step in planned["steps"]} == {"planned"}
    done = bot.unwind("BTCUSDT").unwound()
    assert [(step["kind"], step["asset"]) for step in planned["steps"]] == [
        (step["kind"], step["asset"]) for step in done["steps"]
    ]
    assert planned["steps"][0]["amount"] == done["steps"][0]["amount"]
    assert planned["cost"]["fees"] == done["cost"]["fees"]


@pytest.mark.usefixtures("position")
def test_without_a_yes_and_without_a_terminal_nothing_is_sent(server: Server, bot: Bot):
    logged = len(server.log())
    document = bot.run("unwind", "BTCUSDT", "--json").unwound(3)
    assert "--yes" in document["reason"]
    assert {entry["method"] for entry in server.log()[logged:]} == {"GET"}
