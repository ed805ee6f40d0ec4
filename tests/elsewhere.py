"""A spot testnet in this process: a paper exchange that stands where the network would be, and what was asked of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from marginbot.engine.clock import SystemClock
from marginbot.exchange.messages import to_ms
from marginbot.paper.embedded import fresh_exchange
from marginbot.paper.exchange import Exchange
from marginbot.paper.transport import FaultTransport

HOST = "testnet.binance.vision"
ALLOWED = {
    ("GET", "/api/v3/time"),
    ("GET", "/api/v3/exchangeInfo"),
    ("GET", "/api/v3/depth"),
    ("GET", "/api/v3/ticker/bookTicker"),
    ("POST", "/api/v3/order/test"),
}


@dataclass
class Elsewhere:
    """requests: everything that came to the network, in order. `down`: nothing is reached."""

    exchange: Exchange
    transport: FaultTransport
    requests: list[httpx.Request] = field(default_factory=list)
    down: bool = False

    @property
    def calls(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.requests]

    def price(self, symbol: str, price: str) -> None:
        self.exchange.advance()
        self.exchange.world.set_price(symbol, price)

    def assert_only_market_data(self) -> None:
        """No other host, no `/sapi`, nothing about an account, and the account's own key nowhere."""
        assert {request.url.host for request in self.requests} <= {HOST}
        assert {(request.method, request.url.path) for request in self.requests} <= ALLOWED
        keyed = [request for request in self.requests if "X-MBX-APIKEY" in request.headers]
        assert {request.url.path for request in keyed} <= {"/api/v3/order/test"}


def _wall_ms() -> int:
    return to_ms(SystemClock().now())


def put_elsewhere(
    monkeypatch: pytest.MonkeyPatch, wall_ms: Callable[[], int] = _wall_ms, sleep: Any = asyncio.sleep
) -> Elsewhere:
    """From now on the network leads to one testnet with the catalogue's pairs, whatever host is asked."""
    exchange = fresh_exchange(wall_ms, "empty")
    found = Elsewhere(exchange, FaultTransport(exchange, sleep=sleep))

    async def network(_: object, request: httpx.Request) -> httpx.Response:
        found.requests.append(request)
        if found.down:
            raise httpx.ConnectError("down", request=request)
        return await found.transport.handle_async_request(request)

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", network)
    return found
