"""Opening: where the venue and the dry run are chosen.

The emulator is imported where it is needed: a live run has no use for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from marginbot.app.opened import App, Streams
from marginbot.engine.clock import SystemClock
from marginbot.engine.journal.journal import Journal
from marginbot.engine.journal.opening import for_a_daemon
from marginbot.engine.journal.spare import Spare
from marginbot.engine.ports import Clock
from marginbot.errors import ConfigError, JournalUnavailable, MarginbotError, SafetyRefused
from marginbot.exchange.adapter import BinanceExchange, Tap, open_exchange
from marginbot.exchange.messages import to_ms
from marginbot.exchange.signing import HmacSigner, Signer, signer_from_pem
from marginbot.settings import Settings, Venue, journal_file, state_dir

if TYPE_CHECKING:
    import httpx

    from marginbot.app.testnet import Books
    from marginbot.paper.embedded import PaperVenue


@asynccontextmanager
async def open_app(
    settings: Settings, *, dry_run: bool = False, stays: bool = False, clock: Clock | None = None, tap: Tap | None = None
) -> AsyncIterator[App]:
    """Open everything the settings name, and close it again. Nothing is sent by opening (but see testnet.open_books).

    dry_run: the transport lets reads through and nothing else. stays: this process works for long: it hears streams, and a
    paper world that it holds is served to the commands beside it. tap: put between the last lock and the network.
    Raises: ConfigError, SafetyRefused (paper world held by somebody else), JournalUnavailable (not for a process that stays);
    NotSent, ReadFailed where the books of a testnet cannot begin.
    """
    time = clock or SystemClock()
    async with AsyncExitStack() as opened:
        journal, spare = _journal_of_a_daemon(settings) if stays else (Journal.in_file(journal_file(settings)), None)
        opened.callback(journal.close)
        place = await _place(settings, time, journal, opened)
        streams = await _streams(settings, place, opened) if stays else None
        exchange = await opened.enter_async_context(_exchange(settings, place, time, journal, dry_run, tap))
        testnet = place.books.testnet if place.books is not None else None
        yield App(settings, settings.venue.value, exchange, journal, time, state_dir(), streams, testnet=testnet, spare=spare)


def _journal_of_a_daemon(settings: Settings) -> tuple[Journal, Spare]:
    """Raises: ConfigError where there can be no journal: that is for its owner to set right, and not to be waited for."""
    try:
        return for_a_daemon(journal_file(settings))
    except JournalUnavailable as none:
        raise ConfigError(str(none), "MARGINBOT_STATE__URL") from none


@dataclass(frozen=True, slots=True)
class _Place:
    rest_url: str
    api_key: str | None
    signer: Signer | None
    transport: httpx.AsyncBaseTransport | None
    world: PaperVenue | None = None
    books: Books | None = None


async def _streams(settings: Settings, place: _Place, opened: AsyncExitStack) -> Streams:
    """Where prices and account events are heard. A world on this machine tells them where its requests go."""
    rest_url = place.rest_url
    following = place.books.following if place.books is not None else None
    if following is not None:
        keeping = asyncio.create_task(following.keep())
        opened.callback(keeping.cancel)
    if place.world is not None and place.world.exchange is not None:
        from marginbot.paper.server import serving

        ahead = None if following is None else following.ahead
        served = serving(place.world.exchange, opened=place.world.opened, ahead=ahead)
        rest_url = (await opened.enter_async_context(served))["rest_url"]
    own = f"ws{rest_url.removeprefix('http')}"
    market, account = settings.market_stream_address, settings.user_stream_address
    if settings.venue is Venue.PAPER and settings.exchange.stream_url is None:
        market = own
    if settings.venue is not Venue.LIVE and settings.exchange.ws_api_url is None:
        account = f"{own}/ws-api/v3"
    return Streams(market, account)


def _exchange(
    settings: Settings, place: _Place, clock: Clock, journal: Journal, dry_run: bool, tap: Tap | None = None
) -> AbstractAsyncContextManager[BinanceExchange]:
    return open_exchange(
        rest_url=place.rest_url,
        api_key=place.api_key,
        signer=place.signer,
        clock=clock,
        ban_store=journal,
        # The books of a testnet are on this machine, and so is everything that is sent to them.
        venue=settings.venue.value if place.books is None else Venue.PAPER.value,
        transport=place.transport,
        timeout=settings.exchange.timeout,
        reserve_pct=settings.exchange.reserve_pct,
        dry_run=dry_run,
        tap=tap,
    )


async def _place(settings: Settings, clock: Clock, journal: Journal, opened: AsyncExitStack) -> _Place:
    """Where requests go: the embedded world for paper without an address and for testnet, else an address and a key."""
    if settings.venue is Venue.PAPER and settings.exchange.rest_url is None:
        return _embedded(clock, opened)
    if settings.venue is Venue.TESTNET:
        return await _testnet(settings, clock, journal, opened)
    key = settings.exchange.api_key
    return _Place(settings.base_url, key.get_secret_value() if key else None, _signer(settings), None)


def _embedded(clock: Clock, opened: AsyncExitStack) -> _Place:
    from marginbot.paper.embedded import embedded
    from marginbot.paper.errors import PaperError, WorldBusy

    try:
        venue = opened.enter_context(embedded(state_dir(), lambda: to_ms(clock.now()), sleep=clock.sleep))
    except WorldBusy as busy:
        raise SafetyRefused(str(busy)) from busy
    except PaperError as problem:
        raise MarginbotError(str(problem)) from problem
    return _Place(venue.rest_url, venue.api_key, HmacSigner(venue.api_secret), venue.transport, venue)


async def _testnet(settings: Settings, clock: Clock, journal: Journal, opened: AsyncExitStack) -> _Place:
    from marginbot.app.testnet import open_books

    books = await open_books(settings, _signer(settings), clock, journal, opened)
    world = books.venue
    return _Place(world.rest_url, world.api_key, HmacSigner(world.api_secret), books.transport, world, books)


def _signer(settings: Settings) -> Signer | None:
    if settings.exchange.private_key_file is not None:
        return signer_from_pem(settings.exchange.private_key_file)
    secret = settings.exchange.api_secret
    return HmacSigner(secret.get_secret_value()) if secret is not None else None
