"""A clock that stands still, a store of bans in memory, and the adapter on top of respx."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import respx

from marginbot.exchange.adapter import BinanceExchange, open_exchange
from marginbot.exchange.signing import HmacSigner

BASE = "https://api.binance.com"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NOW_MS = 1_772_366_400_000
API_KEY = "k" * 63 + "K"
SECRET = "s" * 63 + "S"


class FakeClock:
    """Stands still unless a test moves it; timeouts are asyncio's own."""

    def __init__(self) -> None:
        self.moment = NOW
        self.elapsed = 0.0

    def pass_time(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
        self.elapsed += seconds

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.elapsed

    async def sleep(self, seconds: float) -> None:
        self.pass_time(seconds)

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[Any]:
        return asyncio.timeout(seconds)


class FakeBans:
    """Remembers bans as the journal does."""

    def __init__(self) -> None:
        self.ends: dict[str, int] = {}

    def banned_until_ms(self, host: str) -> int:
        return self.ends.get(host, 0)

    def remember_ban(self, host: str, until_ms: int, reason: str) -> None:
        self.ends[host] = until_ms


@asynccontextmanager
async def an_exchange(clock: FakeClock, bans: FakeBans | None = None, **changed: Any) -> AsyncIterator[BinanceExchange]:
    settings: dict[str, Any] = {
        "rest_url": BASE,
        "api_key": API_KEY,
        "signer": HmacSigner(SECRET),
        "clock": clock,
        "ban_store": bans or FakeBans(),
        "venue": "live",
    }
    async with open_exchange(**(settings | changed)) as exchange:
        yield exchange


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def bans() -> FakeBans:
    return FakeBans()


@pytest.fixture
def binance() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url=BASE, assert_all_called=False) as router:
        yield router


@pytest.fixture
async def exchange(clock: FakeClock, bans: FakeBans, binance: respx.MockRouter) -> AsyncIterator[BinanceExchange]:
    async with an_exchange(clock, bans) as opened:
        yield opened
