"""Venue testnet on the command line: what it says of itself, and which world a reset means."""

from __future__ import annotations

import pytest

from marginbot.paper.books.actions import set_status
from marginbot.paper.keys import PAPER_API_KEY, PAPER_API_SECRET
from tests.cli.paper_world import balances, documents
from tests.elsewhere import Elsewhere, put_elsewhere


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    monkeypatch.setenv("MARGINBOT_VENUE", "testnet")
    return put_elsewhere(monkeypatch)


def with_key(monkeypatch: pytest.MonkeyPatch, key: str = PAPER_API_KEY) -> None:
    monkeypatch.setenv("MARGINBOT_EXCHANGE__API_KEY", key)
    monkeypatch.setenv("MARGINBOT_EXCHANGE__API_SECRET", PAPER_API_SECRET)


def finding(marginbot, capsys, code: int = 0):
    (found,) = [row for row in documents(marginbot, capsys, "doctor", code=code)["findings"] if row["check"] == "testnet"]
    return found


def test_doctor_says_whose_prices_they_are_and_what_is_not_traded_there(marginbot, capsys, there):
    for symbol in ("LUNCUSDT", "BTTCUSDT"):
        del there.exchange.world.markets[symbol]
    found = finding(marginbot, capsys)
    assert found["status"] == "warning"
    assert "those of testnet.binance.vision" in found["found"]
    assert "BTTCUSDT, LUNCUSDT are not traded there" in found["found"]
    assert "without a key" in found["found"]


def test_doctor_tries_the_key_on_a_plain_order(marginbot, capsys, monkeypatch, there):
    with_key(monkeypatch)
    assert finding(marginbot, capsys)["status"] == "ok"
    assert there.calls.count("POST /api/v3/order/test") == 1
    with_key(monkeypatch, "k" * 64)
    found = finding(marginbot, capsys, code=1)
    assert (found["status"], "refuses a plain order" in found["found"]) == ("problem", True)


def test_doctor_says_when_no_pair_of_ours_is_traded_there(marginbot, capsys, monkeypatch, there):
    with_key(monkeypatch)
    assert marginbot("status", "--quiet") == 0
    capsys.readouterr()
    for symbol in there.exchange.world.markets:
        set_status(there.exchange.world, symbol, "BREAK")
    found = finding(marginbot, capsys, code=1)
    assert (found["status"], "none of the emulator's pairs is traded on" in found["found"]) == ("problem", True)


def test_doctor_shows_a_testnet_that_is_away_and_goes_on(marginbot, capsys, there):
    assert marginbot("status", "--quiet") == 0
    capsys.readouterr()
    there.down = True
    rows = documents(marginbot, capsys, "doctor", code=1)["findings"]
    assert [row["status"] for row in rows if row["check"] in ("testnet", "exchange")] == ["problem", "problem"]
    assert rows[-1]["check"] == "journal"


def test_a_reset_says_which_world_it_means_and_leaves_the_other(marginbot, capsys, folder, there):
    assert marginbot("status", "--venue", "paper") == 0
    capsys.readouterr()
    paper = balances(folder)
    there.price("BTCUSDT", "60000")
    assert documents(marginbot, capsys, "unwind", "BTCUSDT", "--yes")["outcome"] == "flat"
    assert marginbot("paper", "reset", "--venue", "testnet", "--scenario", "short") == 0
    said = capsys.readouterr().out
    assert "testnet's margin books are back at the beginning of scenario short, at the prices of testnet.binance.vision" in said
    (pair,) = documents(marginbot, capsys, "status")["pairs"]
    assert (pair["index_price"], pair["quote"]["free"]) == ("60000", "3000")
    assert balances(folder) == paper


def test_a_reset_without_the_venue_typed_is_that_of_the_paper_world(marginbot, capsys, there):
    assert marginbot("paper", "reset") == 0
    assert "The paper world is back" in capsys.readouterr().out
    assert there.requests == []


def test_books_that_cannot_be_read_say_how_to_begin_them_anew(marginbot, capsys, folder, there):
    assert marginbot("status") == 0
    (folder / "state" / "marginbot" / "testnet" / "paper-world.json").write_text("{")
    assert marginbot("status") == 1
    assert "`marginbot paper reset` begins a new one (with --venue testnet)" in capsys.readouterr().err
    assert marginbot("paper", "reset", "--venue", "testnet") == 0
    assert marginbot("status") == 0
