"""An httpx transport that reaches the exchange inside this process, with real httpx errors and time kept by the caller.

httpx's own ASGI transport ignores timeouts and lets exceptions of the app through; this one does neither.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, NoReturn

import httpx

from marginbot.paper.exchange import Exchange
from marginbot.paper.faults import Fault
from marginbot.paper.messages import Request, Response
from marginbot.paper.params import lenient_params

Sleep = Callable[[float], Awaitable[Any]]
Before = Callable[[httpx.Request], Any]
After = Callable[[httpx.Request, httpx.Response], Any]

_DEFAULT = Fault(kind="slow", count=None)

_RAISES: Mapping[str, tuple[type[httpx.TransportError], str]] = {
    "connect_error": (httpx.ConnectError, "All connection attempts failed"),
    "connect_timeout": (httpx.ConnectTimeout, "connecting took too long"),
    "pool_timeout": (httpx.PoolTimeout, "no connection became free"),
    "write_error": (httpx.WriteError, "the connection broke while the request was written"),
    "write_timeout": (httpx.WriteTimeout, "writing the request took too long"),
    "read_error": (httpx.ReadError, "the connection broke before an answer was read"),
    "read_timeout": (httpx.ReadTimeout, "no answer came in time"),
    "disconnect": (httpx.RemoteProtocolError, "Server disconnected without sending a response."),
}
# Which timeout of the request an error of this kind lets pass first.
_WAITS = {"connect_timeout": "connect", "pool_timeout": "pool", "write_timeout": "write", "read_timeout": "read"}


class Exchanged(NamedTuple):
    """What one request of the client came to. `status` is None when no answer arrived; `error` then says why."""

    method: str
    path: str
    query: bytes
    body: bytes
    status: int | None
    error: str | None

    @property
    def params(self) -> dict[str, str]:
        """Decoded parameters without the signature; decoded only when somebody looks."""
        return lenient_params(self.query, self.body)


class FaultTransport(httpx.AsyncBaseTransport):
    """Carries httpx requests to `exchange` and lets its faults strike on the way.

    sleep: seconds, the only way time passes in here. latency_ms: the round trip of every answer. A request whose answer
    would take longer than its read timeout raises ReadTimeout after that time; the exchange acts all the same.
    before: called with the request first of all; after: called with the request and the true answer as soon as the
    exchange acted, even when the client never gets it. Both may be coroutines.
    log: every request, for assertions.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        sleep: Sleep = asyncio.sleep,
        latency_ms: int = 0,
        before: Before | None = None,
        after: After | None = None,
    ) -> None:
        self.exchange = exchange
        self.sleep = sleep
        self.latency_ms = latency_ms
        self.before = before
        self.after = after
        self.log: list[Exchanged] = []
        self._held: set[asyncio.Task[Response | None]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as the exchange would. Raises: httpx errors, never anything of the exchange's own."""
        message = _message(request, await request.aread())
        if self.before is not None:
            await _maybe(self.before(request))
        fault = self.exchange.faults.pick(message) or _DEFAULT
        try:
            response = await self._exchange(request, message, fault)
        except httpx.TransportError as error:
            self._note(message, None, type(error).__name__)
            raise
        except asyncio.CancelledError:
            self._note(message, None, "the client gave up")
            raise
        self._note(message, response.status, None)
        return _httpx_response(request, response)

    async def _exchange(self, request: httpx.Request, message: Request, fault: Fault) -> Response:
        true: Response | None = None
        timeout = _timeout(request, "read")
        wait_ms = self.latency_ms + fault.before_ms + fault.after_ms
        late = timeout is not None and wait_ms > timeout * 1000
        if fault.acts:
            if not fault.before_ms:
                true = await self._act(request, message)
            else:
                held = self._hold(request, message, fault)
                # Shielded: a client that gives up does not stop an exchange that has the request already.
                true = None if late else await asyncio.shield(held)
                wait_ms -= 0 if late else fault.before_ms
        if late and timeout is not None and not fault.loses:
            await self._pause(timeout)
            raise httpx.ReadTimeout("no answer came in time", request=request)
        if fault.loses:
            await self._lose(request, fault.kind)
        await self._pause(wait_ms / 1000)
        return fault.spoil(true)

    async def _act(self, request: httpx.Request, message: Request) -> Response:
        response = self.exchange.handle(message)
        await self._seen(request, response)
        return response

    def _hold(self, request: httpx.Request, message: Request, fault: Fault) -> asyncio.Task[Response | None]:
        """Check the request now, carry it out `before_ms` later, whether or not anybody still waits."""

        async def later() -> Response | None:
            admitted = self.exchange.admit(message)
            await self._pause(fault.before_ms / 1000)
            response = admitted if isinstance(admitted, Response) else self.exchange.execute(admitted)
            await self._seen(request, response)
            return response

        task = asyncio.create_task(later())
        self._held.add(task)
        task.add_done_callback(self._held.discard)
        return task

    async def _seen(self, request: httpx.Request, response: Response) -> None:
        if self.after is not None:
            await _maybe(self.after(request, _httpx_response(request, response)))

    async def _lose(self, request: httpx.Request, kind: str) -> NoReturn:
        phase = _WAITS.get(kind)
        if phase is not None:
            await self._pause(_timeout(request, phase) or 0.0)
        raised, text = _RAISES[kind]
        raise raised(text, request=request)

    async def _pause(self, seconds: float) -> None:
        if seconds > 0:
            await self.sleep(seconds)

    def _note(self, message: Request, status: int | None, error: str | None) -> None:
        self.log.append(Exchanged(message.method, message.path, message.query, message.body, status, error))


def _message(request: httpx.Request, body: bytes) -> Request:
    headers = {name.lower(): value for name, value in request.headers.raw}
    return Request(request.method, request.url.path, request.url.query, body, headers)


def _httpx_response(request: httpx.Request, response: Response) -> httpx.Response:
    return httpx.Response(response.status, headers=list(response.headers), content=response.body, request=request)


def _timeout(request: httpx.Request, phase: str) -> float | None:
    """Seconds this request allows for one phase, None for ever."""
    timeouts: Mapping[str, float | None] = request.extensions.get("timeout", {})
    return timeouts.get(phase)


async def _maybe(result: object) -> None:
    if inspect.isawaitable(result):
        await result
