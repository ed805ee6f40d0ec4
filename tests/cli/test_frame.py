"""The frame: which words a command takes, what becomes of them, and what a wrong command line gets."""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D
from pathlib import Path

import pytest

from marginbot import __version__
from marginbot.cli.options import since, symbol
from marginbot.domain.plan import Into
from marginbot.errors import ConfigError
from marginbot.settings import Venue

COMMANDS = (
    "demo", "status", "plan", "unwind", "run", "pause", "resume", "ack", "panic", "doctor", "journal", "record",
    "policy check", "alerts test", "paper serve", "paper reset",
)  # fmt: skip
FLAGS = {
    "demo": (),
    "status": ("--json", "--watch"),
    "plan": ("--into", "--max-slippage-bps", "--deadline", "--json"),
    "unwind": ("--all", "--into", "--dry-run", "--yes", "--no-sweep", "--max-slippage-bps", "--deadline", "--json"),
    "run": ("--dry-run", "--act-now"),
    "pause": ("--for",),
    "resume": (),
    "ack": (),
    "panic": ("--yes",),
    "doctor": ("--json",),
    "journal": ("--since", "--symbol", "--json", "--csv"),
    "alerts test": ("--json",),
    "record": ("--out", "--force", "--json"),
    "policy check": ("--json",),
    "paper serve": ("--port", "--latency-ms", "--scenario", "--public-key", "--json"),
    "paper reset": ("--scenario",),
}
README = Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_every_flag_of_the_contract_and_the_global_ones(marginbot, capsys, command: str):
    assert marginbot(*command.split(), "--help") == 0
    shown = set(re.findall(r"--?[a-z-]+", capsys.readouterr().out))
    assert {*FLAGS[command], "--config", "--venue", "-v", "--quiet", "--version", "--help"} <= shown


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command: str):
    assert f"marginbot {command}" in README.read_text()


def test_the_help_lists_every_command(marginbot, capsys):
    assert marginbot("--help") == 0
    shown = capsys.readouterr().out
    assert all(re.search(rf"^  {command.split()[0]} ", shown, re.MULTILINE) for command in COMMANDS)
    assert "..." not in shown.split("Commands:")[1], "a one-line help is cut"


