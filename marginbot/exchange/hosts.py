"""Which machine a request may go to, and which requests may go at all. The last lock before the network."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from typing import Final, Literal

import httpx

from marginbot.errors import ConfigError, PlanRefused
from marginbot.exchange.messages import HARMLESS_POSTS

Venue = Literal["paper", "testnet", "live"]

TESTNET_HOSTS: Final = frozenset({"testnet.binance.vision", "api1.testnet.binance.vision", "demo-api.binance.com"})
TESTNET_CALLS: Final = frozenset(
    {
        ("GET", "/api/v3/time"),
        ("GET", "/api/v3/exchangeInfo"),
        ("GET", "/api/v3/depth"),
        ("GET", "/api/v3/ticker/bookTicker"),
        ("POST", "/api/v3/order/test"),
    }
)
"""All that venue testnet ever asks a testnet."""
_TEST_ENDINGS: Final = ("testnet.binance.vision", "binancefuture.com", "binanceops.com")
_SETTING: Final = "exchange.rest_url"


def allowed(venue: Venue, url: str | httpx.URL) -> bool:
    """Whether a request of this venue may go to this address."""
    return refusal_of(venue, url) is None


def refusal_of(venue: Venue, url: str | httpx.URL) -> str | None:
    """Why a request of this venue must not go to this address, or None. The sentence holds no path and no query."""
    try:
        target = httpx.URL(url)
    except httpx.InvalidURL:
        return "the address is not a URL"
    host = target.host.rstrip(".").lower()
    if target.scheme not in ("http", "https") or not host:
        return "the address must begin with https:// (or http:// on this machine) and name a host"
    if target.userinfo:
        return "the address must not hold a user name or password"
    if _is_local(host):
        return None
    if venue == "paper":
        return f"venue paper only talks to this machine, not to {host}"
    if target.scheme != "https":
        return f"{host} must be reached by https"
    if venue == "testnet":
        return _testnet_refusal(host, target.path)
    return f"venue live must not use the test host {host}" if _is_test_host(host) else None


def _testnet_refusal(host: str, path: str) -> str | None:
    if "/sapi" in path:
        return "no testnet serves /sapi: such a call would reach the real exchange or nothing"
    return None if host in TESTNET_HOSTS else f"venue testnet must not talk to {host}"


@lru_cache(maxsize=64)
def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_test_host(host: str) -> bool:
    return host in TESTNET_HOSTS or host.endswith(_TEST_ENDINGS) or host.startswith("demo-")


class HostGuard(httpx.AsyncBaseTransport):
    """Refuses every request whose host does not belong to the venue, before anything is sent."""

    def __init__(self, venue: Venue, inner: httpx.AsyncBaseTransport) -> None:
        self._venue: Venue = venue
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises: ConfigError. Whatever the inner transport raises."""
        refusal = refusal_of(self._venue, request.url)
        if refusal is not None:
            raise ConfigError(f"not sent: {refusal}", _SETTING)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Closes the inner transport."""
        await self._inner.aclose()


class MarketOnly(httpx.AsyncBaseTransport):
    """The way to a spot testnet: public prices and rules, its clock and its check of orders; no other request gets out.

    Margin calls (`/sapi`) and everything about an account belong to the books on this machine, even where the testnet's
    address is one of this machine too.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises: ConfigError, before anything is sent. Whatever the inner transport raises."""
        if (request.method, request.url.path) not in TESTNET_CALLS:
            raise ConfigError(f"not sent: {request.method} {request.url.path} is not for a testnet", _SETTING)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Closes the inner transport."""
        await self._inner.aclose()


class ReadOnlyTransport(httpx.AsyncBaseTransport):
    """Dry run: lets reads through, the listen token and the order check, and nothing else."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises: PlanRefused for anything that could change the account."""
        harmless = request.method == "POST" and request.url.path in HARMLESS_POSTS
        if request.method != "GET" and not harmless:
            raise PlanRefused(f"dry run: {request.method} {request.url.path} was not sent")
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Closes the inner transport."""
        await self._inner.aclose()


def check_rest_url(venue: Venue, url: str) -> str:
    """The base address without a trailing slash. Raises: ConfigError when the venue may not use it."""
    refusal = refusal_of(venue, url)
    if refusal is not None:
        raise ConfigError(refusal, _SETTING)
    target = httpx.URL(url)
    if target.query or target.fragment:
        raise ConfigError("the address must not hold a query or a fragment", _SETTING)
    return str(target).rstrip("/")
