"""/metrics and /healthz over loopback: what machines read, who may read it, and when it is red."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from marginbot.domain.message import Reading
from marginbot.errors import MarginbotError
from marginbot.outlets.server import Page, serve
from tests.no_tls import NO_TLS


@dataclass
class Shown:
    """What the pages show."""

    readings: list[Reading] = field(default_factory=list)
    troubles: dict[str, str] = field(default_factory=dict)

    @property
    def page(self) -> Page:
        return Page(lambda: self.readings, lambda: self.troubles, lambda text: text.replace("hunter2", "[hidden]"))


@asynccontextmanager
async def a_server(shown: Shown, host: str = "127.0.0.1") -> AsyncIterator[httpx.AsyncClient]:
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(shown.page, host, 0, stop, ready.set_result))
    try:
        async with asyncio.timeout(10):
            port = await ready
            shown_host = f"[{host}]" if ":" in host else host
            async with httpx.AsyncClient(base_url=f"http://{shown_host}:{port}", verify=NO_TLS, trust_env=False) as client:
                yield client
    finally:
        stop.set()
        async with asyncio.timeout(5):
            await serving


async def test_readings_are_grouped_by_name_with_their_labels():
    shown = Shown(
        [
            Reading("margin_level", "Level.", 1.25, {"symbol": "BTCUSDT"}),
            Reading("looks", "Looks.", 3, counts=True),
            Reading("margin_level", "Level.", 1.5, {"symbol": "ETHUSDT"}),
        ]
    )
    async with a_server(shown) as client:
        answer = await client.get("/metrics")
    lines = answer.text.splitlines()
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'marginbot_margin_level{symbol="BTCUSDT"} 1.25' in lines
    assert 'marginbot_margin_level{symbol="ETHUSDT"} 1.5' in lines
    assert lines.count("# TYPE marginbot_margin_level gauge") == 1
    assert "marginbot_looks_total 3.0" in lines
    assert any(line.startswith("process_resident_memory_bytes ") for line in lines)


async def test_healthz_is_red_while_anything_is_wrong_and_says_what_without_secrets():
    shown = Shown()
    async with a_server(shown) as client:
        well = await client.get("/healthz")
        assert (well.status_code, well.json()) == (200, {"ok": True, "troubles": {}})
        shown.troubles["looks"] = "refused with hunter2"
        ill = await client.get("/healthz")
        assert (ill.status_code, ill.json()) == (503, {"ok": False, "troubles": {"looks": "refused with [hidden]"}})


async def test_on_loopback_a_name_of_somebody_else_is_refused():
    async with a_server(Shown()) as client:
        assert (await client.get("/healthz", headers={"Host": "evil.example"})).status_code == 400
        for name in ("localhost:9464", "127.0.0.1", "[::1]:9464"):
            assert (await client.get("/healthz", headers={"Host": name})).status_code == 200
        assert (await client.get("/")).status_code == 404
        assert (await client.post("/metrics")).status_code == 405


async def test_an_address_that_is_taken_is_told_with_the_setting():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(MarginbotError, match=rf"127.0.0.1:{port} .*MARGINBOT_METRICS__LISTEN"):
            await serve(Shown().page, "127.0.0.1", port, asyncio.Event())


async def test_a_defect_in_a_reading_fails_that_request_alone():
    def broken() -> list[Reading]:
        raise KeyError("no such pair")

    shown = Shown()
    page = Page(broken, lambda: shown.troubles, str)
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(page, "127.0.0.1", 0, stop, ready.set_result))
    async with (
        asyncio.timeout(10),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{await ready}", verify=NO_TLS, trust_env=False) as client,
    ):
        assert (await client.get("/metrics")).status_code == 500
        assert (await client.get("/healthz")).status_code == 200
        stop.set()
        await serving
