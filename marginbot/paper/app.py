"""The exchange as an ASGI application, kept lean: one callable, no routing framework, one task per request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from marginbot.paper.access import Access
from marginbot.paper.control import PREFIX, control
from marginbot.paper.exchange import Exchange
from marginbot.paper.faults import Fault
from marginbot.paper.messages import Header, Request, Response, error_response, html_page
from marginbot.paper.params import MAX_BODY_BYTES
from marginbot.paper.protocol import CUT, PATIENCE_S
from marginbot.paper.streams.hub import Hub
from marginbot.paper.streams.socket import serve_socket

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Sleep = Callable[[float], Awaitable[Any]]
Ahead = Callable[[Request], Awaitable[Response | None]]

# Streams look for what is new this often; whatever a request changes is sent at once.
PULSE_S = 0.1
LONGEST_SILENCE_S = 60.0


class App:
    """ASGI around one exchange. latency_ms: how long every answer takes, each request for itself.

    access: who may use the controls. patience_s: how long a body may take to arrive.
    pulse_s: how often streams look for what is new; None leaves it to whoever calls `streams.pulse`.
    ahead: waited for before a request is looked at; an answer of its own is sent instead.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        latency_ms: int = 0,
        sleep: Sleep = asyncio.sleep,
        pulse_s: float | None = PULSE_S,
        access: Access | None = None,
        patience_s: float = PATIENCE_S,
        ahead: Ahead | None = None,
    ) -> None:
        self.exchange = exchange
        self.ahead = ahead
        self.latency_ms = latency_ms
        self.access = access or Access()
        self.patience_s = patience_s
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
        headers = dict(scope["headers"])
        body = await self._body(headers, receive)
        if body is None:
            return
        if isinstance(body, Response):
            await _send(send, body.plus(_CLOSE))
            return
        request = _request(scope, headers, body)
        if request.path.startswith(PREFIX):
            answer = self.access.refusal(request) or control(self.exchange, request)
            self.streams.pulse()
            await _send(send, answer)
            return
        if self.ahead is not None and (instead := await self.ahead(request)) is not None:
            await _send(send, instead)
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

    async def _body(self, headers: Mapping[bytes, bytes], receive: Receive) -> bytes | Response | None:
        """The whole body, or the answer to one that is too long or does not come; None when the client left meanwhile."""
        if b"content-length" not in headers and b"transfer-encoding" not in headers:
            return await _read(receive)
        if int(headers.get(b"content-length", b"0")) > MAX_BODY_BYTES:
            return _TOO_LARGE
        try:
            async with asyncio.timeout(self.patience_s):
                body = await _read(receive)
        except TimeoutError:
            return html_page(408)
        return _TOO_LARGE if body is not None and len(body) > MAX_BODY_BYTES else body

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
_TOO_LARGE = error_response(-1100, "The request body is too large.", 413)


def _request(scope: Scope, headers: Mapping[bytes, bytes], body: bytes) -> Request:
    client = scope.get("client")
    peer = client[0] if client else "unknown"
    return Request(scope["method"], scope["path"], scope["query_string"], body, headers, peer)


async def _read(receive: Receive) -> bytes | None:
    """The body, or enough of it to see that it is too long; None when the client left before its end."""
    body, more = b"", True
    while more and len(body) <= MAX_BODY_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


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
