"""`unwind` on the paper world: what is asked, what is done, what is said, and to whom."""

import re
from decimal import Decimal as D
from types import SimpleNamespace

import pytest

from marginbot.engine.lock import pair_lock
from tests.cli.paper_world import BUSY, balances, documents


def a_person_who_types(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True, readline=lambda: line))


def test_people_see_the_steps_and_the_closing_report(marginbot, capsys):
    assert marginbot("unwind", "BTCUSDT", "--yes") == 0
    out, err = capsys.readouterr()
    words = " ".join(out.split())
    assert err == ""
    for told in ("sell 0.05 BTC at market", "repay 4000.12 USDT", "sweep 1006.8805 USDT", "BTCUSDT: flat", "7 round trips"):
        assert told in words


def test_scripts_get_one_document_and_people_the_rest_on_stderr(marginbot, capsys):
    assert marginbot("unwind", "BTCUSDT", "--yes", "--json") == 0
    out, err = capsys.readouterr()
    assert out.count("\n") == 1
    assert "sell 0.05 BTC at market" in err


def test_quiet_leaves_the_result_and_no_progress(marginbot, capsys):
    assert marginbot("unwind", "BTCUSDT", "--yes", "--quiet") == 0
    out, err = capsys.readouterr()
    assert "BTCUSDT: flat" in out
    assert "✓" not in out + err
    document = documents(marginbot, capsys, "unwind", "SOLUSDT", "--yes", "--quiet")
    assert document["outcome"] == "flat"


def test_colour_is_for_terminals_and_not_under_no_color(marginbot, capsys, monkeypatch):
    colour = re.compile(r"\x1b\[[0-9;]*(3[0-7]|9[0-7]|38)[;m]")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert marginbot("plan", "BTCUSDT") == 0
    assert colour.search(capsys.readouterr().out)
    monkeypatch.setenv("NO_COLOR", "1")
    assert marginbot("unwind", "BTCUSDT", "--yes") == 0
    assert not colour.search(capsys.readouterr().out)


def test_all_unwinds_every_busy_pair_the_most_endangered_first(marginbot, capsys):
    everything = documents(marginbot, capsys, "unwind", "--all", "--yes")
    assert set(everything) == {"pairs"}
    assert [(pair["symbol"], pair["outcome"]) for pair in everything["pairs"]] == [(symbol, "flat") for symbol in BUSY]
    assert documents(marginbot, capsys, "unwind", "--all", "--yes") == {"pairs": []}


def test_the_exit_code_of_all_is_the_largest(marginbot, capsys, folder):
    (folder / "state" / "marginbot").mkdir(parents=True)
    with pair_lock(folder / "state" / "marginbot", "paper", "1", "ETHUSDT"):
        everything = documents(marginbot, capsys, "unwind", "--all", "--yes", code=3)
    assert [pair["outcome"] for pair in everything["pairs"]] == ["flat", "refused", "flat"]
    assert "another marginbot" in everything["pairs"][1]["reason"]


@pytest.mark.parametrize("words", [("BTCUSDT",), ("--all",)])
def test_without_a_yes_and_without_a_terminal_it_is_refused_and_nothing_is_sent(marginbot, capsys, folder, words):
    refused = documents(marginbot, capsys, "unwind", *words, code=3)
    for document in refused.get("pairs", [refused]):
        assert "--yes" in document["reason"]
        assert document["before"] == document["after"] | {"at": document["before"]["at"]}
    assert "mb-" not in balances(folder)
    assert documents(marginbot, capsys, "journal") == {"entries": []}


@pytest.mark.parametrize(("answer", "code", "outcome"), [("y\n", 0, "flat"), ("\n", 3, "refused"), ("", 3, "refused")])
def test_a_person_at_the_terminal_is_shown_the_plan_and_asked(marginbot, capsys, monkeypatch, answer, code, outcome):
    a_person_who_types(monkeypatch, answer)
    assert marginbot("unwind", "BTCUSDT", "--json") == code
    out, err = capsys.readouterr()
    assert f'"outcome": "{outcome}"' in out
    assert "What unwind BTCUSDT would do now" in err
    assert "Unwind BTCUSDT on paper now? [y/N]" in err


