"""`marginbot run --act-now` as it is, with a stopwatch held against the libraries below it: RECORD-FILE, written when it ends.

The record has one list a moment: [ns, ns of this process alone, what, method, path, symbol]; what is "tick" (the socket gave up a
marked tick), "sent" (the head of a request was written) or "read" (the last byte of its answer was).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
from websockets.asyncio.client import ClientConnection

from marginbot.cli.main import main
from tests.bench.paced import MARKED

Trace = Callable[[str, Any], Awaitable[None]]
MOMENTS = {"http11.send_request_headers.complete": "sent", "http11.receive_response_body.complete": "read"}
moments: list[tuple[int, int, str, str, str, bytes]] = []
hear, send = ClientConnection.data_received, httpx.AsyncHTTPTransport.handle_async_request


def note(what: str, method: str = "", path: str = "", words: bytes = b"") -> None:
    moments.append((time.perf_counter_ns(), time.process_time_ns(), what, method, path, words))


def data_received(connection: ClientConnection, data: bytes) -> None:
    if MARKED in data:
        note("tick")
    hear(connection, data)


async def handle(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
    trace: Trace = request.extensions["trace"]
    place = request.method, request.url.path, request.url.query or request.content

    async def timed(name: str, info: Any) -> None:
        if name in MOMENTS:
            note(MOMENTS[name], *place)
        await trace(name, info)

    request.extensions["trace"] = timed
    return await send(transport, request)


if __name__ == "__main__":
    ClientConnection.data_received = data_received  # type: ignore[method-assign]
    httpx.AsyncHTTPTransport.handle_async_request = handle  # type: ignore[method-assign]
    code = main(["run", "--act-now"])
    # Read now: whose request it was is told by its words, and while the watch runs that would be our own doing too.
    told = [(*moment, parse_qs(words.decode()).get("symbol", [""])[0]) for *moment, words in moments]
    Path(sys.argv[1]).write_text(json.dumps(told))
    sys.exit(code)
