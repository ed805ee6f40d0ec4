"""Opening: where the venue and the dry run are chosen.

The emulator is imported where it is needed: a live run has no use for it.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from marginbot.app.opened import App, Streams
from marginbot.engine.clock import SystemClock
from marginbot.engine.journal.journal import Journal
from marginbot.engine.ports import Clock
from marginbot.errors import MarginbotError, SafetyRefused
from marginbot.exchange.adapter import BinanceExchange, Tap, open_exchange
from marginbot.exchange.signing import HmacSigner, Signer, signer_from_pem
from marginbot.settings import Settings, Venue, journal_file, state_dir

if TYPE_CHECKING:
    import httpx

    from marginbot.paper.embedded import PaperVenue

DEMO_LATENCY_MS = 120
"""About what a server in another country sees, so that the demo's steps can be followed by eye."""


@asynccontextmanager
async def open_app(
    settings: Settings, *, dry_run: bool = False, stays: bool = False, clock: Clock | None = None, tap: Tap | None = None
) -> AsyncIterator[App]:
    """Open everything the settings name, and close it again. Nothing is sent by opening.

    dry_run: the transport lets reads through and nothing else. stays: this process works for long: it hears streams, and a
    paper world that it holds is served to the commands beside it. tap: put between the last lock and the network.
    Raises: ConfigError, SafetyRefused (paper world held by somebody else), JournalUnavailable.
    """
    time = clock or SystemClock()
    async with AsyncExitStack() as opened:
        place = _place(settings, time, opened)
        streams = await _streams(settings, place, opened) if stays else None
        journal = Journal.in_file(journal_file(settings))
        opened.callback(journal.close)
        exchange = await opened.enter_async_context(_exchange(settings, place, time, journal, dry_run, tap))
        yield App(settings, settings.venue.value, exchange, journal, time, state_dir(), streams)


@asynccontextmanager
async def open_demo(settings: Settings) -> AsyncIterator[App]:
    """A fresh paper exchange in memory, whose price falls by a script, with a journal and locks that end with it."""
    from marginbot.paper.embedded import IN_PROCESS_URL, fresh_exchange
    from marginbot.paper.keys import PAPER_API_KEY, PAPER_API_SECRET
    from marginbot.paper.transport import FaultTransport

    time = SystemClock()
    with tempfile.TemporaryDirectory(prefix="marginbot-demo-") as locks:
        paper = fresh_exchange(_wall_ms(time), "demo")
        transport = FaultTransport(paper, sleep=time.sleep, latency_ms=DEMO_LATENCY_MS)
        place = _Place(IN_PROCESS_URL, PAPER_API_KEY, HmacSigner(PAPER_API_SECRET), transport)
        journal = Journal("sqlite://")
        async with _exchange(settings, place, time, journal, dry_run=False) as exchange:
            yield App(settings, Venue.PAPER.value, exchange, journal, time, Path(locks))
        journal.close()


@dataclass(frozen=True, slots=True)
class _Place:
    rest_url: str
    api_key: str | None
    signer: Signer | None
    transport: httpx.AsyncBaseTransport | None
    world: PaperVenue | None = None


async def _streams(settings: Settings, place: _Place, opened: AsyncExitStack) -> Streams:
    """Where prices and account events are heard. A paper world tells them where its requests go."""
    rest_url = place.rest_url
    if place.world is not None and place.world.exchange is not None:
        from marginbot.paper.server import serving

        rest_url = (await opened.enter_async_context(serving(place.world.exchange, opened=place.world.opened)))["rest_url"]
    own = f"ws{rest_url.removeprefix('http')}"
    chosen = settings.exchange
    if settings.venue is not Venue.PAPER:
        return Streams(settings.market_stream_address, settings.user_stream_address)
    return Streams(
        own if chosen.stream_url is None else settings.market_stream_address,
        f"{own}/ws-api/v3" if chosen.ws_api_url is None else settings.user_stream_address,
    )


def _exchange(
    settings: Settings, place: _Place, clock: Clock, journal: Journal, dry_run: bool, tap: Tap | None = None
) -> AbstractAsyncContextManager[BinanceExchange]:
    return open_exchange(
        rest_url=place.rest_url,
        api_key=place.api_key,
        signer=place.signer,
        clock=clock,
        ban_store=journal,
        venue=settings.venue.value,
        transport=place.transport,
        timeout=settings.exchange.timeout,
        reserve_pct=settings.exchange.reserve_pct,
        dry_run=dry_run,
        tap=tap,
    )


def _place(settings: Settings, clock: Clock, opened: AsyncExitStack) -> _Place:
    """Where requests go. Paper without an address is the embedded world; everything else is an address and a key."""
    if settings.venue is Venue.PAPER and settings.exchange.rest_url is None:
        return _embedded(clock, opened)
    key = settings.exchange.api_key
    return _Place(settings.exchange.base_url, key.get_secret_value() if key else None, _signer(settings), None)


def _embedded(clock: Clock, opened: AsyncExitStack) -> _Place:
    from marginbot.paper.embedded import embedded
    from marginbot.paper.errors import PaperError, WorldBusy

    try:
        venue = opened.enter_context(embedded(state_dir(), _wall_ms(clock), sleep=clock.sleep))
    except WorldBusy as busy:
        raise SafetyRefused(str(busy)) from busy
    except PaperError as problem:
        raise MarginbotError(str(problem)) from problem
    return _Place(venue.rest_url, venue.api_key, HmacSigner(venue.api_secret), venue.transport, venue)


def _wall_ms(clock: Clock) -> Callable[[], int]:
    return lambda: int(clock.now().timestamp() * 1000)


def _signer(settings: Settings) -> Signer | None:
    if settings.exchange.private_key_file is not None:
        return signer_from_pem(settings.exchange.private_key_file)
    secret = settings.exchange.api_secret
    return HmacSigner(secret.get_secret_value()) if secret is not None else None
