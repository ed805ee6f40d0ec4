"""Too many attempts to connect: counted for each of the two servers, refused at the handshake."""

from __future__ import annotations

import json
import time

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from marginbot.paper.app import App
from marginbot.paper.embedded import fresh_exchange
from marginbot.paper.exchange import Switches
from marginbot.paper.server import serving
from marginbot.paper.weights import Limits
from tests.paper.books.builders import EIGHT

ONE = Switches(limits=Limits(connections=1))


async def test_one_attempt_too_many_is_answered_429_with_the_time_to_wait():
    exchange = fresh_exchange(lambda: time.time_ns() // 1_000_000, "long", switches=ONE)
    async with serving(exchange) as ready, connect(f"{ready['stream_url']}/ws"):
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{ready['stream_url']}/stream?streams=btcusdt@bookTicker")
        answer = refused.value.response
        assert (answer.status_code, json.loads(answer.body or b"")["code"]) == (429, -1003)
        assert 0 < int(answer.headers["retry-after"]) <= 300
        async with connect(ready["ws_api_url"]) as other:
            await other.send('{"id": 1, "method": "time"}')
            assert json.loads(await other.recv())["status"] == 200


async def test_a_server_that_knows_no_other_refusal_closes():
    app = App(fresh_exchange(lambda: EIGHT, "long", switches=ONE), pulse_s=None)
    app.exchange.weights.count_connection("127.0.0.1", "/stream", EIGHT)
    sent = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    await app({"type": "websocket", "path": "/ws", "query_string": b"", "client": ("127.0.0.1", 1)}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]
