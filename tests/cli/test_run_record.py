"""`marginbot record` over the embedded paper exchange: what it writes can be played back, and it writes nothing by mistake."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from marginbot.engine.clock import SystemClock
from marginbot.engine.journal.journal import Journal
from marginbot.exchange.messages import to_ms
from marginbot.exchange.recording.scrub import BEGINNING
from marginbot.exchange.recording.shelf import SOURCES
from marginbot.exchange.recording.shelf import folder as folder_of
from marginbot.exchange.recording.tape import Tape
from marginbot.exchange.recording.tour import Tour
from marginbot.paper.keys import PAPER_API_KEY, PAPER_API_SECRET
from marginbot.settings import journal_file, load_settings
from tests.cassettes.tape import CASSETTES, load, playing
from tests.exchange.conftest import API_KEY, BASE, SECRET, FakeClock, an_exchange

OPEN_ORDERS, TRADES = "get-sapi-v1-margin-openOrders", "get-sapi-v1-margin-myTrades"


@pytest.fixture
def record(marginbot, capsys) -> Any:
    """`record("SOLUSDT")` -> exit code, the JSON document, what was said to people."""

    def run(*words: str) -> tuple[int, Any, str]:
        code = marginbot("record", *words, "--json")
        out, err = capsys.readouterr()
        return code, json.loads(out), err

    return run


def files_in(directory: Path) -> dict[str, str]:
    return {str(file.relative_to(directory)): file.read_text() for file in directory.glob("**/*") if file.is_file()}


def answer_in(file: str) -> Any:
    return json.loads(Path(file).read_text())["response"]["json"]


def test_the_document_names_every_file_and_so_do_the_sources(record, folder):
    code, document, _ = record("SOLUSDT", "--out", "tapes")
    assert (code, set(document), document["out"]) == (0, {"written", "out"}, "tapes")
    written = {str(Path(file).relative_to("tapes")) for file in document["written"]}
    assert written == files_in(folder / "tapes").keys() - {SOURCES}
    row = re.compile(r"^\| `(.+?)` \| recorded from paper .+ \| [0-9-]{10} \| scrubbed \|$", re.MULTILINE)
    assert sorted(row.findall((folder / "tapes" / SOURCES).read_text())) == sorted(written)
    assert f"{OPEN_ORDERS}/paper-solusdt.json" in written


async def replayed(files: list[str], symbol: str, *client_ids: str) -> Tour:
    """The same tour through the written cassettes; a request that is not in them, or one too few, fails."""
    async with an_exchange(FakeClock()) as exchange:
        with playing(*(load(file.removesuffix(".json"), Path()) for file in files)):
            tour = Tour(exchange, Tape())
            assert await tour.choose(symbol) == symbol
            await tour.walk(symbol, BEGINNING, client_ids)
    return tour


def test_what_was_recorded_plays_back_the_whole_tour(record):
    _, document, _ = record("SOLUSDT")
    assert asyncio.run(replayed(document["written"], "SOLUSDT")).refused == []


def test_after_an_unwind_its_order_its_repayment_and_its_sweep_are_on_tape(marginbot, record, capsys):
    assert marginbot("unwind", "BTCUSDT", "--yes") == 0
    capsys.readouterr()
    _, document, _ = record("BTCUSDT")
    order = answer_in("cassettes/get-sapi-v1-margin-order/paper-btcusdt.json")
    assert (order["clientOrderId"], order["status"]) == ("client-1", "FILLED")
    (trade,) = answer_in(f"cassettes/{TRADES}/paper-btcusdt.json")
    assert trade["orderId"] == order["orderId"]
    (loan,) = answer_in("cassettes/get-sapi-v1-margin-borrow-repay/paper-btcusdt-quote-one.json")["rows"]
    assert loan["asset"] == "USDT"
    assert len(answer_in("cassettes/get-sapi-v1-asset-transfer/paper-btcusdt-out.json")["rows"]) == 1
    assert asyncio.run(replayed(document["written"], "BTCUSDT", "client-1")).refused == []


def test_without_a_symbol_the_first_pair_in_debt_is_recorded(record):
    _, document, _ = record()
    assert all("paper-btcusdt" in file for file in document["written"])


def test_no_file_holds_the_key_the_secret_or_the_hour(record, folder):
    assert record("SOLUSDT")[0] == 0
    week = timedelta(days=8) / timedelta(milliseconds=1)
    for text in files_in(folder / "cassettes").values():
        assert PAPER_API_KEY not in text
        assert PAPER_API_SECRET not in text
        assert '"signature"' not in text
        times = [int(found) for found in re.findall(r"\b1\d{12}\b", text)]
        assert all(abs(at - to_ms(BEGINNING)) < week for at in times)


def test_a_file_that_exists_is_kept_unless_forced(record, folder):
    assert record("SOLUSDT")[0] == 0
    before = files_in(folder / "cassettes")
    code, document, said = record("SOLUSDT")
    assert code == 3
    assert document["error"].startswith("cassettes/")
    assert document["error"].endswith("exists already: give --force to replace it, or another directory with --out")
    assert "Nothing but reads was sent." in said
    assert files_in(folder / "cassettes") == before
    assert record("SOLUSDT", "--force")[0] == 0
    assert files_in(folder / "cassettes")[SOURCES].count("paper-solusdt.json") == before[SOURCES].count("paper-solusdt.json")


def test_two_pairs_share_a_directory(record, folder):
    assert [record(symbol)[0] for symbol in ("SOLUSDT", "BTCUSDT")] == [0, 0]
    assert len(list((folder / "cassettes" / OPEN_ORDERS).iterdir())) == 2


def test_a_pair_the_exchange_does_not_know_is_a_mistake_and_writes_nothing(record, folder):
    code, document, _ = record("SOLUSD")
    assert (code, document["key"]) == (2, "SYMBOL")
    assert document["error"] == "SYMBOL: the exchange does not know the pair SOLUSD; did you mean SOLUSDT?"
    assert files_in(folder / "cassettes") == {}


def test_an_account_without_any_pair_needs_a_name(marginbot, record, capsys):
    assert marginbot("paper", "reset", "--scenario", "empty") == 0
    capsys.readouterr()
    code, document, _ = record()
    assert (code, document["key"]) == (2, "SYMBOL")
    assert "the pair must be named" in document["error"]


def test_a_refused_read_is_recorded_too(marginbot, capsys, folder):
    assert marginbot("record", "XRPUSDT") == 0
    assert "recorded as refused: GET /sapi/v1/margin/maxTransferable" in capsys.readouterr().out
    statuses = [json.loads(file.read_text())["response"]["status"] for file in folder.glob("cassettes/*/*.json")]
    assert set(statuses) == {200, 400}


def test_a_directory_that_takes_no_files_is_said_before_anything_is_sent(record, folder):
    (folder / "taken").write_text("a file")
    code, document, said = record("SOLUSDT", "--out", "taken")
    assert (code, document["key"]) == (2, "--out")
    assert document["error"] == "--out: taken takes no files (File exists)"
    assert "Nothing was sent." in said
    assert not (folder / "state").exists()


def test_a_ban_ends_the_recording_with_nothing_written(record, folder):
    journal = Journal(f"sqlite:///{journal_file(load_settings({}))}")
    journal.remember_ban("127.0.0.1", to_ms(SystemClock().now() + timedelta(hours=1)), "test")
    journal.close()
    code, document, _ = record("SOLUSDT")
    assert (code, document["error"]) == (4, "the exchange has banned this address")
    assert files_in(folder / "cassettes") == {}


def test_people_see_what_was_written_and_are_asked_to_read_it(marginbot, capsys):
    assert marginbot("record", "SOLUSDT") == 0
    said = capsys.readouterr().out
    assert "  cassettes/get-api-v3-time/paper-solusdt.json\n" in said
    assert re.search(r"\d+ cassettes of SOLUSDT are in cassettes\.", said)
    assert "amounts are not" in said


def a_live_exchange(request: httpx.Request) -> httpx.Response:
    """Answers any read with what paper once answered, but for an account number that could be somebody's."""
    asked = {name: value for name, value in request.url.params.items() if name not in ("timestamp", "signature", "startTime")}
    for file in sorted((CASSETTES / folder_of(request.method, request.url.path)).glob("paper-solusdt*.json")):
        cassette = load(str(file.relative_to(CASSETTES).with_suffix("")))
        if {name: value for name, value in cassette.asked.query.items() if name != "startTime"} == asked:
            body = cassette.body.replace(b'"uid":0', b'"uid":354937868').replace(b"client-1", b"web_of_somebody")
            return httpx.Response(200, content=body, headers={**cassette.headers, "set-cookie": "who=354937868"})
    # An order is looked up by the client id just answered.
    return httpx.Response(200, content=load("get-sapi-v1-margin-order/paper-solusdt").body)


def test_a_live_recording_holds_neither_key_nor_account_nor_foreign_client_ids(record, folder, monkeypatch):
    for name, value in (("VENUE", "live"), ("EXCHANGE__API_KEY", API_KEY), ("EXCHANGE__API_SECRET", SECRET)):
        monkeypatch.setenv(f"MARGINBOT_{name}", value)
    with respx.mock(base_url=BASE) as router:
        network = router.route(method="GET").mock(side_effect=a_live_exchange)
        code, document, said = record("SOLUSDT")
        sent = [call.request for call in network.calls]
    assert code == 0, said
    assert {request.method for request in sent} == {"GET"}
    assert len(document["written"]) == len(sent)
    everything = "".join(files_in(folder / "cassettes").values())
    secrets = [API_KEY, SECRET, "354937868", "web_of_somebody", *(request.url.params.get("signature") for request in sent)]
    assert [secret for secret in secrets if secret is not None and secret in everything] == []
    assert "recorded from live" in everything
    assert all("/live-solusdt" in file for file in document["written"])
