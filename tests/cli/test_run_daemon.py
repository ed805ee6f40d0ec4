"""`run` in-process: what it logs of the watch's events, and what a start that must not be gets."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from decimal import Decimal as D
from pathlib import Path

import pytest
import structlog

from marginbot.cli import run_daemon
from marginbot.cli.run_daemon import tell
from marginbot.domain.amounts import Asset, Symbol
from marginbot.domain.plan import Repay
from marginbot.domain.policy import Do, LevelBelow, Rule
from marginbot.engine.events import Fired, Notice, Pursued, Rearmed, StepEnded
from marginbot.engine.lock import instance_lock
from marginbot.engine.report import Outcome, RunReport, StepReport, StepStatus
from tests.builders import a_balance, an_account

BTCUSDT, USDT = Symbol("BTCUSDT"), Asset("USDT")
ACCOUNT = an_account(quote=a_balance(free="5000", borrowed="4000"))
WARN = Rule("warn", LevelBelow(D("1.30")), Do.ALERT)


@pytest.fixture
def lines() -> Iterator[list[dict[str, object]]]:
    with structlog.testing.capture_logs() as found:
        yield found


def test_every_event_a_person_may_ask_about_is_one_line(lines):
    done = RunReport(BTCUSDT, "paper", Outcome.FLAT, "nothing is owed")
    step = StepReport(Repay(BTCUSDT, USDT, D("4000.10"), "it is owed"), StepStatus.DONE)
    for event in (
        Fired(WARN, "level 1.25", ACCOUNT), Rearmed("warn", ACCOUNT), Pursued("get out", done), StepEnded(step),
        Notice("a price is odd"), Notice("nobody looks", alarm=True),
    ):  # fmt: skip
        tell(BTCUSDT, event)
    told = [(line["log_level"], line["event"]) for line in lines]
    assert told == [
        ("warning", "a rule fired"), ("info", "a rule is armed again"), ("warning", "an errand ended"),
        ("warning", "a step ended"), ("info", "a price is odd"), ("warning", "nobody looks"),
    ]  # fmt: skip
    assert (lines[0]["symbol"], lines[0]["rule"], lines[2]["outcome"]) == (BTCUSDT, "warn", "flat")
    assert (lines[3]["amount"], lines[3]["asset"]) == ("4000.1", USDT)


def test_a_second_daemon_of_the_account_is_refused(marginbot, capsys, folder: Path):
    state = folder / "state" / "marginbot"
    state.mkdir(parents=True)
    with instance_lock(state, "paper", "1"):
        assert marginbot("run") == 3
    assert "watches this account already" in capsys.readouterr().err


def test_a_policy_that_cannot_be_read_keeps_it_from_starting(marginbot, capsys, folder: Path, monkeypatch):
    (folder / "policy.toml").write_text("[[policy]\n")
    monkeypatch.setenv("MARGINBOT_POLICY__FILE", "policy.toml")
    assert marginbot("run") == 2
    assert "not valid TOML" in capsys.readouterr().err


def test_a_signal_while_it_only_begins_ends_it_with_0(marginbot, capsys, folder: Path, monkeypatch):
    monkeypatch.setattr(run_daemon, "open_app", lambda *_, **__: signal.raise_signal(signal.SIGTERM))
    assert marginbot("run") == 0
    assert "before it began to watch; nothing was sent" in capsys.readouterr().err


def test_the_clockwork_is_not_told_job_by_job():
    assert logging.getLogger("apscheduler").getEffectiveLevel() >= logging.WARNING
