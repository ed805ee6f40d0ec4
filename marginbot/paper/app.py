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
from marginbot.paper.streams.hub import Hub
from marginbot.paper.streams.socket import serve_socket

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Sleep = Callable[[float], Awaitable[Any]]

# Streams look for what is new this often; whatever a request changes is sent at once.
PULSE_S = 0.1
# Key in the scope under which the server leaves a way to cut the connection (see server.CuttableProtocol).
CUT = "marginbot.cut"
LONGEST_SILENCE_S = 60.0


class App:
    """ASGI around one exchange. latency_ms: how long every answer takes, each request for itself.

    pulse_s: how often streams look for what is new; None leaves it to whoever calls `streams.pulse`.
    """

    def __init__(
        self, exchange: Exchange, *, latency_ms: int = 0, sleep: Sleep = asyncio.sleep, pulse_s: float | None = PULSE_S
    ) -> None:
        self.exchange = exchange
        self.latency_ms = latency_ms
        self.streams = Hub(exchange)
        self._sleep = sleep
        self._pulse_s = pulse_s
        self._pulsing: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            self._keep_pulsing()
            await serve_socket(self.streams, scope, receive, send)
        elif scope["type"] == "lifespan":
            await _lifespan(receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        if body is None:
            await _send(send, error_response(-1100, "The request body is too large.", 413).plus(_CLOSE))
            return
        request = _request(scope, body)
        if request.path.startswith(PREFIX):
            answer = control(self.exchange, request)
            self.streams.pulse()
            await _send(send, answer)
            return
        fault = self.exchange.faults.pick(request)
        response = self.exchange.handle(request) if fault is None else await self._faulty(fault, request)
        self.streams.pulse()
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

    def _keep_pulsing(self) -> None:
        """One task for all connections, which ends after the last of them."""
        if self._pulse_s is not None and (self._pulsing is None or self._pulsing.done()):
            self._pulsing = asyncio.create_task(self._pulse(self._pulse_s))

    async def _pulse(self, every_s: float) -> None:
        await asyncio.sleep(every_s)
        while self.streams.connections:
            self.streams.pulse()
            await asyncio.sleep(every_s)


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
