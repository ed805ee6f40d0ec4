"""What lies between a marginbot and the exchange in a soak: requests and sockets, in-process, under virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx
from websockets.exceptions import ConnectionClosedError

from marginbot.paper.streams.hub import Hub
from marginbot.paper.streams.socket import serve_socket
from marginbot.paper.transport import FaultTransport
from tests.soak.time import OTHERS, begin_as

PULSE_S = 2.0

Seen = Callable[[httpx.Request], None]
Answered = Callable[[httpx.Request, httpx.Response], None]


class Wire(httpx.AsyncBaseTransport):
    """The line of one process. seen: told of every request before it leaves; answered: of every answer. cut: it is dead."""

    def __init__(self, transport: FaultTransport, seen: Seen, answered: Answered) -> None:
        self.cut = False
        self._transport = transport
        self._seen, self._answered = seen, answered

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.cut:
            raise httpx.ConnectError("the process is dead", request=request)
        self._seen(request)
        response = await self._transport.handle_async_request(request)
        self._answered(request, response)
        return response


class PaperSocket:
    """A connection of `websockets`' shape to the emulator's own stream server, without a socket."""

    def __init__(self, hub: Hub, url: str) -> None:
        address = urlsplit(url)
        scope = {
            "type": "websocket", "path": address.path, "query_string": address.query.encode(), "client": ("127.0.0.1", 1),
        }  # fmt: skip
        self.accepted: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._to_paper: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        self._to_bot: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._to_paper.put_nowait({"type": "websocket.connect"})
        self.serving = begin_as(OTHERS, serve_socket(hub, scope, self._to_paper.get, self._deliver), "paper socket")
        self.serving.add_done_callback(self._over)

    async def recv(self, decode: Literal[False]) -> bytes:
        frame = await self._to_bot.get()
        if frame is None:
            raise ConnectionClosedError(None, None)
        return frame

    async def send(self, message: str) -> None:
        if self.serving.done():
            raise ConnectionClosedError(None, None)
        self._to_paper.put_nowait({"type": "websocket.receive", "text": message})

    async def close(self) -> None:
        self._to_paper.put_nowait({"type": "websocket.disconnect"})
        await asyncio.wait((self.serving,))

    def hear(self, **frame: Any) -> None:
        """Something the exchange never said."""
        self._to_bot.put_nowait(json.dumps(frame).encode())

    async def _deliver(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "websocket.send":
            self._to_bot.put_nowait(message["text"].encode())
        elif not self.accepted.done():
            self.accepted.set_result(message["type"] == "websocket.accept")

    def _over(self, _serving: object) -> None:
        if not self.accepted.done():
            self.accepted.set_result(False)
        self._to_bot.put_nowait(None)


@dataclass
class Sockets:
    """Dials. down: nothing can be reached."""

    hub: Hub
    down: bool = False
    made: list[PaperSocket] = field(default_factory=list)

    async def __call__(self, url: str) -> PaperSocket:
        if self.down:
            raise ConnectionRefusedError("nobody answers")
        socket = PaperSocket(self.hub, url)
        self.made = [one for one in self.made if not one.serving.done()] + [socket]
        if not await socket.accepted:
            raise ConnectionRefusedError("refused")
        return socket

    async def beat(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """The exchange tells what is new, for ever."""
        while True:
            self.hub.pulse()
            await sleep(PULSE_S)
