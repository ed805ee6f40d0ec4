"""`marginbot run` on a paper world of its own: everything beside it speaks to the same world and to the same daemon."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from decimal import Decimal as D
from pathlib import Path

import pytest

from tests.contract import check_status, check_unwind
from tests.sockets.bot import Bot
from tests.sockets.daemon import Daemon
from tests.sockets.server import clean_environment

# The world's long: level 1.25 at 100,000. Nothing of this fires there.
POLICY = """
[[policy]]
pairs = ["*"]
[[policy.rule]]
name = "warn"
when = { margin_level_below = "1.20" }
do = "alert"
[[policy.rule]]
name = "get out"
when = { margin_level_below = "1.10" }
do = "unwind"
"""
EAGER = POLICY.replace("1.10", "1.40").replace("1.20", "1.45")


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Bot]:
    """A bot on the embedded paper world of scenario `long`, with a policy."""
    (tmp_path / "policy.toml").write_text(POLICY)
    settings = {"MARGINBOT_POLICY__FILE": str(tmp_path / "policy.toml"), "MARGINBOT_METRICS__LISTEN": "off"}
    bot = Bot(tmp_path, clean_environment(tmp_path) | settings)
    assert bot.run("paper", "reset", "--scenario", "long").code == 0
    yield bot
    bot.close()


def watching(bot: Bot, *flags: str) -> Daemon:
    """A daemon that has begun to watch."""
    daemon = Daemon(bot, bot.start("run", *flags))
    daemon.until(lambda: bool(daemon.told("watching")), "the daemon never began to watch")
    return daemon


def said(daemon: Daemon, words: str) -> bool:
    return any(words in str(line) for line in daemon.log())


def refused(daemon: Daemon, why: str) -> bool:
    """Ask for a reload, again while the daemon has not looked at every pair yet; whether it was refused for that reason."""
    daemon.running.signal(signal.SIGHUP)
    return said(daemon, why)


def test_a_daemon_serves_its_world_and_hears_the_operator_and_ends_by_a_signal(bot: Bot):
    daemon = watching(bot)

    second = bot.run("run")
    assert second.code == 3
    assert "another `marginbot run` watches this account" in second.err

    status = bot.run("status", "--json")
    assert status.code == 0
    check_status(status.document)
    (pair,) = status.document["pairs"]
    assert [rule["name"] for rule in pair["rules"]] == ["warn", "get out"]

    assert "is paused until `marginbot resume`" in bot.run("pause", "BTCUSDT").out
    assert bot.run("resume").out == "1 pause ended\n"
    assert bot.run("ack").out == "acknowledged for every pair\n"
    unknown = bot.run("pause", "BTCUSDC")
    assert (unknown.code, "nothing is paused" in unknown.err) == (3, True)
    assert [line["event"] for line in daemon.log() if str(line["event"]).startswith("asked to")] == [
        "asked to pause BTCUSDT", "asked to resume every pair", "asked to ack every pair", "asked to pause BTCUSDC",
    ]  # fmt: skip
    daemon.stop()


def test_an_unwind_beside_a_daemon_is_done_by_the_daemon_and_reported_by_the_command(bot: Bot):
    daemon = watching(bot)
    ended = bot.unwind("BTCUSDT")
    assert "through the running daemon" in ended.err
    document = ended.unwound()
    assert [(step["kind"], step["status"]) for step in document["steps"]] == [
        ("close", "done"),
        ("repay", "done"),
        ("sweep", "done"),
    ]
    assert (document["before"]["margin_level"], document["after"]["margin_level"]) == ("1.25", None)
    assert [step["level_after"] for step in document["steps"]] == ["1.24862513", None, None]
    assert document["cost"]["fees"] == {"USDT": "4.9995"}
    assert document["swept"] == {"USDT": "994.5005"}
    assert daemon.ended("BTCUSDT") == [("unwind by hand", "flat")]
    assert len(daemon.steps("BTCUSDT")) == 3, "the daemon sent them, and nobody else"
    again = bot.unwind("BTCUSDT").unwound()
    assert again["steps"] == []
    daemon.stop()


def test_a_dry_run_beside_a_daemon_is_a_plan_and_asks_it_for_nothing(bot: Bot):
    daemon = watching(bot)
    ended = bot.unwind("BTCUSDT", "--dry-run")
    check_unwind(ended.document, 0)
    assert ended.document["outcome"] == "planned"
    assert not said(daemon, "asked to")
    daemon.stop()


def test_panic_brings_every_pair_home_and_is_flat_in_the_end(bot: Bot):
    daemon = watching(bot)
    asked = bot.run("panic")
    assert (asked.code, "--yes" in asked.err) == (3, True), "nobody is there to be asked"
    panic = bot.run("panic", "--yes")
    assert (panic.code, "BTCUSDT: flat" in panic.out) == (0, True)
    (pair,) = bot.run("status", "--json").document["pairs"]
    assert (D(pair["equity_value"]), pair["margin_level"]) == (0, None)
    daemon.stop()


def test_a_panic_without_a_daemon_is_an_unwind_of_all(bot: Bot):
    panic = bot.run("panic", "--yes")
    assert panic.code == 0
    assert "No `marginbot run` is at work" in panic.out
    assert "BTCUSDT: flat" in panic.out


def test_without_a_daemon_there_is_nobody_to_pause(bot: Bot):
    ended = bot.run("pause")
    assert (ended.code, "nobody to ask" in ended.err) == (3, True)


def test_sighup_reads_the_policy_anew_and_one_that_is_wrong_or_would_act_at_once_changes_nothing(bot: Bot):
    daemon = watching(bot)
    file = bot.home / "policy.toml"
    for text, why in (("[[policy]\n", "is not valid TOML"), (EAGER, "'get out' of the new policy would act on BTCUSDT at once")):
        file.write_text(text)
        daemon.until(lambda why=why: refused(daemon, why), "the reload was not refused")  # type: ignore[misc]
        assert said(daemon, "the one in force stays")
    file.write_text(POLICY.replace("1.20", "1.30"))
    daemon.running.signal(signal.SIGHUP)
    daemon.until(lambda: daemon.fired("BTCUSDT") == ["warn"], "the new policy was not read")
    assert daemon.steps("BTCUSDT") == []
    daemon.stop()


def test_a_new_policy_that_would_act_waits_for_act_now_and_never_again(bot: Bot):
    (bot.home / "policy.toml").write_text(EAGER)
    waiting = watching(bot)
    waiting.until(lambda: said(waiting, "--act-now"), "nothing was said")
    assert waiting.steps("BTCUSDT") == []
    waiting.stop()
    acting = watching(bot, "--act-now")
    acting.until(lambda: acting.ended("BTCUSDT") == [("get out", "flat")], "it did not act")
    acting.stop()


def test_a_dry_run_tells_what_it_would_send_and_sends_nothing(bot: Bot):
    (bot.home / "policy.toml").write_text(EAGER)
    daemon = watching(bot, "--dry-run", "--act-now")
    daemon.until(lambda: said(daemon, "a dry run: 'get out' would send"), "nothing was told")
    entries = daemon.steps("BTCUSDT")
    assert {(entry["kind"], entry["state"]) for entry in entries} == {("close", "planned")}
    refused = bot.unwind("BTCUSDT").unwound(3)
    assert "is a dry run and sends nothing" in refused["reason"]
    daemon.stop()
    (pair,) = bot.run("status", "--json").document["pairs"]
    assert pair["margin_level"] == "1.25"
