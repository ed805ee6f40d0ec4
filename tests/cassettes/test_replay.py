"""Every cassette through the real adapter: what is sent is what was recorded, and what is made of it is what we expect."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator

import httpx
import pytest
import respx

from marginbot.exchange.adapter import BinanceExchange
from marginbot.exchange.reads import Reads
from marginbot.exchange.writes import Writes
from tests.cassettes.plays import account, loans, market, orders
from tests.cassettes.tape import CASSETTES, Play, load, playing
from tests.exchange.conftest import API_KEY, BASE, SECRET, FakeClock, an_exchange

PLAYS = [*account.PLAYS, *loans.PLAYS, *orders.PLAYS, *market.PLAYS]
TIME = load("get-api-v3-time/documented")


@pytest.fixture
async def exchange() -> AsyncIterator[BinanceExchange]:
    async with an_exchange(FakeClock()) as opened:
        yield opened


@pytest.mark.parametrize("play", PLAYS, ids=str)
async def test_a_cassette_means_what_we_say_it_means(exchange: BinanceExchange, play: Play):
    with playing(*map(load, play.cassettes)):
        if isinstance(play.expects, Exception):
            await an_error_is_raised(exchange, play, play.expects)
        else:
            assert play.sees(await play.ask(exchange)) == play.expects


async def an_error_is_raised(exchange: BinanceExchange, play: Play, expected: Exception) -> None:
    with pytest.raises(type(expected)) as caught:
        await play.ask(exchange)
    assert type(caught.value) is type(expected)
    assert str(expected) in str(caught.value)
    for name in ("code", "http_status", "until_ms", "scope"):
        assert getattr(caught.value, name, None) == getattr(expected, name, None)
    said = f"{caught.value!s} {caught.value!r} {getattr(caught.value, 'text', '')}"
    assert not any(secret in said for secret in (API_KEY, SECRET, "signature", "timestamp=", "<"))


def test_every_cassette_is_played():
    on_the_shelf = {str(file.relative_to(CASSETTES).with_suffix("")) for file in CASSETTES.glob("*/*.json")}
    assert {name for play in PLAYS for name in play.cassettes} == on_the_shelf


def test_every_method_of_the_adapter_is_played_and_none_of_them_only_to_an_error():
    methods = {name for room in (Reads, Writes) for name, _ in inspect.getmembers(room, inspect.iscoroutinefunction)}
    answered = {play.method for play in PLAYS if not isinstance(play.expects, Exception)}
    assert {name for name in methods if not name.startswith("_")} == answered


async def test_a_request_nobody_recorded_fails(exchange: BinanceExchange):
    with pytest.raises(respx.models.AllMockedAssertionError), playing(TIME):
        await exchange.key_rights()


async def test_a_request_that_differs_from_the_recorded_one_fails(exchange: BinanceExchange):
    with pytest.raises(AssertionError, match="BNBBTC"), playing(load("get-api-v3-depth/documented")):
        await exchange.order_book("ETHBTC", 100)


async def test_a_question_asked_once_too_often_fails(exchange: BinanceExchange):
    with playing(TIME):
        await exchange.server_time_ms()
        with pytest.raises(AssertionError, match="more often"):
            await exchange.server_time_ms()


async def test_a_recording_nobody_asked_for_fails(exchange: BinanceExchange):
    with pytest.raises(AssertionError, match="not asked for"), playing(TIME, TIME):
        await exchange.server_time_ms()


async def test_a_cassette_answers_byte_for_byte():
    with playing(load("get-sapi-v1-margin-maxTransferable/leading-blank"), TIME):
        async with httpx.AsyncClient(base_url=BASE) as client:
            response = await client.get("/api/v3/time")
            blank = await client.get(
                "/sapi/v1/margin/maxTransferable?asset=USDT&isolatedSymbol=BTCUSDT&recvWindow=5000&timestamp=1&signature=s"
            )
    assert (response.content, blank.content) == (b'{"serverTime":1499827319559}', b' {"amount":"3.59498107"}')
