"""The exchange on a socket: uvicorn, our own handling of signals, and a world saved while it runs."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import TypedDict

import uvicorn

from marginbot.paper.access import Access
from marginbot.paper.app import Ahead, App
from marginbot.paper.errors import PaperError
from marginbot.paper.exchange import Exchange
from marginbot.paper.keys import Key, KeyRegistry
from marginbot.paper.listeners import LOOPBACK, is_loopback, listening
from marginbot.paper.params import MAX_BODY_BYTES
from marginbot.paper.protocol import PATIENCE_S, GuardedProtocol
from marginbot.paper.store import OpenedWorld, logger

SAVE_EVERY_S = 1.0
# A world that was only read still ages; it is saved this often so that kill -9 costs little of its time.
SAVE_IDLE_EVERY_S = 30.0
KEEP_ALIVE_S = 75
GRACE_S = 2
PING_EVERY_S, PONG_WITHIN_S = 20, 60


class AcceptedKey(TypedDict):
    api_key: str
    type: str


class Ready(TypedDict):
    """Where the exchange listens and whom it knows. `keys` lists every key with its type: HMAC, ED25519 or RSA.

    Beyond loopback `api_key` and `api_secret` are a pair made for this run, and the one everybody knows is not listed: it
    is good from this machine alone.
    """

    rest_url: str
    stream_url: str
    ws_api_url: str
    api_key: str
    api_secret: str
    keys: list[AcceptedKey]


def serve(
    exchange: Exchange,
    on_ready: Callable[[Ready], None],
    *,
    opened: OpenedWorld | None = None,
    host: str = LOOPBACK,
    port: int = 0,
    latency_ms: int = 0,
    token: str | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then return normally; the world of `opened` is saved meanwhile and at the end.

    on_ready: called once, as soon as connections are accepted. The rest as for `serving`. Call it in the main thread.
    Raises: PaperError when the address cannot be had. The caller closes `opened`.
    """

    async def until_told() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for told in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(told, stop.set)
        async with serving(exchange, opened=opened, host=host, port=port, latency_ms=latency_ms, token=token) as ready:
            on_ready(ready)
            await stop.wait()

    with asyncio.Runner(loop_factory=_fast_loop()) as runner:
        runner.run(until_told())


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it is installed, None for the loop of the standard library."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


@asynccontextmanager
async def serving(
    exchange: Exchange,
    *,
    opened: OpenedWorld | None = None,
    host: str = LOOPBACK,
    port: int = 0,
    latency_ms: int = 0,
    token: str | None = None,
    patience_s: float = PATIENCE_S,
    ahead: Ahead | None = None,
) -> AsyncIterator[Ready]:
    """Serve in the running event loop while the context is open; for daemons and tests. Leaves signals alone.

    port: 0 takes a free one. token: what the controls demand, needed beyond loopback. patience_s: how long a request may
    take to arrive. ahead: see app.App. Raises: PaperError when the address cannot be had, or is not loopback and there is no
    token.
    """
    wide = not is_loopback(host)
    if wide and token is None:
        raise PaperError(f"the paper exchange listens beyond this machine, on {host}, only with a token for its controls")
    with listening(host, port) as listeners:
        app = App(exchange, latency_ms=latency_ms, access=Access(token), patience_s=patience_s, ahead=ahead)
        server = _Server(_config(app, patience_s))
        running = asyncio.create_task(server.serve(sockets=list(listeners.sockets)))
        try:
            await _started(server, running)
            if opened is not None:
                opened.announce(f"http://{listeners.local}")
            async with _saved(exchange, opened):
                yield _ready(listeners.asked, _keys_for_strangers(exchange.keys) if wide else list(exchange.keys))
        finally:
            app.streams.shut_down()
            server.should_exit = True
            await running


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: they end the process with 143 on SIGTERM."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: App, patience_s: float = PATIENCE_S) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=functools.partial(GuardedProtocol, patience_s=patience_s),  # type: ignore[arg-type]
        lifespan="off",
        # Signed URLs must not reach any log.
        access_log=False,
        log_config=None,
        log_level="error",
        server_header=False,
        # Nobody may claim another address than his own: keys, weights and bans go by it.
        proxy_headers=False,
        ws_ping_interval=PING_EVERY_S,
        ws_ping_timeout=PONG_WITHIN_S,
        ws_max_size=MAX_BODY_BYTES,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )


async def _started(server: uvicorn.Server, running: asyncio.Task[None]) -> None:
    while not server.started:
        if running.done():
            await running
            raise PaperError("the paper exchange could not be started")
        await asyncio.sleep(0.005)


def _keys_for_strangers(keys: KeyRegistry) -> list[Key]:
    """The keys that are good from anywhere, an HMAC pair of this run first."""
    uid = next(iter(keys)).uid
    pair = keys.add_hmac(uid, secrets.token_hex(32), secrets.token_hex(32))
    return [pair, *(key for key in keys if key is not pair and not key.local_only)]


def _ready(at: str, keys: list[Key]) -> Ready:
    pair = next(key for key in keys if key.secret is not None)
    return Ready(
        rest_url=f"http://{at}",
        stream_url=f"ws://{at}",
        ws_api_url=f"ws://{at}/ws-api/v3",
        api_key=pair.api_key,
        api_secret=(pair.secret or b"").decode(),
        keys=[AcceptedKey(api_key=key.api_key, type=key.kind.value) for key in keys],
    )


@asynccontextmanager
async def _saved(exchange: Exchange, opened: OpenedWorld | None) -> AsyncIterator[None]:
    """Keep the file of `opened` near what happens in memory; the last state is saved on the way out."""
    if opened is None:
        yield
        return
    task = asyncio.create_task(_save_changes(exchange, opened))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        opened.save()


async def _save_changes(exchange: Exchange, opened: OpenedWorld) -> None:
    writes, idle = exchange.writes, 0.0
    while True:
        await asyncio.sleep(SAVE_EVERY_S)
        idle += SAVE_EVERY_S
        if exchange.writes == writes and idle < SAVE_IDLE_EVERY_S:
            continue
        writes, idle = exchange.writes, 0.0
        exchange.advance()
        try:
            # The state is taken here, between two requests; only the disk is waited for elsewhere.
            await asyncio.to_thread(opened.write, opened.snapshot())
        except OSError:
            logger.exception("the paper world could not be saved in %s", opened.directory)
