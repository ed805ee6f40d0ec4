"""Requests leave one by one where the transport tells when one is written; none waits for the answer to another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from marginbot.errors import NotSent, OutcomeUnknown
from marginbot.exchange.messages import Call
from marginbot.exchange.sender import Sender
from marginbot.exchange.server_clock import ServerClock
from tests.virtual_time import VirtualClock, in_virtual_time

WRITTEN, CONNECTING = "http11.send_request_body.complete", "connection.connect_tcp.started"
HEADERS = "http11.send_request_headers.started"


class Body(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"{}"


class Wire(httpx.AsyncBaseTransport):
    """Writes a request in a second and is answered ten later. plan: what it tells, and after how many seconds each."""

    def __init__(self, plan: Callable[[str], list[tuple[float, str]]]) -> None:
        self.plan = plan
        self.at: list[tuple[float, str, str]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        loop, trace = asyncio.get_running_loop(), request.extensions["trace"]
        self.at.append((loop.time(), request.url.path, "built"))
        for seconds, event in self.plan(request.url.path):
            await asyncio.sleep(seconds)
            await trace(event, {})
            self.at.append((loop.time(), request.url.path, event))
        await asyncio.sleep(10)
        return httpx.Response(200, stream=Body())

    def when(self, what: str) -> dict[str, float]:
        return {path: at for at, path, event in self.at if event == what}


def sender(wire: Wire, timeout: float = 60.0, *, one_by_one: bool = True) -> Sender:
    clock = VirtualClock()
    return Sender(
        rest_url="https://exchange.example",
        api_key=None,
        signer=None,
        clock=clock,
        server=ServerClock(clock),
        transport=wire,
        timeout=timeout,
        one_by_one=one_by_one,
    )


def read(path: str) -> Call:
    return Call("GET", path, {}, False)


def written_in_a_second(_path: str) -> list[tuple[float, str]]:
    return [(0, HEADERS), (1, WRITTEN)]


@in_virtual_time
async def test_the_second_is_built_when_the_first_is_written_and_does_not_wait_for_its_answer():
    wire = Wire(written_in_a_second)
    began = asyncio.get_running_loop().time()
    one = sender(wire)
    await asyncio.gather(*(one.send(read(path), 5000) for path in ("/a", "/b", "/c")))
    assert {path: at - began for path, at in wire.when("built").items()} == {"/a": 0, "/b": 1, "/c": 2}
    assert asyncio.get_running_loop().time() - began == 2 + 1 + 10


@in_virtual_time
async def test_one_whose_connection_is_being_made_holds_nobody_up():
    wire = Wire(lambda path: [(0, CONNECTING), (5, HEADERS), (1, WRITTEN)] if path == "/a" else [(0, HEADERS), (1, WRITTEN)])
    began = asyncio.get_running_loop().time()
    one = sender(wire)
    await asyncio.gather(*(one.send(read(path), 5000) for path in ("/a", "/b")))
    assert {path: at - began for path, at in wire.when(WRITTEN).items()} == {"/a": 6, "/b": 1}


@in_virtual_time
async def test_a_write_whose_time_is_over_before_its_turn_was_not_sent_and_one_that_was_begun_may_have_been():
    wire = Wire(lambda _path: [(0, HEADERS), (30, WRITTEN)])
    one = sender(wire, timeout=5)
    first, second = await asyncio.gather(
        one.send(Call("POST", "/a", {}, False), 5000), one.send(Call("POST", "/b", {}, False), 5000), return_exceptions=True
    )
    assert (type(first), type(second)) == (OutcomeUnknown, NotSent)
    assert list(wire.when("built")) == ["/a"]


@pytest.mark.parametrize("ends", ["cancelled", "refused"])
@in_virtual_time
async def test_whatever_ends_a_request_the_next_one_has_its_turn(ends: str):
    def plan(path: str) -> list[tuple[float, str]]:
        if path == "/a" and ends == "refused":
            raise httpx.ConnectError("refused")
        return [(0, HEADERS), (1, WRITTEN)]

    one = sender(Wire(plan))
    first = asyncio.create_task(one.send(read("/a"), 5000))
    waits = asyncio.create_task(one.send(read("/b"), 5000))
    await asyncio.sleep(0.5)
    if ends == "cancelled":
        first.cancel()
    last = asyncio.create_task(one.send(read("/c"), 5000))
    waits.cancel()
    await asyncio.gather(first, waits, return_exceptions=True)
    assert (await last).body == b"{}"


@in_virtual_time
async def test_where_the_transport_tells_nothing_requests_leave_side_by_side():
    wire = Wire(lambda _path: [])
    began = asyncio.get_running_loop().time()
    one = sender(wire, one_by_one=False)
    await asyncio.gather(*(one.send(read(path), 5000) for path in ("/a", "/b")))
    assert asyncio.get_running_loop().time() - began == 10
