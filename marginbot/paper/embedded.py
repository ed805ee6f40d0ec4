"""Ways to get at a paper exchange from Python: in memory, from its directory, or through whoever serves that directory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from marginbot.paper.api.table import ENDPOINTS, RETIRED
from marginbot.paper.beginning import DEFAULT_SCENARIO, begin
from marginbot.paper.books.scenarios import DEFAULT_UID
from marginbot.paper.books.world import World
from marginbot.paper.errors import WorldBusy
from marginbot.paper.exchange import Clock, Exchange, Switches
from marginbot.paper.keys import PAPER_API_KEY, PAPER_API_SECRET, paper_keys
from marginbot.paper.store import Beginning, OpenedWorld, live_server, open_world
from marginbot.paper.transport import FaultTransport, Sleep

# Any address would do: nothing leaves the process. It is loopback so that a transport left out by mistake reaches nobody.
IN_PROCESS_URL = "http://127.0.0.1:9"


def exchange_of(world: World, clock: Clock, *, public_keys: Iterable[bytes] = (), switches: Switches | None = None) -> Exchange:
    """The exchange of `world`, knowing the paper key pair and the given PEM public keys, with every endpoint there is.

    clock: milliseconds of the wall. Raises: PaperError for a PEM that is no Ed25519 or RSA public key.
    """
    keys = paper_keys(DEFAULT_UID)
    for pem in public_keys:
        keys.add_public_key(DEFAULT_UID, pem)
    return Exchange(world, keys, clock, endpoints=ENDPOINTS, retired=RETIRED, switches=switches)


def fresh_exchange(clock: Clock, scenario: str = DEFAULT_SCENARIO, *, switches: Switches | None = None) -> Exchange:
    """A new world in memory, gone with the process; for the demo and for tests."""
    return exchange_of(begin(scenario, clock()), clock, switches=switches)


@dataclass(slots=True)
class PaperVenue:
    """How to reach the paper exchange of a state directory. Use as a context manager, or call `close`.

    rest_url: base of /api and /sapi. transport: put it under httpx; None when another process serves the world, which is
    then reached over its socket. exchange, opened: set exactly when transport is (`server.serving` takes both).
    """

    rest_url: str
    transport: FaultTransport | None = None
    exchange: Exchange | None = None
    opened: OpenedWorld | None = None
    api_key: str = PAPER_API_KEY
    api_secret: str = PAPER_API_SECRET

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Save the world and let it go, when this process holds it."""
        if self.opened is not None:
            self.opened.close()


def embedded(
    directory: Path,
    clock: Clock,
    *,
    scenario: str | None = None,
    sleep: Sleep = asyncio.sleep,
    latency_ms: int = 0,
    wait_s: float = 10.0,
    beginning: Beginning = begin,
) -> PaperVenue:
    """The world in `directory`: through the process that serves it, else opened here for as long as the venue is open.

    Opened here, it is saved before the answer to every write leaves: what the bot was told is done survives its own kill -9.
    clock: milliseconds of the wall; sleep: seconds, through which latency and slow answers pass. scenario and
    beginning: see open_world.
    Raises: WorldBusy when a process that does not serve holds it for longer than wait_s, WorldCorrupt, PaperError.
    """
    if (url := live_server(directory)) is not None:
        return PaperVenue(url)
    try:
        opened = open_world(directory, clock(), scenario, wait_s=wait_s, beginning=beginning)
    except WorldBusy as busy:
        if busy.rest_url is None:
            raise
        return PaperVenue(busy.rest_url)
    exchange = exchange_of(opened.world, clock)
    exchange.after_write = opened.try_save
    transport = FaultTransport(exchange, sleep=sleep, latency_ms=latency_ms)
    return PaperVenue(IN_PROCESS_URL, transport, exchange, opened)
