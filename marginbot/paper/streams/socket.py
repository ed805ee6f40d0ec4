"""A connection on an ASGI websocket: its address decides what it is; one task reads, one writes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, unquote

from marginbot.paper.messages import refusal_response
from marginbot.paper.streams.account_socket import PATH, AccountSocket
from marginbot.paper.streams.connection import CUT, Connection
from marginbot.paper.streams.hub import Hub
from marginbot.paper.streams.market_socket import MarketSocket
from marginbot.paper.weights import Throttled

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def serve_socket(hub: Hub, scope: Scope, receive: Receive, send: Send) -> None:
    """Accept the connection and keep it until either side ends it.

    An address without a stream is refused (403), and so is a client that tries too often (429).
    """
    try:
        connection = _connection(hub, scope)
    except Throttled as throttled:
        await receive()
        await _refuse(scope, send, throttled)
        return
    await receive()
    if connection is None:
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "websocket.accept"})
    hub.add(connection)
    reading = asyncio.create_task(_read(hub, connection, receive))
    writing = asyncio.create_task(_write(connection, send))
    try:
        hub.pulse()
        await asyncio.wait((reading, writing), return_when=asyncio.FIRST_COMPLETED)
    finally:
        hub.remove(connection)
        # Both are told first: if one of them failed, that is raised here, and the other must not be left behind.
        reading.cancel()
        writing.cancel()
        for task in (reading, writing):
            with suppress(asyncio.CancelledError, OSError):
                await task


def _connection(hub: Hub, scope: Scope) -> Connection | None:
    hub.exchange.advance()
    path, now_ms = unquote(scope["path"]), hub.exchange.world.now_ms
    client = scope.get("client")
    peer = client[0] if client else "unknown"
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    server = PATH if path == PATH else "/stream"
    hub.exchange.weights.count_connection(peer, server, now_ms)
    if path == PATH:
        shows_limits = query.get("returnRateLimits", ["true"])[0].lower() != "false"
        return AccountSocket(now_ms, peer, hub.exchange, hub.accounts, shows_limits=shows_limits)
    flat = hub.exchange.world.config.stream_errors == "flat"
    if path == "/stream":
        names = query.get("streams", [""])[0].split("/")
        return MarketSocket(now_ms, peer, [name for name in names if name], combined=True, flat=flat)
    if path == "/ws" or path.startswith("/ws/"):
        names = path.removeprefix("/ws").split("/")
        return MarketSocket(now_ms, peer, [name for name in names if name], combined=False, flat=flat)
    return None


async def _refuse(scope: Scope, send: Send, throttled: Throttled) -> None:
    """Answer the handshake with a refusal; a server that cannot say more says 403."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    response = refusal_response(throttled).plus(((b"retry-after", b"%d" % throttled.retry_after_s),))
    length = (b"content-length", b"%d" % len(response.body))
    start = {"status": response.status, "headers": [*response.headers, length]}
    await send({"type": "websocket.http.response.start", **start})
    await send({"type": "websocket.http.response.body", "body": response.body})


async def _read(hub: Hub, connection: Connection, receive: Receive) -> None:
    while (message := await receive())["type"] == "websocket.receive":
        text = message.get("text")
        if text is None:
            text = (message.get("bytes") or b"").decode("utf-8", errors="replace")
        hub.pulse()
        connection.received(text, hub.exchange.world.now_ms)
        hub.pulse()


async def _write(connection: Connection, send: Send) -> None:
    while (frame := await connection.next_frame()) is not None:
        await send({"type": "websocket.send", "text": frame.decode()})
    if connection.close_code != CUT:
        await send({"type": "websocket.close", "code": connection.close_code, "reason": connection.close_reason})