def test_a_dry_run_wins_over_yes(marginbot, capsys, folder):
    document = documents(marginbot, capsys, "unwind", "BTCUSDT", "--dry-run", "--yes")
    assert document["outcome"] == "planned"
    assert "mb-" not in balances(folder)
    assert marginbot("unwind", "BTCUSDT", "--yes") == 0
    assert "mb-" in balances(folder), "an order that is sent can be seen there"


def test_without_a_sweep_it_is_done_when_debt_free_and_closed(marginbot, capsys):
    document = documents(marginbot, capsys, "unwind", "BTCUSDT", "--yes", "--no-sweep")
    assert (document["outcome"], document["swept"]) == ("flat", {})
    assert document["after"]["quote"] == {"asset": "USDT", "free": "1006.8805", "locked": "0", "borrowed": "0", "interest": "0"}


@pytest.mark.parametrize(("into", "home"), [("keep", {"BTC": "0.01007", "USDT": "0.9880993"}), ("base", {"BTC", "USDT"})])
def test_what_comes_home_follows_into(marginbot, capsys, into, home):
    document = documents(marginbot, capsys, "unwind", "BTCUSDT", "--yes", "--into", into)
    assert (document["swept"] if isinstance(home, dict) else set(document["swept"])) == home
    if into == "base":
        assert D(document["swept"]["USDT"]) < 5, "all that makes an order became base"


def test_a_slippage_cap_that_nothing_meets_ends_at_the_deadline_with_what_remains(marginbot, capsys):
    flags = ("--max-slippage-bps", "0.1", "--deadline", "0.5")
    document = documents(marginbot, capsys, "unwind", "BTCUSDT", "--yes", *flags, code=1)
    assert document["outcome"] == "stopped"
    assert "4000.12 USDT" in document["reason"]
    assert document["after"]["base"]["free"] == "0.05"


def test_a_reset_puts_the_world_back(marginbot, capsys):
    before = documents(marginbot, capsys, "status")
    assert marginbot("unwind", "--all", "--yes") == 0
    assert marginbot("paper", "reset") == 0
    assert "back at the beginning" in capsys.readouterr().out
    assert documents(marginbot, capsys, "status")["pairs"] == before["pairs"]


@pytest.mark.parametrize("words", [("BTCUSDT",), ("--all",)])
def test_a_start_that_fails_is_still_a_whole_document(marginbot, capsys, folder, words):
    (folder / "state" / "marginbot" / "journal.sqlite").mkdir(parents=True)
    document = documents(marginbot, capsys, "unwind", *words, "--yes", code=1)
    assert "journal" in (document["error"] if words == ("--all",) else document["reason"])
    assert words == ("BTCUSDT",) or document["pairs"] == []


def test_a_reset_world_leaves_no_write_open_that_would_block_the_next_unwind(marginbot, capsys):
    assert marginbot("paper", "reset", "--scenario", "pending-transfer") == 0
    capsys.readouterr()
    assert documents(marginbot, capsys, "unwind", "BTCUSDT", "--yes", "--deadline", "2", code=1)["outcome"] == "stopped"
    assert marginbot("paper", "reset", "--scenario", "long") == 0
    assert "1 writes that the old world left open are closed" in capsys.readouterr().out
    assert documents(marginbot, capsys, "unwind", "BTCUSDT", "--yes")["outcome"] == "flat"


def test_of_twenty_pairs_all_that_owe_or_hold_something_come_home_the_most_endangered_first(marginbot, capsys):
    assert marginbot("paper", "reset", "--scenario", "twenty-pairs") == 0
    capsys.readouterr()
    shown = documents(marginbot, capsys, "status")["pairs"]
    pairs = documents(marginbot, capsys, "unwind", "--all", "--yes")["pairs"]
    coins = [(side, what) for side in ("base", "quote") for what in ("free", "borrowed")]
    busy = [pair["symbol"] for pair in shown if any(D(pair[side][what]) for side, what in coins)]
    assert (len(shown), len(pairs)) == (20, 15)
    assert [pair["symbol"] for pair in pairs] == busy
    assert {pair["outcome"] for pair in pairs} == {"flat"}
    distances = [D(pair["margin_level"]) / D(pair["liquidation_level"]) for pair in shown if pair["margin_level"]]
    assert distances == sorted(distances)
