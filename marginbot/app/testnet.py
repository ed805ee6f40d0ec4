"""Venue testnet: margin books on this machine that follow the prices, rules and books of a spot testnet.

No testnet serves `/sapi`. Every call of the account is addressed to this machine from the beginning; what the books need to
know of the testnet is asked for by `SpotTestnet`, through which nothing but public prices and the check of orders gets out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

from marginbot.app.following import Following, MarginBooks
from marginbot.engine.ports import Clock
from marginbot.errors import MarginbotError, NotSent, ReadFailed, RequestRejected, SafetyRefused
from marginbot.exchange.connections import Transport
from marginbot.exchange.messages import to_ms
from marginbot.exchange.ports import BanStore
from marginbot.exchange.signing import Signer
from marginbot.exchange.spot_testnet import SpotTestnet, open_spot_testnet
from marginbot.paper.beginning import begin
from marginbot.paper.books import catalogue
from marginbot.paper.books.world import World
from marginbot.paper.embedded import PaperVenue, embedded
from marginbot.paper.errors import PaperError, WorldBusy, WorldCorrupt
from marginbot.paper.follower import Follower, survey
from marginbot.paper.shown import Elsewhere
from marginbot.paper.store import WORLD_FILE, Beginning, live_server, reset_world
from marginbot.settings import Settings, testnet_dir

SHARE: Final = 0.4
"""Of the time one request may take, what asking the testnet may take before it: an order asks twice."""
PAUSES: Final = (0.25, 1.0)
"""Seconds between the attempts of books that begin: one lost answer does not end a command."""


@dataclass(frozen=True, slots=True)
class Books:
    """Open margin books. transport: the only way to them."""

    venue: PaperVenue
    transport: MarginBooks
    testnet: SpotTestnet
    following: Following | None


async def open_books(settings: Settings, signer: Signer | None, clock: Clock, bans: BanStore, opened: AsyncExitStack) -> Books:
    """Open the books in the state directory; nothing is sent, unless they begin now: then prices are read first.

    Raises: ConfigError, SafetyRefused (held by somebody else), NotSent or ReadFailed (they cannot begin without prices).
    """
    testnet = await opened.enter_async_context(_spot_testnet(settings, signer, clock, bans))
    directory, within = testnet_dir(), settings.exchange.timeout * SHARE
    begins = not (directory / WORLD_FILE).exists() and live_server(directory) is None
    beginning = _beginning(await _survey(testnet, clock)) if begins else _gone
    with _in_our_words():
        venue = opened.enter_context(embedded(directory, lambda: to_ms(clock.now()), sleep=clock.sleep, beginning=beginning))
    if venue.exchange is None or venue.transport is None:
        other = Transport()
        return Books(venue, MarginBooks(other, testnet, None, clock, within), testnet, None)
    following = Following(Follower(venue.exchange, testnet.ask, clock.monotonic), testnet, clock, within)
    return Books(venue, MarginBooks(venue.transport, testnet, following, clock, within), testnet, following)


async def reset_books(settings: Settings, scenario: str | None, clock: Clock, bans: BanStore) -> tuple[str, str]:
    """Put the books back to the beginning of a scenario at the testnet's present prices. Returns: scenario, host.

    Raises: SafetyRefused (held by somebody else), NotSent or ReadFailed (nothing was changed then).
    """
    async with _spot_testnet(settings, None, clock, bans) as testnet:
        elsewhere = await _survey(testnet, clock)
        with _in_our_words():
            chosen = reset_world(testnet_dir(), to_ms(clock.now()), scenario, beginning=_beginning(elsewhere))
    return chosen, testnet.host


async def survey_of(testnet: SpotTestnet) -> Elsewhere:
    """Which pairs of the emulator the testnet lists, and how. Raises: ExchangeError, MarginbotError."""
    with _in_our_words():
        return await survey(testnet.ask, {symbol: market.listing for symbol, market in catalogue.markets().items()})


def _spot_testnet(
    settings: Settings, signer: Signer | None, clock: Clock, bans: BanStore
) -> AbstractAsyncContextManager[SpotTestnet]:
    key = settings.exchange.api_key
    return open_spot_testnet(
        rest_url=settings.base_url,
        api_key=None if key is None else key.get_secret_value(),
        signer=signer,
        clock=clock,
        ban_store=bans,
        timeout=settings.exchange.timeout * SHARE,
    )


async def _survey(testnet: SpotTestnet, clock: Clock) -> Elsewhere:
    pauses = iter(PAUSES)
    while True:
        try:
            return _with_trade(await survey_of(testnet))
        except (NotSent, ReadFailed, RequestRejected) as trouble:
            pause = next(pauses, None)
            if pause is None:
                raise NotSent(
                    f"the margin books begin at the prices of {testnet.host}, which shows none now: {trouble}"
                ) from trouble
        await clock.sleep(pause)


def _with_trade(elsewhere: Elsewhere) -> Elsewhere:
    """Books without any pair would never get one. Raises: ReadFailed."""
    if not elsewhere.markets(catalogue.markets()):
        raise ReadFailed("none of the emulator's pairs is traded there now")
    return elsewhere


def _beginning(elsewhere: Elsewhere) -> Beginning:
    return lambda scenario, now_ms: begin(scenario, now_ms, elsewhere.markets(catalogue.markets()))


def _gone(scenario: str, now_ms: int) -> World:
    raise PaperError("the margin books of the testnet were taken away this very moment; run the same command again")


@contextmanager
def _in_our_words() -> Iterator[None]:
    """The emulator's errors as the bot's."""
    try:
        yield
    except WorldBusy as busy:
        raise SafetyRefused(str(busy)) from busy
    except WorldCorrupt as broken:
        raise MarginbotError(f"{broken} (with --venue testnet)") from broken
    except PaperError as problem:
        raise MarginbotError(str(problem)) from problem