@pytest.mark.parametrize("words", [(), ("paper",), ("policy",), ("alerts",)])
def test_no_command_shows_the_help_and_is_a_usage_error(marginbot, capsys, words: tuple[str, ...]):
    assert marginbot(*words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Usage: marginbot")


@pytest.mark.parametrize("words", [("--version",), ("unwind", "--version"), ("paper", "serve", "--version")])
def test_the_version_is_shown_anywhere(marginbot, capsys, words: tuple[str, ...]):
    assert marginbot(*words) == 0
    assert capsys.readouterr().out == f"marginbot {__version__}\n"


@pytest.mark.parametrize(
    ("command", "name"),
    [("status", "status"), ("plan A1", "plan"), ("unwind --all", "unwind"), ("journal", "journal"), ("demo", "demo"),
     ("paper serve", "paper"), ("paper reset", "paper")],
)  # fmt: skip
def test_global_flags_work_before_and_after_the_name(marginbot, bodies, folder: Path, command: str, name: str):
    (folder / "m.toml").write_text("[unwind]\ndeadline = 7\n")
    flags = ("--config", "m.toml", "--venue", "paper", "-v", "--quiet")
    first, *rest = command.split()
    lines = [(*flags, first, *rest), (first, *rest, *flags), (*flags[:4], first, *rest, *flags[4:])]
    if name == "paper":
        lines.append((first, *flags, *rest))
    for words in lines:
        assert marginbot(*words) == 0
        shell = bodies[name].shell
        assert shell.settings.unwind.deadline == 7
        assert (shell.output.verbose, shell.output.quiet) == (1, True)
    assert bodies[name].calls == len(lines)


def test_the_later_global_flag_wins_and_v_adds_up(marginbot, bodies, folder: Path):
    (folder / "a.toml").write_text("[unwind]\ndeadline = 1\n")
    (folder / "b.toml").write_text("[unwind]\ndeadline = 2\n")
    assert marginbot("-v", "--config", "a.toml", "status", "--config", "b.toml", "-v") == 0
    assert bodies["status"].shell.settings.unwind.deadline == 2
    assert bodies["status"].shell.output.verbose == 2


def test_venue_of_the_flag_reaches_the_settings(marginbot, bodies, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MARGINBOT_EXCHANGE__API_KEY", "key")
    monkeypatch.setenv("MARGINBOT_EXCHANGE__API_SECRET", "secret")
    assert marginbot("status", "--venue", "live") == 0
    assert bodies["status"].shell.settings.venue is Venue.LIVE


def test_every_flag_of_unwind_arrives(marginbot, bodies):
    assert marginbot("unwind", "btcusdt") == 0
    plain = bodies["unwind"].options
    assert (plain.symbol, plain.into, plain.dry_run, plain.yes, plain.sweep, plain.json) == (
        "BTCUSDT", Into.QUOTE, False, False, True, False,
    )  # fmt: skip
    words = "unwind --all --into keep --dry-run --yes --no-sweep --max-slippage-bps 12.5 --deadline 60 --json"
    assert marginbot(*words.split()) == 0
    full, shell = bodies["unwind"].options, bodies["unwind"].shell
    assert (full.symbol, full.into, full.dry_run, full.yes, full.sweep, full.json) == (None, Into.KEEP, True, True, False, True)
    assert (shell.settings.unwind.max_slippage_bps, shell.settings.unwind.deadline) == (D("12.5"), 60)
    assert shell.output.as_json


def test_every_flag_of_plan_arrives(marginbot, bodies):
    assert marginbot("plan", "ethusdt", "--into", "base", "--max-slippage-bps", "5", "--deadline", "9", "--json") == 0
    options, shell = bodies["plan"].options, bodies["plan"].shell
    assert (options.symbol, options.into, options.json) == ("ETHUSDT", Into.BASE, True)
    assert (shell.settings.unwind.max_slippage_bps, shell.settings.unwind.deadline) == (5, 9)


def test_every_flag_of_status_and_journal_arrives(marginbot, bodies):
    assert marginbot("status", "btcusdt", "ETHUSDT", "btcusdt", "--watch") == 0
    status = bodies["status"].options
    assert (status.symbols, status.watch, status.json) == (("BTCUSDT", "ETHUSDT"), True, False)
    assert marginbot("journal", "--since", "2h", "--symbol", "btcusdt", "--csv") == 0
    journal = bodies["journal"].options
    assert (journal.since, journal.symbol, journal.json, journal.csv) == (timedelta(hours=2), "BTCUSDT", False, True)


def test_every_flag_of_paper_arrives(marginbot, bodies):
    words = "paper serve --port 8080 --latency-ms 200 --scenario x --public-key a.pem --public-key b.pem --json"
    assert marginbot(*words.split()) == 0
    serve = bodies["paper"].options
    assert (serve.port, serve.latency_ms, serve.scenario, serve.json) == (8080, 200, "x", True)
    assert serve.public_keys == (Path("a.pem"), Path("b.pem"))
    assert marginbot("paper", "reset", "--scenario", "y") == 0
    assert bodies["paper"].options.scenario == "y"


@pytest.mark.parametrize("words", [("demo",), ("paper", "serve"), ("paper", "reset")])
def test_paper_commands_play_on_paper_in_an_environment_set_up_for_live(marginbot, bodies, monkeypatch, capsys, words):
    monkeypatch.setenv("MARGINBOT_VENUE", "live")
    monkeypatch.setenv("MARGINBOT_EXCHANGE__REST_URL", "https://api.binance.com")
    assert marginbot(*words) == 0
    settings = bodies[words[0]].shell.settings
    assert (settings.venue, settings.exchange.rest_url) == (Venue.PAPER, None)
    assert marginbot(*words, "--venue", "live") == 2
    assert "always plays on the embedded paper exchange" in capsys.readouterr().err


WRONG = [
    ("unwind", "SYMBOL", "give one SYMBOL"),
    ("unwind BTCUSDT --all", "SYMBOL", "not both"),
    ("unwind BTC/USDT", "SYMBOL", "2 to 40 letters and digits"),
    ("unwind B", "SYMBOL", "2 to 40"),
    ("unwind BTCUSDT --into cash", "--into", "'cash' is not one of"),
    ("unwind BTCUSDT --max-slippage-bps 0", "--max-slippage-bps", "above 0 and at most 10000"),
    ("unwind BTCUSDT --max-slippage-bps 1e999", "--max-slippage-bps", "basis points"),
    ("unwind BTCUSDT --deadline -5", "--deadline", "a number of seconds above 0"),
    ("unwind BTCUSDT --deadline nan", "--deadline", "a number of seconds above 0"),
    ("unwind BTCUSDT --frobnicate", "--frobnicate", "No such option"),
    ("unwind BTCUSDT --deadline", "--deadline", "requires an argument"),
    ("unwind BTCUSDT ETHUSDT", None, "unexpected extra argument"),
    ("plan", "SYMBOL", "Missing argument"),
    ("plan BTCUSDT --venue lve", "--venue", "did you mean live?"),
    ("plan BTCUSDT --config none.toml", "--config", "must name a TOML file"),
    ("status --watch", "--watch", "exclude each other"),
    ("status X", "SYMBOL", "2 to 40"),
    ("journal --csv", "--csv", "exclude each other"),
    ("journal --since yesterday", "--since", "an age such as 30m"),
    ("journal --symbol B", "--symbol", "2 to 40"),
    ("paper serve --port 65536", "--port", "from 0 to 65535"),
    ("paper serve --port x", "--port", "from 0 to 65535"),
    ("paper serve --latency-ms -1", "--latency-ms", "from 0 to 60000"),
    ("unwnd BTCUSDT", None, "Did you mean 'unwind'?"),
    ("demo", "--json", "No such option"),
]


@pytest.mark.parametrize(("line", "key", "says"), WRONG)
def test_a_wrong_command_line_is_exit_2_with_one_sentence(marginbot, bodies, capsys, line: str, key: str | None, says: str):
    words = line.split()
    if words[-1] == "--deadline":
        words.insert(1, "--json")
    else:
        words.append("--json")
    assert marginbot(*words) == 2
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document["key"] == key
    assert set(document) == {"error", "key"}
    assert says in document["error"]
    assert "\n" not in document["error"]
    assert document["error"] in err
    assert all(body.calls == 0 for body in bodies.by_name.values())


def test_without_json_stdout_stays_empty(marginbot, capsys):
    assert marginbot("unwind") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Error: give one SYMBOL")


def test_json_after_two_dashes_is_an_argument(marginbot, capsys):
    assert marginbot("unwind", "--", "--json") == 2
    assert capsys.readouterr().out == ""


def test_wrong_settings_are_exit_2_and_name_the_variable(marginbot, bodies, monkeypatch, capsys):
    monkeypatch.setenv("MARGINBOT_VENUEE", "live")
    assert marginbot("unwind", "--all", "--yes", "--json") == 2
    assert json.loads(capsys.readouterr().out)["key"] == "MARGINBOT_VENUEE"
    assert bodies["unwind"].calls == 0


@pytest.mark.parametrize(
    ("text", "value"), [("btcusdt", "BTCUSDT"), ("1000SATSUSDT", "1000SATSUSDT"), ("币安人生usdt", "币安人生USDT")]
)
def test_symbols_may_hold_letters_of_any_script(text: str, value: str):
    assert symbol(text) == value


@pytest.mark.parametrize("text", ["", "B", "BTC-USDT", "BTC USDT", "X" * 41, "BTC\nUSDT", "*"])
def test_what_is_no_symbol_is_refused(text: str):
    with pytest.raises(ConfigError):
        symbol(text)


def test_since_is_an_age_or_a_time():
    assert since("90s") == timedelta(seconds=90)
    assert since("2w") == timedelta(weeks=2)
    assert since("2026-01-31T12:00Z") == datetime(2026, 1, 31, 12, tzinfo=UTC)
    local = since("2026-01-31")
    assert isinstance(local, datetime)
    assert local.tzinfo is not None
    assert local.replace(tzinfo=None) == datetime(2026, 1, 31)  # noqa: DTZ001 - local time is the point


@pytest.mark.parametrize("text", ["", "2", "2y", "-2h", "999999w9", "2026-13-01", "٢h"])
def test_what_is_no_time_is_refused(text: str):
    with pytest.raises(ConfigError, match="--since must be"):
        since(text)


def test_completion_offers_commands_and_flags(marginbot, monkeypatch, capsys):
    monkeypatch.setenv("_MARGINBOT_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "marginbot unwind --into ")
    monkeypatch.setenv("COMP_CWORD", "3")
    assert marginbot() == 0
    assert capsys.readouterr().out.split() == ["quote", "base", "keep"]
    monkeypatch.setenv("COMP_WORDS", "marginbot ")
    monkeypatch.setenv("COMP_CWORD", "1")
    assert marginbot() == 0
    words = list(dict.fromkeys(command.split()[0] for command in COMMANDS))
    assert capsys.readouterr().out.split() == words
