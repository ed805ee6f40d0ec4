"""The log of a daemon: one JSON object a line where no terminal reads it, and no secret in any of them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from decimal import Decimal

import pytest
import structlog

from marginbot import logs

SECRET = "hunter2hunter2"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_is_json_with_its_values_and_a_library_s_line_too(capsys: pytest.CaptureFixture[str]):
    logs.set_up(0)
    logs.keep_a_diary()
    structlog.get_logger("ours").info("watching", symbol="BTCUSDT", level_now=Decimal("1.25"), pairs=2, why=None)
    logging.getLogger("theirs").warning("%s went wrong", "it")
    ours, theirs = lines(capsys)
    assert {**ours, "timestamp": ""} == {
        "timestamp": "", "level": "info", "event": "watching", "symbol": "BTCUSDT", "level_now": "1.25", "pairs": 2, "why": None,
    }  # fmt: skip
    assert (theirs["level"], theirs["event"]) == ("warning", "it went wrong")
    assert list(ours)[:3] == ["timestamp", "level", "event"]


@pytest.mark.parametrize(
    "text", [f'said "{SECRET}"', f'{{"signature":"{SECRET}"}}', f'"token={"a" * 20}"', 'a \\ "quote"', "two\nlines"]
)
def test_a_secret_with_quotes_around_it_leaves_valid_json_and_no_secret(capsys: pytest.CaptureFixture[str], text: str):
    logs.set_up(0, [SECRET])
    logs.keep_a_diary()
    structlog.get_logger("ours").warning(text, said=text)
    (line,) = lines(capsys)
    assert SECRET not in str(line)
    assert "a" * 20 not in str(line)
    assert line["event"] == line["said"]


def test_an_exception_is_one_line_and_its_secret_is_hidden(capsys: pytest.CaptureFixture[str]):
    logs.set_up(0, [SECRET])
    logs.keep_a_diary()
    try:
        raise ValueError(f"refused {SECRET}")
    except ValueError as error:
        structlog.get_logger("ours").error("a job raised", exc_info=error)
    (line,) = lines(capsys)
    assert "ValueError: refused [hidden]" in str(line["exception"])


def test_on_a_terminal_it_stays_text(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    logs.set_up(0)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    logs.keep_a_diary()
    structlog.get_logger("ours").info("watching")
    assert "event='watching'" in capsys.readouterr().err


def test_libraries_that_tell_addresses_or_chatter_are_quiet(capsys: pytest.CaptureFixture[str]):
    logs.set_up(2)
    logs.keep_a_diary()
    for name in ("httpx", "apprise", "urllib3.connectionpool", "apscheduler.executors.default"):
        logging.getLogger(name).info("POST /bot123:abc/sendMessage")
    assert capsys.readouterr().err == ""
