"""Requests that never come to an end: the connection is closed when patience is over, and only then."""

from __future__ import annotations

import asyncio

import pytest

from marginbot.paper.server import serving
from tests.paper.shell import REPAY, TIME, an_exchange

GET = f"GET {TIME} HTTP/1.1\r\nHost: paper\r\n".encode()
POST = f"POST {REPAY} HTTP/1.1\r\nHost: paper\r\nContent-Length: 20\r\n\r\n".encode()
CHUNKED = f"POST {REPAY} HTTP/1.1\r\nHost: paper\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nasset\r\n".encode()


async def rest_of(ready, *pieces: bytes) -> bytes:
    """Everything the server says until it closes the connection."""
    host, port = ready["rest_url"].removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        async with asyncio.timeout(5):
            return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("begun", "status"), [(b"", b""), (b"\r\n\r\n", b""), (b"GET /ap", b"408"), (GET, b"408"), (POST, b"408"), (CHUNKED, b"408")]
)
async def test_a_request_that_does_not_arrive_is_given_up(begun: bytes, status: bytes):
    exchange = an_exchange()
    async with serving(exchange, patience_s=0.05) as ready:
        told = await rest_of(ready, begun)
        assert told[9:12] == status
        assert list(exchange.log) == []


async def test_patience_counts_for_the_next_request_on_a_connection_too():
    async with serving(an_exchange(), patience_s=0.05) as ready:
        told = await rest_of(ready, GET + b"\r\n", GET)
        assert told.startswith(b"HTTP/1.1 200 OK")
        assert b"HTTP/1.1 408" in told


async def test_an_answer_that_takes_longer_than_patience_is_waited_for():
    exchange = an_exchange()
    async with serving(exchange, patience_s=0.05, latency_ms=150) as ready:
        told = await rest_of(ready, GET + b"Connection: close\r\n\r\n")
        assert told.startswith(b"HTTP/1.1 200 OK")
