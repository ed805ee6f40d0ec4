"""The tape: everything that passes is on it, but for what must not be; and only reads ever pass."""

from __future__ import annotations

import gzip
import inspect
from collections.abc import AsyncIterator, Callable
from decimal import Decimal as D

import httpx
import pytest

from marginbot.errors import MarginbotError, PlanRefused, RateLimited, ReadFailed
from marginbot.exchange.adapter import BinanceExchange
from marginbot.exchange.reads import Reads
from marginbot.exchange.recording.scrub import Scrubber
from marginbot.exchange.recording.shelf import Provenance, Shelf, folder
from marginbot.exchange.recording.tape import Exchanged, Tape
from marginbot.exchange.recording.tour import Tour
from tests.cassettes.tape import load, playing
from tests.exchange.conftest import API_KEY, NOW, FakeClock, an_exchange

RIGHTS = load("get-sapi-v1-account-apiRestrictions/documented")


@pytest.fixture
def tape() -> Tape:
    return Tape()


@pytest.fixture
async def exchange(tape: Tape) -> AsyncIterator[BinanceExchange]:
    async with an_exchange(FakeClock(), tap=tape.under, dry_run=True) as opened:
        yield opened


async def test_a_read_is_taken_down_without_key_stamp_and_signature(tape: Tape, exchange: BinanceExchange):
    with playing(RIGHTS):
        await exchange.key_rights()
    (one,) = tape.exchanged
    assert (one.method, one.path, one.query, one.form) == ("GET", RIGHTS.asked.path, {"recvWindow": "5000"}, {})
    assert (one.status, one.body, one.headers) == (200, RIGHTS.body, RIGHTS.headers)
    assert API_KEY not in repr(one)


async def test_key_and_signature_are_remembered_as_secrets_to_look_for(tape: Tape, exchange: BinanceExchange):
    with playing(RIGHTS) as router:
        await exchange.key_rights()
        signature = router.calls.last.request.url.params["signature"]
    assert tape.secrets == {API_KEY, signature}


async def test_a_write_never_gets_to_the_tape(tape: Tape, exchange: BinanceExchange):
    for write in (exchange.repay, exchange.sweep, exchange.top_up):
        with pytest.raises(PlanRefused):
            await write("BTCUSDT", "USDT", D(1))
    with pytest.raises(PlanRefused):
        await exchange.cancel_orders("BTCUSDT")
    assert tape.exchanged == []


async def test_headers_that_say_who_or_where_are_left_out(tape: Tape):
    heads = {"set-cookie": "a=b", "x-mbx-uuid": "u", "date": "today", "via": "x", "Retry-After": "7", "X-MBX-USED-WEIGHT-1M": "3"}
    inner = httpx.MockTransport(lambda _: httpx.Response(200, headers=heads, json={}))
    async with httpx.AsyncClient(transport=tape.under(inner)) as client:
        await client.get("https://example.org/api/v3/time")
    assert tape.exchanged[0].headers == {"retry-after": "7", "x-mbx-used-weight-1m": "3", "content-type": "application/json"}


async def test_a_packed_answer_is_taken_down_unpacked_and_still_read_by_the_client(tape: Tape):
    packed = httpx.Response(200, headers={"content-encoding": "gzip"}, content=gzip.compress(b'{"a":1}'))
    async with httpx.AsyncClient(transport=tape.under(httpx.MockTransport(lambda _: packed))) as client:
        assert (await client.get("https://example.org/api/v3/time")).json() == {"a": 1}
    assert tape.exchanged[0].body == b'{"a":1}'


async def test_a_request_without_an_answer_is_not_on_tape(tape: Tape):
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("gone", request=request)

    async with an_exchange(FakeClock(), transport=httpx.MockTransport(broken), tap=tape.under) as exchange:
        with pytest.raises(ReadFailed):
            await exchange.server_time_ms()
    assert tape.exchanged == []


async def test_a_ban_ends_the_tour(tape: Tape, exchange: BinanceExchange):
    banned = load("get-api-v3-time/documented"), load("get-sapi-v1-margin-isolated-account/banned-418")
    with playing(*banned), pytest.raises(RateLimited):
        await Tour(exchange, tape).choose("BTCUSDT")


def test_the_tour_asks_everything_the_adapter_can_ask():
    told = inspect.getsource(Tour)
    asked = {name for name, _ in inspect.getmembers(Reads, inspect.iscoroutinefunction) if f"_reads.{name}(" in told}
    methods = {name for name, _ in inspect.getmembers(Reads, inspect.iscoroutinefunction) if not name.startswith("_")}
    # The open orders and their count are the same request as their client ids, the rules of several pairs as those of one.
    assert methods - asked == {"open_order_count", "open_orders", "rules_of"}


@pytest.fixture
def put(tmp_path) -> Callable[..., list[str]]:
    def inside(*exchanged: Exchanged, secrets: tuple[str, ...] = ()) -> list[str]:
        shelf = Shelf(tmp_path)
        written = shelf.put(exchanged, "paper-x", Scrubber(exchanged, secrets, NOW), Provenance("a test", "today"))
        return [str(file.relative_to(tmp_path)) for file in written]

    return inside


def one(label: str = "", body: bytes = b"{}") -> Exchanged:
    return Exchanged(label, "GET", "/api/v3/time", {}, {}, 200, {}, body)


def test_requests_to_one_endpoint_get_names_of_their_own(put):
    base = "get-api-v3-time/paper-x"
    assert put(one(), one("base"), one(), one()) == [f"{base}.json", f"{base}-base.json", f"{base}-2.json", f"{base}-3.json"]


def test_a_page_is_kept_as_text(put, tmp_path):
    (name,) = put(one(body=b"<html>no</html>"))
    assert load(name.removesuffix(".json"), tmp_path).body == b"<html>no</html>"


def test_a_secret_the_scrubber_cannot_take_out_stops_everything(put, tmp_path):
    # A one-letter secret is part of every cassette.
    with pytest.raises(MarginbotError, match="would still hold a secret"):
        put(one(), secrets=("r",))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_the_method_and_the_path():
    assert folder("DELETE", "/sapi/v1/margin/openOrders") == "delete-sapi-v1-margin-openOrders"
