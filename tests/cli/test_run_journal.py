"""`journal`: the whole story of what was done, for people, scripts and spreadsheets."""

import csv
import io

import pytest

from tests.cli.paper_world import documents

KEYS = {
    "id", "episode", "symbol", "kind", "asset", "amount", "state", "client_id", "exchange_id", "because", "answer",
    "started_at", "ended_at",
}  # fmt: skip


@pytest.fixture
def two_pairs_done(marginbot, capsys) -> None:
    for symbol in ("BTCUSDT", "SOLUSDT"):
        assert marginbot("unwind", symbol, "--yes", "--quiet") == 0
    capsys.readouterr()


def test_before_anything_was_done_it_says_so(marginbot, capsys):
    assert documents(marginbot, capsys, "journal") == {"entries": []}
    assert marginbot("journal") == 0
    assert "no entry" in capsys.readouterr().out
    assert marginbot("journal", "--csv") == 0
    assert capsys.readouterr().out.splitlines()[0].startswith("id,episode,symbol")


@pytest.mark.usefixtures("two_pairs_done")
def test_entries_hold_what_was_done_why_and_what_was_answered(marginbot, capsys):
    entries = documents(marginbot, capsys, "journal")["entries"]
    assert all(set(entry) == KEYS for entry in entries)
    assert [(entry["symbol"], entry["kind"], entry["state"]) for entry in entries][:3] == [
        ("BTCUSDT", "close", "done"), ("BTCUSDT", "repay", "done"), ("BTCUSDT", "sweep", "done"),
    ]  # fmt: skip
    assert (entries[0]["amount"], entries[1]["amount"]) == ("0.05", "4000.12")
    assert entries[0]["client_id"].startswith("mb-")
    assert all(entry["because"] and entry["exchange_id"] for entry in entries if entry["kind"] != "cancel_orders")


@pytest.mark.usefixtures("two_pairs_done")
def test_a_pair_and_a_time_narrow_it(marginbot, capsys):
    only = documents(marginbot, capsys, "journal", "--symbol", "solusdt")["entries"]
    assert {entry["symbol"] for entry in only} == {"SOLUSDT"}
    assert documents(marginbot, capsys, "journal", "--since", "1h", "--symbol", "SOLUSDT")["entries"] == only
    assert documents(marginbot, capsys, "journal", "--since", "2099-01-01")["entries"] == []
    assert documents(marginbot, capsys, "journal", "--symbol", "ETHUSDT")["entries"] == []
    assert marginbot("journal", "--since", "2099-01-01") == 0
    assert "Nothing was done" in capsys.readouterr().out


@pytest.mark.usefixtures("two_pairs_done")
def test_a_spreadsheet_reads_the_same(marginbot, capsys):
    entries = documents(marginbot, capsys, "journal")["entries"]
    assert marginbot("journal", "--csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [{name: value or None for name, value in row.items()} for row in rows] == [
        {name: None if value is None else str(value) for name, value in entry.items()} for entry in entries
    ]


@pytest.mark.usefixtures("two_pairs_done")
def test_people_get_a_table(marginbot, capsys):
    assert marginbot("journal") == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "0.05 BTC" in words
    assert "FILLED" in words
