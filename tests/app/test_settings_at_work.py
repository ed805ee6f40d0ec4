"""Settings at work: each is set as its owner would, and what marginbot then does is another thing than without it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from marginbot.app import App, open_app
from marginbot.app.guard import open_guard
from marginbot.app.outside import Outside, notifiers_of
from marginbot.engine.alerts.alerts import PART as ALERTS
from marginbot.engine.clock import SystemClock
from marginbot.engine.daemon.daemon import Daemon
from marginbot.engine.daemon.watch import LOOKS
from marginbot.errors import RateLimited, ReadFailed, RequestRejected
from marginbot.paper.embedded import fresh_exchange
from marginbot.paper.keys import PAPER_API_KEY, PAPER_API_SECRET
from marginbot.paper.transport import FaultTransport
from tests.empty_folder import emptied
from tests.empty_folder import typed_settings as settings
from tests.no_tls import NO_TLS
from tests.outlets.hook import a_hook
from tests.virtual_time import VirtualClock, in_virtual_time

ADDRESS = "http://127.0.0.1:18080"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return emptied(tmp_path, monkeypatch)


LIVE = {
    "venue": "live",
    "exchange__rest_url": ADDRESS,
    "exchange__api_key": PAPER_API_KEY,
    "exchange__api_secret": PAPER_API_SECRET,
}


@asynccontextmanager
async def live(
    asked: list[httpx.URL] | None = None, *, stays: bool = False, latency_ms: int = 0, **typed: str
) -> AsyncIterator[App]:
    """The live venue, whose network is the testnet in this process. asked: every address is added to it."""
    clock = VirtualClock()
    paper = FaultTransport(fresh_exchange(clock.now_ms), sleep=clock.sleep, latency_ms=latency_ms)
    if asked is not None:
        paper.before = lambda request: asked.append(request.url)
    async with open_app(settings(**LIVE | typed), clock=clock, stays=stays, tap=lambda _network: paper) as app:
        yield app


@in_virtual_time
async def test_requests_go_to_the_rest_url():
    asked: list[httpx.URL] = []
    async with live(asked) as app:
        await app.status()
    assert {f"{url.scheme}://{url.host}:{url.port}" for url in asked} == {ADDRESS}


@pytest.mark.parametrize(("wrong", "code"), [("api_key", -2015), ("api_secret", -1022)])
@in_virtual_time
async def test_requests_carry_the_api_key_and_are_signed_with_the_api_secret(wrong, code):
    async with live() as app:
        assert (await app.exchange.key_rights()).reading
    async with live(**{f"exchange__{wrong}": "another"}) as app:
        with pytest.raises(RequestRejected) as refused:
            await app.exchange.key_rights()
        assert refused.value.code == code


@in_virtual_time
async def test_a_request_is_given_up_after_the_timeout():
    async with live(latency_ms=60_000, exchange__timeout="3") as app:
        began = asyncio.get_running_loop().time()
        with pytest.raises(ReadFailed):
            await app.exchange.server_time_ms()
        assert asyncio.get_running_loop().time() - began == 3


@pytest.mark.parametrize(("reserve", "free"), [("0", True), ("90", False)])
@in_virtual_time
async def test_polling_leaves_as_much_of_a_budget_as_reserve_pct_says(reserve, free):
    """12,000 a minute for this address; the schedule costs 100."""
    async with live(exchange__reserve_pct=reserve) as app:
        for _ in range(12):
            await app.exchange.delistings()
        with app.exchange.polling():
            if free:
                await app.exchange.delistings()
            else:
                with pytest.raises(RateLimited):
                    await app.exchange.delistings()
        await app.exchange.delistings()


@in_virtual_time
async def test_streams_are_heard_at_stream_url_and_ws_api_url_and_not_at_all_when_they_are_off():
    async with live(stays=True, exchange__stream_url="ws://127.0.0.1:1", exchange__ws_api_url="ws://127.0.0.1:2/ws") as app:
        assert app.streams is not None
        assert (app.streams.market, app.streams.account) == ("ws://127.0.0.1:1", "ws://127.0.0.1:2/ws")
        async with open_guard(app, lambda *_: None) as daemon:
            assert {"the market stream", "the user streams"} <= daemon.beside.keys()
    off = {"exchange__stream_url": "off", "exchange__ws_api_url": "off"}
    async with live(stays=True, **off) as app, open_guard(app, lambda *_: None) as daemon:
        assert not {"the market stream", "the user streams"} & daemon.beside.keys()


@in_virtual_time
async def test_the_day_a_key_expires_is_known_to_the_checkup_and_to_the_daemon():
    tomorrow = (VirtualClock().now() + timedelta(hours=5)).isoformat()
    async with live(exchange__key_expires=tomorrow) as app:
        found = {finding.check: finding.found async for finding in app.checkup().findings()}
        assert "in 5 h" in found["key expiry"]
        async with open_guard(app, lambda *_: None) as daemon:
            await daemon.beside["the chores"]()
            assert "this API key expires" in daemon.health.troubles()["key rights"]


@asynccontextmanager
async def outside(**typed: str) -> AsyncIterator[tuple[Daemon, asyncio.Event]]:
    """A daemon beside which everything runs that tells the outside, by the clock of the wall."""
    stop, clock = asyncio.Event(), SystemClock()
    network = FaultTransport(fresh_exchange(lambda: int(clock.now().timestamp() * 1000)))
    async with open_app(settings(**LIVE | typed), tap=lambda _network: network) as app:
        joined = Outside(app.settings, notifiers_of(app.settings), systemd=None)
        async with open_guard(app, joined.hear) as daemon:
            joined.join(daemon, stop)
            yield daemon, stop


async def test_metrics_are_served_where_listen_says_and_nowhere_when_it_is_off():
    async with outside(metrics__listen="off") as (daemon, _):
        assert "the metrics" not in daemon.beside
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with outside(metrics__listen=f"127.0.0.1:{port}") as (daemon, stop), asyncio.timeout(10):
        serving = asyncio.create_task(daemon.beside["the metrics"]())
        assert "marginbot_" in await _page(f"http://127.0.0.1:{port}/metrics")
        stop.set()
        await serving


async def test_the_heartbeat_is_sent_to_its_url_and_nowhere_without_one():
    async with outside() as (daemon, _):
        assert "the heartbeat" not in daemon.beside
    asked = asyncio.get_running_loop().create_future()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set_result(await reader.readline())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as service, asyncio.timeout(10):
        port = service.sockets[0].getsockname()[1]
        async with outside(heartbeat__url=f"http://127.0.0.1:{port}/ping/1") as (daemon, stop):
            daemon.health.well(LOOKS)
            beating = asyncio.create_task(daemon.beside["the heartbeat"]())
            assert await asked == b"GET /ping/1 HTTP/1.1\r\n"
            stop.set()
            await beating


async def test_messages_go_to_the_notify_urls():
    with a_hook() as hook:
        async with outside(notify__urls=f"json://127.0.0.1:{hook.port}/alarms") as (daemon, stop), asyncio.timeout(10):
            stop.set()  # the beginning and the end are told all the same
            await daemon.beside[ALERTS]()
        assert hook.got[0][0] == "/alarms"


async def _page(url: str) -> str:
    await asyncio.sleep(0)  # the first turn of the server takes its port; from then on a question waits for the answer
    async with httpx.AsyncClient(verify=NO_TLS, trust_env=False) as client:
        return (await client.get(url)).text
