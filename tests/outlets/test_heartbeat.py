"""The heartbeat: once a minute while looks succeed, silent when they do not; a failure is told without the address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from marginbot.outlets.heartbeat import Heartbeat
from tests.virtual_time import VirtualClock, in_virtual_time

URL = "https://hc.example/hunter2-uuid"


@dataclass
class Service:
    """Notes when it was asked, and what was said about it."""

    answer: Callable[[], httpx.Response] = lambda: httpx.Response(200)
    alive: bool = True
    asked_at: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def handle(self, request: httpx.Request) -> httpx.Response:
        assert (request.method, str(request.url)) == ("GET", URL)
        self.asked_at.append(asyncio.get_running_loop().time())
        return self.answer()


@asynccontextmanager
async def beating(service: Service) -> AsyncIterator[None]:
    stop = asyncio.Event()
    heartbeat = Heartbeat(
        URL,
        VirtualClock(),
        lambda: service.alive,
        lambda: service.said.append("well"),
        service.said.append,
        httpx.MockTransport(service.handle),
    )
    running = asyncio.create_task(heartbeat.run(stop))
    yield
    stop.set()
    await running


@in_virtual_time
async def test_it_beats_at_once_and_then_every_minute():
    service = Service()
    async with beating(service):
        await asyncio.sleep(185)
    assert service.asked_at == [0, 60, 120, 180]
    assert set(service.said) == {"well"}


@in_virtual_time
async def test_it_is_silent_while_looks_fail_and_beats_again_soon_after():
    service = Service(alive=False)
    async with beating(service):
        await asyncio.sleep(301)
        assert service.asked_at == []
        service.alive = True
        await asyncio.sleep(10)
        assert service.asked_at == [305]


@in_virtual_time
async def test_a_service_that_fails_is_a_trouble_and_is_asked_again_after_a_minute():
    def broken() -> httpx.Response:
        raise httpx.ConnectError(f"cannot connect to {URL}")

    service = Service(answer=lambda: httpx.Response(302, headers={"Location": "https://elsewhere"}))
    async with beating(service):
        await asyncio.sleep(30)
        service.answer = lambda: httpx.Response(404)
        await asyncio.sleep(60)
        service.answer = broken
        await asyncio.sleep(60)
    assert service.said == [
        "the service answered with HTTP 302", "the service answered with HTTP 404",
        "the service could not be reached (ConnectError)",
    ]  # fmt: skip
