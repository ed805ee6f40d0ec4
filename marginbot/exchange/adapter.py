"""The exchange as the engine sees it, and the one way to open it. Importing this module is slow (python-binance)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from decimal import Decimal
from typing import TypeVar

import httpx

from marginbot.errors import ConfigError
from marginbot.exchange.client import BinanceClient
from marginbot.exchange.connections import Transport
from marginbot.exchange.gateway import Gateway
from marginbot.exchange.hosts import HostGuard, ReadOnlyTransport, Venue, check_rest_url
from marginbot.exchange.limits import Limits, polling
from marginbot.exchange.meter import Meter
from marginbot.exchange.ports import BanStore, Clock
from marginbot.exchange.reads import Reads
from marginbot.exchange.sender import Sender
from marginbot.exchange.server_clock import ServerClock
from marginbot.exchange.signing import Signer
from marginbot.exchange.tokens import Tokens
from marginbot.exchange.writes import Writes

T = TypeVar("T")
Tap = Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport]


class BinanceExchange(Reads, Writes, Tokens):
    """Binance isolated margin: reads, writes, and how to ask several things at once."""

    def __init__(self, client: BinanceClient, gateway: Gateway, server: ServerClock) -> None:
        self._client = client
        self._gateway = gateway
        self._server = server

    @property
    def meter(self) -> Meter:
        """What the current run cost: of the innermost `metering()`, else of this exchange's whole life."""
        return self._gateway.meter

    @property
    def recv_window_ms(self) -> int:
        """How long after its timestamp the exchange may still take a write: the widest window any call was sent with."""
        return self._gateway.recv_window_ms

    def server_now_ms(self) -> int:
        """The exchange's clock by the measured offset, ms since 1970; never ahead of it."""
        return self._server.now_ms()

    @property
    def clock_offset_ms(self) -> int:
        """Server time less local time, as last measured; 0 before the first measurement."""
        return self._server.offset_ms

    def metering(self) -> AbstractContextManager[Meter]:
        """A fresh meter for everything asked inside, tasks started inside included."""
        return self._gateway.metering()

    @contextmanager
    def polling(self) -> Iterator[None]:
        """Requests made inside leave the reserve of every rate budget alone: RateLimited comes earlier."""
        with polling():
            yield

    def used_weights(self) -> dict[str, tuple[int, int]]:
        """Used weight and size of every rate budget this minute, for people."""
        return self._gateway.limits.used()

    def order_counts(self) -> Mapping[str, int]:
        """Unfilled orders as the exchange last counted them, by interval (`10S`, `1D`)."""
        return dict(self._gateway.limits.order_counts)

    async def together(self, *calls: Awaitable[T]) -> list[T]:
        """Ask side by side and wait for all. Returns: results in order.

        Raises: the first error in order, a ban of the host before others, after every request is over.
        """
        return await self.meter.together(calls)


@asynccontextmanager
async def open_exchange(
    *,
    rest_url: str,
    api_key: str | None,
    signer: Signer | None,
    clock: Clock,
    ban_store: BanStore,
    venue: Venue,
    transport: httpx.AsyncBaseTransport | None = None,
    timeout: float = 12.0,  # noqa: ASYNC109  # the bound of every request later on, not of opening
    reserve_pct: Decimal | int = 30,
    dry_run: bool = False,
    tap: Tap | None = None,
) -> AsyncIterator[BinanceExchange]:
    """Open the exchange; nothing is sent by opening.

    rest_url: base of `/api` and `/sapi`. timeout: seconds for one whole request. transport: instead of the network.
    reserve_pct: share of each rate budget that `polling()` may not touch. dry_run: writes are refused with PlanRefused.
    tap: wraps the transport under every lock, so it sees exactly what leaves and what comes back.
    Raises: ConfigError when the venue may not use the address, or the key cannot be one.
    """
    base = check_rest_url(venue, rest_url)
    _check_key(api_key)
    inner = transport or Transport(tls=not base.startswith("http:"))
    inner = tap(inner) if tap is not None else inner
    guarded = HostGuard(venue, ReadOnlyTransport(inner) if dry_run else inner)
    server = ServerClock(clock)
    limits = Limits(httpx.URL(base).host, server.now_ms, ban_store, reserve_pct)
    sender = Sender(
        rest_url=base,
        api_key=api_key,
        signer=signer,
        clock=clock,
        server=server,
        transport=guarded,
        timeout=timeout,
        one_by_one=transport is None,
    )
    gateway = Gateway(sender=sender, limits=limits, server=server, clock=clock)
    try:
        yield BinanceExchange(BinanceClient(base, gateway), gateway, server)
    finally:
        await gateway.aclose()


def _check_key(api_key: str | None) -> None:
    """A key no header can hold would be quoted in the HTTP library's complaint about it."""
    if api_key is not None and not (api_key and api_key.isascii() and api_key.isprintable() and " " not in api_key):
        raise ConfigError("the key is empty or holds a blank, a line break or a foreign letter", "exchange.api_key")
