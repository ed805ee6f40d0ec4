"""What is printed where, how amounts and times look, and what a level is called."""

import io
import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal as D

import pytest

from marginbot.cli.output import Output, amount, local_time, utc_ms
from marginbot.cli.style import Danger, danger
from marginbot.domain.plan import Into
from marginbot.errors import SafetyRefused


def test_people_read_stdout_unless_a_script_does(capsys):
    Output().people.print("table")
    assert capsys.readouterr() == ("table\n", "")
    Output(as_json=True).people.print("table")
    assert capsys.readouterr() == ("", "table\n")


def test_quiet_hides_progress_and_nothing_else(capsys):
    output = Output(quiet=True)
    output.progress.print("step")
    output.people.print("result")
    output.problems.print("error")
    assert capsys.readouterr() == ("result\n", "error\n")
    Output().progress.print("step")
    assert capsys.readouterr().out == "step\n"


def test_json_is_one_document_on_one_line_with_plain_amounts_and_utc(capsys):
    output = Output(as_json=True)
    at = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    output.emit_json({"amount": D("1E-8"), "at": at, "into": Into.KEEP, "none": None, "asset": "币"})
    text = capsys.readouterr().out
    assert text.count("\n") == 1
    assert json.loads(text) == {
        "amount": "0.00000001", "at": "2026-01-01T00:00:00.000Z", "into": "keep", "none": None, "asset": "币",
    }  # fmt: skip
    with pytest.raises(RuntimeError, match="exactly one"):
        output.emit_json({})


@pytest.mark.parametrize("value", [float("nan"), object(), b"x"])
def test_what_has_no_form_in_json_is_a_defect_and_prints_nothing(capsys, value: object):
    with pytest.raises((TypeError, ValueError)):
        Output(as_json=True).emit_json({"value": value})
    assert capsys.readouterr().out == ""


def test_times_and_amounts_for_people():
    at = datetime(2026, 1, 1, 12, 0, 0, 1500, tzinfo=UTC)
    assert utc_ms(at) == "2026-01-01T12:00:00.001Z"
    assert local_time(at) == at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    assert amount(D("0.50000000"), "BTC") == "0.5 BTC"
    assert amount(None) == "-"


def test_no_colour_is_honoured(capsys, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    Output().people.print("[danger]word[/danger]")
    assert "\x1b[" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    Output().people.print("[danger]word[/danger]")
    assert "31m" not in capsys.readouterr().out


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "answer"), [("y\n", True), ("Yes\n", True), ("n\n", False), ("\n", False), ("", False)])
def test_a_terminal_is_asked_on_stderr(capsys, monkeypatch: pytest.MonkeyPatch, typed: str, answer: bool):
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    assert Output(as_json=True).confirm("Sell 0.5 BTC?") is answer
    assert capsys.readouterr() == ("", "Sell 0.5 BTC? [y/N] ")


def test_where_nobody_can_answer_the_question_is_a_refusal(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(SafetyRefused, match="--yes"):
        Output().confirm("Sell?")


@pytest.mark.parametrize(
    ("level", "word"),
    [(None, Danger.SAFE), ("2", Danger.SAFE), ("1.3125", Danger.SAFE), ("1.3", Danger.WATCH), ("1.13", Danger.DANGER),
     ("1.07", Danger.CRITICAL), ("1", Danger.CRITICAL), ("0", Danger.CRITICAL)],
)  # fmt: skip
def test_danger_is_how_near_liquidation_is(level: str | None, word: Danger):
    assert danger(None if level is None else D(level), D("1.05")) is word
