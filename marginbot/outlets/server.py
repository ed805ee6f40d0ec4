"""The little web server beside the watch: /metrics for Prometheus, /healthz for whoever asks whether protection works.

It runs in the daemon's own loop: when that hangs nobody answers, which is the right answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from marginbot.domain.message import Reading
from marginbot.errors import MarginbotError
from marginbot.outlets.metrics import registry_of, rendered

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

BACKLOG: Final = 16
KEEP_ALIVE_S: Final = 20
MOST_AT_ONCE: Final = 32
_LOCAL_NAMES: Final = ["127.0.0.1", "localhost", "[::1]"]


@dataclass(frozen=True, slots=True)
class Page:
    """What the server shows. troubles: what does not work, by part; empty when everything does. scrub: for their words."""

    readings: Callable[[], Iterable[Reading]]
    troubles: Callable[[], Mapping[str, str]]
    scrub: Callable[[str], str]


def web_app(page: Page, host: str) -> Starlette:
    """On loopback it answers to this machine's own names alone, so that no web page reads it through a name of its own."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.responses import Response
    from starlette.routing import Route

    registry = registry_of(page.readings)

    async def metrics(_request: Request) -> Response:
        text, kind = rendered(registry)
        return Response(text, media_type=kind)

    async def healthz(_request: Request) -> Response:
        troubles = {part: page.scrub(why) for part, why in page.troubles().items()}
        document = json.dumps({"ok": not troubles, "troubles": troubles})
        return Response(document + "\n", 503 if troubles else 200, media_type="application/json")

    guards = [Middleware(TrustedHostMiddleware, allowed_hosts=_LOCAL_NAMES)] if _is_loopback(host) else []
    return Starlette(routes=[Route("/metrics", metrics), Route("/healthz", healthz)], middleware=guards)


async def serve(page: Page, host: str, port: int, stop: asyncio.Event, ready: Callable[[int], None] = lambda _port: None) -> None:
    """Serve until `stop` is set. ready: told the port as soon as connections are accepted; 0 takes a free one.

    Raises: MarginbotError when the address cannot be had.
    """
    import uvicorn

    class Server(uvicorn.Server):
        """Without uvicorn's signal handlers: signals are the daemon's."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    listener = _listening(host, port)
    config = uvicorn.Config(
        web_app(page, host),
        lifespan="off",
        ws="none",
        access_log=False,
        log_config=None,
        log_level="error",
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        limit_concurrency=MOST_AT_ONCE,
        timeout_graceful_shutdown=1,
    )
    server = Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    ready(listener.getsockname()[1])
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        server.should_exit = True
        await serving
        listener.close()


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _unusable(host, port, error) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise _unusable(host, port, error) from error
    return listener


def _unusable(host: str, port: int, error: OSError) -> MarginbotError:
    why = error.strerror or type(error).__name__
    mend = "set MARGINBOT_METRICS__LISTEN to another address, or to off"
    return MarginbotError(f"metrics cannot be served on {host}:{port} ({why}): {mend}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
