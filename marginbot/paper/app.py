"""The exchange as an ASGI application, kept lean: one callable, no routing framework, one task per request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from marginbot.paper.control import PREFIX, control
from marginbot.paper.exchange import Exchange
from marginbot.paper.faults import Fault
from marginbot.paper.messages import Header, Request, Response, error_response
from marginbot.paper.params import MAX_BODY_BYTES

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Sleep = Callable[[float], Awaitable[Any]]

# Key in the scope under which the server leaves a way to cut the connection (see server.CuttableProtocol).
CUT = "marginbot.cut"
TRY_AGAIN_LATER = 1013
LONGEST_SILENCE_S = 60.0


class App:
    """ASGI around one exchange. latency_ms: how long every answer takes, each request for itself."""

    def __init__(self, exchange: Exchange, *, latency_ms: int = 0, sleep: Sleep = asyncio.sleep) -> None:
        self.exchange = exchange
        self.latency_ms = latency_ms
        self._sleep = sleep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(receive, send)
        elif scope["type"] == "lifespan":
            await _lifespan(receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        if body is None:
            await _send(send, error_response(-1100, "The request body is too large.", 413).plus(_CLOSE))
            return
        request = _request(scope, body)
        if request.path.startswith(PREFIX):
            await _send(send, control(self.exchange, request))
            return
        fault = self.exchange.faults.pick(request)
        response = self.exchange.handle(request) if fault is None else await self._faulty(fault, request)
        if self.latency_ms:
            await self._sleep(self.latency_ms / 1000)
        if response is None:
            await _lose(scope, receive, silent=fault is not None and fault.kind.endswith("timeout"))
        else:
            await _send(send, response)

    async def _faulty(self, fault: Fault, request: Request) -> Response | None:
        """What the client gets of a request that `fault` strikes; None when it gets nothing."""
        true: Response | None = None
        if fault.acts:
            admitted = self.exchange.admit(request)
            if fault.before_ms:
                await self._sleep(fault.before_ms / 1000)
            true = admitted if isinstance(admitted, Response) else self.exchange.execute(admitted)
        if fault.after_ms:
            await self._sleep(fault.after_ms / 1000)
        return None if fault.loses else fault.spoil(true)

    async def _websocket(self, receive: Receive, send: Send) -> None:
        """Streams are not served yet: accept and say so with a close code that means `try again later`."""
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": TRY_AGAIN_LATER, "reason": "no streams here yet"})


_CLOSE: tuple[Header, ...] = ((b"connection", b"close"),)


def _request(scope: Scope, body: bytes) -> Request:
    client = scope.get("client")
    peer = client[0] if client else "unknown"
    return Request(scope["method"], scope["path"], scope["query_string"], body, dict(scope["headers"]), peer)


async def _body(receive: Receive) -> bytes | None:
    """The whole body, None when it is longer than we take."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False) and len(body) <= MAX_BODY_BYTES:
        message = await receive()
        body += message.get("body", b"")
    return body if len(body) <= MAX_BODY_BYTES else None


async def _send(send: Send, response: Response) -> None:
    length = (b"content-length", b"%d" % len(response.body))
    await send({"type": "http.response.start", "status": response.status, "headers": [*response.headers, length]})
    await send({"type": "http.response.body", "body": response.body})


async def _lose(scope: Scope, receive: Receive, *, silent: bool) -> None:
    """Leave the request unanswered: cut the connection, or say nothing until the client gives up, then cut it."""
    if silent:
        try:
            async with asyncio.timeout(LONGEST_SILENCE_S):
                await _until_disconnect(receive)
        except TimeoutError:
            silent = False
    cut: Callable[[], None] | None = scope.get("extensions", {}).get(CUT, {}).get("cut")
    if cut is not None:
        cut()
        await _until_disconnect(receive)


async def _until_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
