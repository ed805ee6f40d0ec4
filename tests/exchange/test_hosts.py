"""Which venue may talk to which machine, and what a dry run lets through."""

from __future__ import annotations

import httpx
import pytest

from marginbot.errors import ConfigError, PlanRefused
from marginbot.exchange.hosts import HostGuard, MarketOnly, ReadOnlyTransport, allowed, check_rest_url
from tests.elsewhere import ALLOWED

LOOPBACK = ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:9", "https://127.0.0.1"]
REAL = ["https://api.binance.com", "https://api1.binance.com", "https://api-gcp.binance.com"]
TEST = ["https://testnet.binance.vision", "https://api1.testnet.binance.vision", "https://demo-api.binance.com"]
PLAIN = ["http://api.binance.com", "http://testnet.binance.vision"]
ODD = [
    "ftp://127.0.0.1",
    "https://",
    "api.binance.com",
    "https://user:pw@api.binance.com",
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example",
    "http://10.0.0.1",
    "ws://127.0.0.1",
    "http://[bad",
    "http://127.0.0.1:port",
]

EXPECTED = [
    *((venue, url, True) for venue in ("paper", "testnet", "live") for url in LOOPBACK),
    *(("paper", url, False) for url in (*REAL, *TEST)),
    *(("testnet", url, False) for url in REAL),
    *(("testnet", url, True) for url in TEST),
    *(("live", url, True) for url in REAL),
    *(("live", url, False) for url in TEST),
    ("live", "https://TESTNET.binance.vision.", False),
    *((venue, url, False) for venue in ("paper", "testnet", "live") for url in (*PLAIN, *ODD)),
]


@pytest.mark.parametrize(("venue", "url", "may"), EXPECTED)
def test_a_venue_talks_only_to_its_own_hosts(venue, url, may):
    assert allowed(venue, url) is may


@pytest.mark.parametrize("url", TEST + REAL)
def test_a_sapi_call_of_the_testnet_never_leaves_the_machine(url):
    assert not allowed("testnet", f"{url}/sapi/v1/margin/order")
    assert not allowed("testnet", f"{url}/prefix/sapi/v1/margin/order")


def test_a_sapi_call_of_the_testnet_may_go_to_this_machine():
    assert allowed("testnet", "http://127.0.0.1:9/sapi/v1/margin/order")


def test_the_base_address_loses_its_trailing_slash_and_holds_no_query():
    assert check_rest_url("live", "https://api.binance.com/") == "https://api.binance.com"
    with pytest.raises(ConfigError) as caught:
        check_rest_url("live", "https://api.binance.com?x=1")
    assert caught.value.key == "exchange.rest_url"


async def test_the_guard_stops_a_foreign_request_before_the_network():
    def unreachable(request: httpx.Request) -> httpx.Response:
        raise AssertionError("sent")

    async with httpx.AsyncClient(transport=HostGuard("testnet", httpx.MockTransport(unreachable))) as client:
        for url in ("https://api.binance.com/api/v3/time", "https://testnet.binance.vision/sapi/v1/margin/order"):
            with pytest.raises(ConfigError, match="not sent"):
                await client.get(url, params={"signature": "abc"})


@pytest.mark.parametrize(
    ("method", "path", "may"),
    [
        *((method, path, True) for method, path in sorted(ALLOWED)),
        ("GET", "/sapi/v1/margin/isolated/account", False),
        ("POST", "/sapi/v1/margin/order", False),
        ("GET", "/api/v3/account", False),
        ("GET", "/api/v3/account/commission", False),
        ("POST", "/api/v3/order", False),
        ("GET", "/api/v3/order/test", False),
        ("POST", "/api/v3/order/test/", False),
        ("GET", "/api/v3/depth/../account", False),
        ("GET", "/prefix/sapi/v1/margin/order", False),
        ("GET", "//sapi/v1/margin/order", False),
        ("GET", "/", False),
    ],
)
async def test_the_way_to_a_testnet_carries_public_prices_and_checks_of_orders_and_nothing_else(method, path, may):
    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200)

    for base in ("http://127.0.0.1:9", "https://testnet.binance.vision"):
        request = httpx.Request(method, f"{base}{path}")
        if may:
            await MarketOnly(httpx.MockTransport(answer)).handle_async_request(request)
        else:
            with pytest.raises(ConfigError, match="is not for a testnet"):
                await MarketOnly(httpx.MockTransport(answer)).handle_async_request(request)
    assert len(sent) == 2 * may


@pytest.mark.parametrize(
    ("method", "path", "may"),
    [
        ("GET", "/sapi/v1/margin/order", True),
        ("POST", "/sapi/v1/userListenToken", True),
        ("POST", "/api/v3/order/test", True),
        ("POST", "/api/v3/order", False),
        ("POST", "/sapi/v1/margin/order", False),
        ("POST", "/sapi/v1/margin/borrow-repay", False),
        ("POST", "/sapi/v1/asset/transfer", False),
        ("DELETE", "/sapi/v1/margin/openOrders", False),
        ("PUT", "/sapi/v1/userListenToken", False),
        ("DELETE", "/api/v3/order/test", False),
    ],
)
async def test_a_dry_run_lets_reads_through_and_nothing_that_acts(method, path, may):
    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200)

    async with httpx.AsyncClient(transport=ReadOnlyTransport(httpx.MockTransport(answer))) as client:
        if may:
            await client.request(method, f"http://127.0.0.1{path}")
        else:
            with pytest.raises(PlanRefused, match="was not sent"):
                await client.request(method, f"http://127.0.0.1{path}")
    assert len(sent) == may
