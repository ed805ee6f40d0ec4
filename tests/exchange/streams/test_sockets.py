"""How a connection is made, what its troubles are called, and what never leaves this machine or reaches a log."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.frames import Close

from marginbot.errors import ExchangeError, NotSent, RateLimited, ReadFailed, RequestRejected
from marginbot.exchange.streams.sockets import TROUBLE, dial, fault_of
from tests.exchange.streams.stage import PATIENCE_S

NOW_MS = 1_000_000


@asynccontextmanager
async def answering(text: str) -> AsyncIterator[str]:
    """The address of a server that answers every handshake with this."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text.replace("\n", "\r\n").encode())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def the_fault(url: str) -> ExchangeError:
    with pytest.raises(TROUBLE) as caught:
        await dial(url)
    return fault_of(caught.value, lambda: NOW_MS)


@pytest.mark.parametrize(
    ("status", "headers", "kind", "until_ms"),
    [
        ("403 Forbidden", "", RequestRejected, None),
        ("429 Too Many Requests", "Retry-After: 7\n", RateLimited, NOW_MS + 7_000),
        ("418 I'm a teapot", "", RateLimited, NOW_MS + 60_000),
        ("503 Service Unavailable", "", RequestRejected, None),
    ],
)
async def test_a_handshake_that_is_refused_says_how(status, headers, kind, until_ms):
    async with answering(f"HTTP/1.1 {status}\n{headers}Content-Length: 0\n\n") as url:
        fault = await the_fault(url)
    assert isinstance(fault, kind)
    assert status[:3] in str(fault)
    assert getattr(fault, "until_ms", None) == until_ms


async def test_a_redirect_is_not_followed():
    async def never(connection: object) -> None:
        raise AssertionError("followed")

    async with serve(never, "127.0.0.1", 0) as elsewhere:
        there = f"ws://127.0.0.1:{next(iter(elsewhere.sockets)).getsockname()[1]}"
        async with answering(f"HTTP/1.1 302 Found\nLocation: {there}\nContent-Length: 0\n\n") as url:
            with pytest.raises(InvalidStatus, match="302"):
                await dial(url)


async def test_what_is_no_server_of_sockets_is_a_trouble():
    async with answering("SSH-2.0-server\n") as url:
        assert isinstance(await the_fault(url), NotSent)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        assert str(await the_fault(f"ws://127.0.0.1:{nobody.getsockname()[1]}")) == (
            "the stream could not be reached (ConnectionRefusedError)"
        )


def test_each_way_to_end_has_a_sentence():
    untrusted = ssl.SSLCertVerificationError()
    untrusted.verify_message = "certificate has expired"
    for error, kind, says in (
        (ConnectionClosedError(None, None), ReadFailed, "ended without a word"),
        (ConnectionClosedError(Close(1008, "Too many requests"), None), ReadFailed, "ended with code 1008 Too many requests"),
        (TimeoutError(), NotSent, "no answer in time"),
        (untrusted, NotSent, "not to be trusted (certificate has expired)"),
    ):
        fault = fault_of(error, lambda: NOW_MS)
        assert isinstance(fault, kind)
        assert says in str(fault)


async def test_no_frame_reaches_a_log_at_any_level(caplog):
    heard: asyncio.Queue[str | bytes] = asyncio.Queue()

    async def listen(connection: object) -> None:
        async for message in connection:  # type: ignore[attr-defined]
            heard.put_nowait(message)

    async with serve(listen, "127.0.0.1", 0, logger=logging.getLogger("quiet")) as server:
        with caplog.at_level(logging.DEBUG):
            connection = await dial(f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}")
            await connection.send('{"listenToken": "my-own-token"}')
            async with asyncio.timeout(PATIENCE_S):
                await heard.get()
            await connection.close()
    assert [record for record in caplog.records if record.name == "websockets.client"] == []
