"""The exchange on a socket of this machine: uvicorn, our own handling of signals, and a world saved while it runs."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TypedDict

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from marginbot.paper.app import CUT, App
from marginbot.paper.errors import PaperError
from marginbot.paper.exchange import Exchange
from marginbot.paper.keys import PAPER_API_KEY, PAPER_API_SECRET
from marginbot.paper.params import MAX_BODY_BYTES
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
    """Where the exchange listens and whom it knows. `keys` lists every key with its type: HMAC, ED25519 or RSA."""

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
    host: str = "127.0.0.1",
    port: int = 0,
    latency_ms: int = 0,
) -> None:
    """Serve until SIGTERM or SIGINT, then return normally; the world of `opened` is saved meanwhile and at the end.

    on_ready: called once, as soon as connections are accepted. port: 0 takes a free one. Call it in the main thread.
    Raises: PaperError when the address cannot be had. The caller closes `opened`.
    """

    async def until_told() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for told in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(told, stop.set)
        async with serving(exchange, opened=opened, host=host, port=port, latency_ms=latency_ms) as ready:
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
    host: str = "127.0.0.1",
    port: int = 0,
    latency_ms: int = 0,
) -> AsyncIterator[Ready]:
    """Serve in the running event loop while the context is open; for daemons and tests. Leaves signals alone."""
    with _bound(host, port) as listener:
        app = App(exchange, latency_ms=latency_ms)
        server = _Server(_config(app))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await _started(server, running)
            ready = _ready(exchange, listener)
            if opened is not None:
                opened.announce(ready["rest_url"])
            async with _saved(exchange, opened):
                yield ready
        finally:
            app.streams.shut_down()
            server.should_exit = True
            await running


class CuttableProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with a way for the app to drop a connection unanswered, which ASGI itself does not offer."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CUT: {"cut": self.transport.abort}}


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: they end the process with 143 on SIGTERM."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: App) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=CuttableProtocol,
        lifespan="off",
        # Signed URLs must not reach any log.
        access_log=False,
        log_config=None,
        log_level="error",
        server_header=False,
        ws_ping_interval=PING_EVERY_S,
        ws_ping_timeout=PONG_WITHIN_S,
        ws_max_size=MAX_BODY_BYTES,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )


@contextlib.contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket of this machine only: the keys are public knowledge, so no stranger may reach it."""
    address = "127.0.0.1" if host == "localhost" else host
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
        if not ipaddress.ip_address(address).is_loopback:
            raise ValueError("not loopback")
    except ValueError:
        raise PaperError(f"the paper exchange listens on loopback only, not on {host}") from None
    try:
        listener = socket.create_server((address, port), family=family, backlog=1024)
    except (OSError, OverflowError) as problem:
        raise PaperError(f"the paper exchange cannot listen on {address} port {port}: {problem}") from problem
    with listener:
        yield listener


async def _started(server: uvicorn.Server, running: asyncio.Task[None]) -> None:
    while not server.started:
        if running.done():
            await running
            raise PaperError("the paper exchange could not be started")
        await asyncio.sleep(0.005)


def _ready(exchange: Exchange, listener: socket.socket) -> Ready:
    address, port = listener.getsockname()[:2]
    at = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    keys: Sequence[AcceptedKey] = [AcceptedKey(api_key=key.api_key, type=key.kind.value) for key in exchange.keys]
    return Ready(
        rest_url=f"http://{at}",
        stream_url=f"ws://{at}",
        ws_api_url=f"ws://{at}/ws-api/v3",
        api_key=PAPER_API_KEY,
        api_secret=PAPER_API_SECRET,
        keys=list(keys),
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
