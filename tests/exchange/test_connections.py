"""The connections below the adapter, over a loopback socket."""

from __future__ import annotations

import asyncio

import httpx

from marginbot.exchange.connections import Transport

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


async def ask(transport: Transport, url: str) -> httpx.Response:
    response = await transport.handle_async_request(httpx.Request("GET", url))
    await response.aread()
    await response.aclose()
    return response


async def test_an_idle_connection_is_used_again_until_the_other_side_has_closed_it():
    opened: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(writer)
        while await reader.readline():
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    transport = Transport()
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        await ask(transport, url)
        await ask(transport, url)
        assert len(opened) == 1
        opened[0].close()
        await opened[0].wait_closed()
        assert (await ask(transport, url)).status_code == 200
        assert len(opened) == 2
        await transport.aclose()
        await opened[1].wait_closed()
