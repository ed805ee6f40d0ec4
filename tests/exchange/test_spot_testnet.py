"""A spot testnet as marginbot speaks to it: a paper exchange plays it, in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from marginbot.errors import AnswerMalformed, ConfigError, NotSent, RateLimited, ReadFailed, RequestRejected
from marginbot.exchange.messages import to_ms
from marginbot.exchange.signing import HmacSigner
from marginbot.exchange.spot_testnet import SpotTestnet, open_spot_testnet
from marginbot.paper.embedded import fresh_exchange
from marginbot.paper.faults import Fault
from marginbot.paper.keys import PAPER_API_KEY, PAPER_API_SECRET
from marginbot.paper.transport import FaultTransport
from tests.exchange.conftest import FakeBans, FakeClock

CLOSE = {
    "symbol": "BTCUSDT",
    "isIsolated": "TRUE",
    "side": "SELL",
    "type": "MARKET",
    "quantity": "0.05",
    "newClientOrderId": "mb-1",
    "newOrderRespType": "FULL",
    "sideEffectType": "NO_SIDE_EFFECT",
}


@pytest.fixture
def theirs(clock: FakeClock) -> FaultTransport:
    return FaultTransport(fresh_exchange(lambda: to_ms(clock.now()), "empty"), sleep=clock.sleep)


@asynccontextmanager
async def opened(clock: FakeClock, transport: httpx.AsyncBaseTransport, **changed: Any) -> AsyncIterator[SpotTestnet]:
    settings: dict[str, Any] = {
        "rest_url": "https://testnet.binance.vision",
        "api_key": PAPER_API_KEY,
        "signer": HmacSigner(PAPER_API_SECRET),
        "clock": clock,
        "ban_store": FakeBans(),
        "timeout": 5.0,
        "transport": transport,
    }
    async with open_spot_testnet(**(settings | changed)) as testnet:
        yield testnet


async def test_prices_are_asked_for_without_the_key(clock, theirs):
    seen = []
    theirs.before = seen.append
    async with opened(clock, theirs) as testnet:
        (row,) = await testnet.ask("/api/v3/ticker/bookTicker", {"symbols": '["BTCUSDT"]'})
    assert row["symbol"] == "BTCUSDT"
    assert [("X-MBX-APIKEY" in request.headers, request.url.host) for request in seen] == [(False, "testnet.binance.vision")]


async def test_an_order_is_checked_as_the_spot_order_it_would_be(clock, theirs):
    async with opened(clock, theirs) as testnet:
        await testnet.check(CLOSE)
    (sent,) = theirs.log
    assert (sent.method, sent.path, sent.status) == ("POST", "/api/v3/order/test", 200)
    assert sent.params.keys() - {"timestamp", "recvWindow"} == CLOSE.keys() - {"isIsolated", "sideEffectType"}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"quantity": "0.050001"}, -1013),
        ({"quantity": "0.00001"}, -1013),
        ({"symbol": "NOSUCH"}, -1121),
        ({"side": "HOLD"}, -1117),
    ],
)
async def test_an_order_that_the_testnet_would_not_take_is_refused_with_its_code(clock, theirs, changed, code):
    async with opened(clock, theirs) as testnet:
        with pytest.raises(RequestRejected) as refused:
            await testnet.check(CLOSE | changed)
    assert refused.value.code == code


async def test_a_key_that_the_testnet_does_not_know_refuses_the_order(clock, theirs):
    async with opened(clock, theirs, api_key="k" * 64) as testnet:
        with pytest.raises(RequestRejected, match="order/test"):
            await testnet.check(CLOSE)


async def test_the_clock_of_the_testnet_is_measured_for_itself(clock, theirs):
    theirs.exchange.skipped_ms = 3_600_000
    async with opened(clock, theirs) as testnet:
        await testnet.check(CLOSE)
    assert [sent.path for sent in theirs.log] == ["/api/v3/order/test", "/api/v3/time", "/api/v3/order/test"]


async def test_margin_and_account_calls_are_refused_before_anything_is_sent(clock, theirs):
    for url in ("https://testnet.binance.vision", "http://127.0.0.1:9"):
        async with opened(clock, theirs, rest_url=url) as testnet:
            for path in ("/sapi/v1/margin/isolated/account", "/api/v3/account"):
                with pytest.raises(ConfigError, match="not sent"):
                    await testnet.ask(path, {})
    assert theirs.log == []


async def test_a_live_host_is_no_testnet(clock, theirs):
    with pytest.raises(ConfigError, match=r"must not talk to api\.binance\.com"):
        async with opened(clock, theirs, rest_url="https://api.binance.com"):
            pass


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind="connect_error"), NotSent),
        (Fault(kind="read_error"), ReadFailed),
        (Fault(kind="answer", status=403, body="<html>"), RequestRejected),
        (Fault(kind="answer", status=429, body="{}"), RateLimited),
    ],
)
async def test_what_goes_wrong_has_its_usual_name_and_a_silence_is_kept(clock, theirs, fault, error):
    theirs.exchange.faults.add(fault)
    async with opened(clock, theirs) as testnet:
        with pytest.raises(error):
            await testnet.ask("/api/v3/depth", {"symbol": "BTCUSDT"})
        asked = len(theirs.log)
        if error is RateLimited:
            with pytest.raises(RateLimited):
                await testnet.ask("/api/v3/depth", {"symbol": "BTCUSDT"})
    assert len(theirs.log) == asked


async def test_a_page_instead_of_prices_is_malformed(clock):
    async with opened(clock, httpx.MockTransport(lambda _: httpx.Response(200, text="<html>"))) as testnet:
        with pytest.raises(AnswerMalformed):
            await testnet.ask("/api/v3/depth", {"symbol": "BTCUSDT"})
