"""Streams over real sockets, with a client library of other people."""

from __future__ import annotations

import asyncio
import json
import time

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from marginbot.paper.embedded import fresh_exchange
from marginbot.paper.keys import PAPER_API_KEY
from marginbot.paper.server import PING_EVERY_S, PONG_WITHIN_S, _config, serving
from tests.no_tls import NO_TLS
from tests.paper.shell import a_signed_request


def exchange():
    return fresh_exchange(lambda: time.time_ns() // 1_000_000, "long")


def post(client, url, **params):
    """Signed as any client would, sent over the socket."""
    request = a_signed_request("POST", "", at=time.time_ns() // 1_000_000, **params)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return client.post(url, content=request.body, headers=headers)


async def heard(socket):
    async with asyncio.timeout(5):
        return json.loads(await socket.recv())


async def test_a_fill_reaches_both_kinds_of_stream_over_sockets():
    headers = {"X-MBX-APIKEY": PAPER_API_KEY}
    async with serving(exchange()) as ready, httpx.AsyncClient(verify=NO_TLS, trust_env=False, headers=headers) as client:
        rest, query = ready["rest_url"], "isIsolated=true&symbol=BTCUSDT"
        token = (await client.post(f"{rest}/sapi/v1/userListenToken?{query}")).json()["token"]
        async with connect(ready["ws_api_url"]) as account, connect(f"{ready['stream_url']}/ws/btcusdt@aggTrade") as tape:
            wanted = {"id": 1, "method": "userDataStream.subscribe.listenToken", "params": {"listenToken": token}}
            await account.send(json.dumps(wanted))
            assert (await heard(account))["status"] == 200
            order = {"symbol": "BTCUSDT", "isIsolated": "TRUE", "side": "SELL", "type": "MARKET", "quantity": "0.01"}
            answer = (await post(client, f"{rest}/sapi/v1/margin/order", **order)).json()
            events = [await heard(account) for _ in range(3)]
            assert [event["event"]["e"] for event in events] == ["executionReport", "executionReport", "outboundAccountPosition"]
            assert events[1]["event"]["i"] == answer["orderId"]
            assert (await heard(tape))["q"] == "0.01"
            async with asyncio.timeout(5):
                await (await account.ping(b"mine"))


async def test_prices_reach_a_socket_without_any_request():
    shop = exchange()
    async with serving(shop) as ready, connect(f"{ready['stream_url']}/stream?streams=btcusdt@bookTicker") as socket:
        assert (await heard(socket))["data"]["b"] == "99990"
        shop.world.set_price("BTCUSDT", "90000")
        assert (await heard(socket))["data"]["b"] == "89991"


async def test_a_server_that_ends_says_so_to_everybody_and_does_not_wait_for_them():
    async with serving(exchange()) as ready:
        socket = await connect(f"{ready['stream_url']}/ws")
        account = await connect(ready["ws_api_url"])
        started = time.monotonic()
    assert time.monotonic() - started < 2
    assert (await heard(socket))["e"] == "serverShutdown"
    assert (await heard(account))["event"]["e"] == "serverShutdown"
    with pytest.raises(ConnectionClosed) as closed:
        await heard(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012


async def test_a_dropped_connection_ends_without_a_closing_word():
    async with serving(exchange()) as ready, httpx.AsyncClient(verify=NO_TLS, trust_env=False) as client:
        async with connect(f"{ready['stream_url']}/ws") as socket:
            assert (await client.post(f"{ready['rest_url']}/paper/streams", json={"do": "drop"})).status_code == 200
            with pytest.raises(ConnectionClosed) as closed:
                await heard(socket)
        assert closed.value.rcvd is None


async def test_an_address_without_streams_is_refused():
    async with serving(exchange()) as ready:
        with pytest.raises(InvalidStatus, match="403"):
            await connect(f"{ready['stream_url']}/nowhere")


def test_the_server_pings_every_20_seconds_and_waits_a_minute():
    config = _config(None)  # type: ignore[arg-type]
    assert (config.ws_ping_interval, config.ws_ping_timeout) == (PING_EVERY_S, PONG_WITHIN_S) == (20, 60)
