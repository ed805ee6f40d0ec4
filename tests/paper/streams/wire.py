"""Connections to an exchange in this process: the ASGI interface itself, a clock moved by hand, and no waiting."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from marginbot.paper.app import App
from marginbot.paper.embedded import fresh_exchange
from tests.paper.shell import Wall, a_request, a_signed_request, read

SECOND = 1000


class Stage:
    """One exchange with its streams; nothing happens between two calls."""

    def __init__(self, scenario: str = "long", wall: Wall | None = None) -> None:
        self.wall = wall or Wall()
        self.exchange = fresh_exchange(self.wall, scenario)
        self.app = App(self.exchange, pulse_s=None)

    def after(self, ms: int) -> None:
        self.wall.now_ms += ms
        self.app.streams.pulse()

    def call(self, method: str, path: str, **params: object) -> Any:
        answer = read(self.exchange.handle(a_signed_request(method, path, at=self.wall.now_ms, **params)))
        self.app.streams.pulse()
        return answer

    def token(self, **params: object) -> str:
        query = "&".join(f"{name}={value}" for name, value in params.items())
        return str(read(self.exchange.handle(a_request("POST", "/sapi/v1/userListenToken", query)))["token"])

    async def control(self, path: str, **body: object) -> int:
        """The status of a POST under /paper/."""
        sent: list[Any] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": json.dumps(body).encode()}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": [], "client": ("127.0.0.1", 1)}
        await self.app(scope, receive, send)
        return int(sent[0]["status"])

    @asynccontextmanager
    async def connected(self, path: str, query: str = "") -> AsyncIterator[Wire]:
        wire = Wire()
        scope = {"type": "websocket", "path": path, "query_string": query.encode(), "client": ("127.0.0.1", 1)}
        task = asyncio.create_task(self.app(scope, wire.incoming.get, wire.outgoing.put))
        await wire.incoming.put({"type": "websocket.connect"})
        assert (await wire.message())["type"] == "websocket.accept"
        try:
            yield wire
        finally:
            await wire.incoming.put({"type": "websocket.disconnect", "code": 1000})
            await task


class Wire:
    """The client's end of a connection."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[Any] = asyncio.Queue()
        self.outgoing: asyncio.Queue[Any] = asyncio.Queue()

    async def message(self) -> Any:
        async with asyncio.timeout(2):
            return await self.outgoing.get()

    async def frame(self) -> Any:
        message = await self.message()
        assert message["type"] == "websocket.send", message
        return json.loads(message["text"])

    async def frames(self) -> list[Any]:
        """All that has been sent by now."""
        for _ in range(20):
            await asyncio.sleep(0)
        return [json.loads(self.outgoing.get_nowait()["text"]) for _ in range(self.outgoing.qsize())]

    async def say(self, *texts: object) -> None:
        for text in texts:
            await self.incoming.put({"type": "websocket.receive", "text": text if isinstance(text, str) else json.dumps(text)})

    async def ask(self, method: str, params: object = None, id: object = 1) -> Any:
        await self.say({"method": method, "id": id} | ({} if params is None else {"params": params}))
        return await self.frame()
