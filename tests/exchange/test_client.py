"""The bytes on the wire, and what of the library is left switched off."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from decimal import Decimal as D

import httpx
import pytest
import respx

from marginbot.errors import ConfigError, ExchangeError, NotSent, OutcomeUnknown, PlanRefused, ReadFailed, RequestRejected
from marginbot.exchange.client import BinanceClient
from marginbot.exchange.library import AsyncClient
from tests.exchange.conftest import API_KEY, BASE, NOW_MS, SECRET, an_exchange
from tests.exchange.wire_samples import an_order


class AwkwardSigner:
    """Signs with every character of base64 that a URL treats specially."""

    def sign(self, payload: bytes) -> str:
        return "a+b/c="


@pytest.mark.parametrize("venue_url", ["http://127.0.0.1:8080", "http://127.0.0.1:8080/"])
async def test_the_bytes_on_the_wire_are_the_bytes_that_were_signed(clock, venue_url):
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"amount": "1", "tranId": 1})

    async with an_exchange(
        clock, rest_url=venue_url, venue="paper", signer=AwkwardSigner(), transport=httpx.MockTransport(answer)
    ) as exchange:
        await exchange.max_transferable("币安人生USDT", "币,[安]")
        await exchange.repay("币安人生USDT", "币", D("1.5"))
    get, post = seen
    stamp = f"recvWindow=5000&timestamp={NOW_MS}&signature=a%2Bb%2Fc%3D"
    coin, pair = "%E5%B8%81", "%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT"
    assert get.url.raw_path.decode() == (
        f"/sapi/v1/margin/maxTransferable?asset={coin}%2C%5B%E5%AE%89%5D&isolatedSymbol={pair}&{stamp}"
    )
    assert post.content.decode() == f"asset={coin}&isIsolated=TRUE&symbol={pair}&amount=1.5&type=REPAY&{stamp}"
    assert post.url.raw_path == b"/sapi/v1/margin/borrow-repay"


async def test_a_redirect_is_not_followed_and_a_cookie_is_not_brought_back(exchange, binance):
    elsewhere = binance.route(url__startswith="https://elsewhere.example").respond(json={"tranId": 1})
    moved = {"Location": "https://elsewhere.example/", "Set-Cookie": "web=1"}
    loans = binance.post("/sapi/v1/margin/borrow-repay").respond(302, headers=moved)
    for _ in range(2):
        with pytest.raises(RequestRejected):
            await exchange.repay("BTCUSDT", "USDT", D(1))
    assert (loans.call_count, elsewhere.called) == (2, False)
    sent = loans.calls.last.request.headers
    assert set(sent) == {"host", "accept", "accept-encoding", "user-agent", "x-mbx-apikey", "content-type", "content-length"}
    assert sent["user-agent"].startswith("marginbot/")


@asynccontextmanager
async def serving(handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[str]:
    """A server on loopback, with every connection ended when it closes."""
    ends: list[asyncio.Future[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        end = asyncio.get_running_loop().create_future()
        ends.append(end)
        try:
            await handle(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            end.set_result(None)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    await asyncio.gather(*ends)


async def test_the_bytes_survive_a_real_socket(clock):
    lines = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(await reader.readuntil(b"\r\n"))
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"amount":"1"}')
        await writer.drain()

    async with serving(handle) as url, an_exchange(clock, rest_url=url, signer=AwkwardSigner()) as exchange:
        assert await exchange.max_transferable("币USDT", "USDT") == 1
    assert lines[0].decode("ascii") == (
        "GET /sapi/v1/margin/maxTransferable?asset=USDT&isolatedSymbol=%E5%B8%81USDT"
        f"&recvWindow=5000&timestamp={NOW_MS}&signature=a%2Bb%2Fc%3D HTTP/1.1\r\n"
    )


@pytest.mark.parametrize(("writes", "expected"), [(False, ReadFailed), (True, OutcomeUnknown)])
async def test_a_trickled_answer_is_bounded_as_a_whole(clock, writes, expected):
    release = asyncio.Event()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not release.is_set():
            writer.write(b" ")
            with suppress(TimeoutError):
                await asyncio.wait_for(release.wait(), 0.01)

    async with serving(trickle) as url, an_exchange(clock, rest_url=url, timeout=0.15) as exchange:
        began = asyncio.get_running_loop().time()
        with pytest.raises(expected):
            await (exchange.repay("BTCUSDT", "USDT", D(1)) if writes else exchange.server_time_ms())
        assert asyncio.get_running_loop().time() - began < 2
        release.set()


async def test_a_refused_connection_was_not_sent(clock):
    async def nobody(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise AssertionError("connected")

    async with serving(nobody) as url:
        pass
    async with an_exchange(clock, rest_url=url) as exchange:
        with pytest.raises(NotSent):
            await exchange.repay("BTCUSDT", "USDT", D(1))
        assert exchange.meter.requests == 0


async def test_a_server_that_hangs_up_on_a_write_leaves_it_unknown_and_it_is_sent_once(clock):
    connections = []

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(await reader.readuntil(b"\r\n\r\n"))

    async with serving(hang_up) as url, an_exchange(clock, rest_url=url) as exchange:
        with pytest.raises(OutcomeUnknown):
            await exchange.repay("BTCUSDT", "USDT", D(1))
    assert len(connections) == 1


async def test_a_timeout_before_the_connection_stands_means_not_sent(clock):
    class NeverConnects(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await request.extensions["trace"]("connection.connect_tcp.started", {})
            await asyncio.Event().wait()
            raise AssertionError

    async with an_exchange(clock, transport=NeverConnects(), timeout=0.01) as exchange:
        with pytest.raises(NotSent):
            await exchange.repay("BTCUSDT", "USDT", D(1))


async def test_a_dry_run_reads_and_refuses_to_write(clock, binance):
    binance.get("/api/v3/time").respond(json={"serverTime": NOW_MS})
    async with an_exchange(clock, dry_run=True) as exchange:
        assert await exchange.server_time_ms() == NOW_MS
        for write in (exchange.repay, exchange.sweep, exchange.top_up):
            with pytest.raises(PlanRefused, match="dry run"):
                await write("BTCUSDT", "USDT", D(1))
        with pytest.raises(PlanRefused):
            await exchange.cancel_orders("BTCUSDT")
        assert exchange.meter.requests == 1
    assert len(binance.calls) == 1


@pytest.mark.parametrize(("venue", "url"), [("paper", BASE), ("testnet", BASE), ("live", "https://testnet.binance.vision")])
async def test_a_venue_cannot_be_opened_on_a_foreign_host(clock, venue, url):
    with pytest.raises(ConfigError) as caught:
        async with an_exchange(clock, venue=venue, rest_url=url):
            pass
    assert caught.value.key == "exchange.rest_url"


async def test_the_testnet_serves_prices_but_a_margin_call_never_leaves_the_machine(clock):
    with respx.mock(assert_all_called=False) as router:
        router.get("https://testnet.binance.vision/api/v3/time").respond(json={"serverTime": NOW_MS})
        async with an_exchange(clock, venue="testnet", rest_url="https://testnet.binance.vision") as exchange:
            assert await exchange.server_time_ms() == NOW_MS
            with pytest.raises(ConfigError, match="/sapi"):
                await exchange.isolated_accounts()
            with pytest.raises(ConfigError, match="/sapi"):
                await exchange.repay("BTCUSDT", "USDT", D(1))
        assert len(router.calls) == 1


async def test_a_signed_call_without_a_key_is_a_setting_error(clock, binance):
    async with an_exchange(clock, api_key=None, signer=None) as exchange:
        with pytest.raises(ConfigError) as caught:
            await exchange.isolated_accounts()
    assert caught.value.key == "exchange.api_key"
    assert not binance.calls


@pytest.mark.parametrize("key", ["", "abc\n", "abc def", "ключ", "abc\r\nX-Other: 1"])
async def test_a_key_no_header_can_hold_is_refused_without_being_shown(clock, key):
    with pytest.raises(ConfigError) as caught:
        async with an_exchange(clock, api_key=key):
            pass
    assert caught.value.key == "exchange.api_key"
    assert not key or key not in str(caught.value)


async def test_nothing_of_the_library_reaches_another_host(exchange, binance):
    client = exchange._client
    assert isinstance(client, AsyncClient)
    assert client.session is None
    assert client.API_KEY is None
    assert client.API_SECRET is None
    for call in (client.futures_account, client.options_ping, client.get_products, client.papi_get_balance, client.ws_ping):
        with pytest.raises(ConfigError):
            await call()
    with pytest.raises(ConfigError):
        await BinanceClient.create()
    with pytest.raises(ConfigError):
        await client._request("get", "https://api.binance.com.evil.example/api/v3/time", False)
    with pytest.raises(TypeError):
        await client.get_order_book(symbol="BTCUSDT", limit=1.5)
    assert not binance.calls


SECRETS = (API_KEY, SECRET)


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(200, json=an_order()),
        httpx.Response(400, json={"code": -1022, "msg": f"Signature for this request is not valid. {API_KEY}"}),
        httpx.Response(403, html=f"<html><a href='https://x/y?timestamp=1&signature={'ab' * 32}'>blocked</a> {API_KEY}</html>"),
        httpx.Response(502, text=f"upstream https://api.binance.com/sapi/v1/margin/order?signature={'cd' * 32}"),
        httpx.Response(200, text=f"not json signature={'ef' * 32}"),
        httpx.ReadTimeout("timed out"),
        httpx.ConnectError("refused"),
    ],
)
async def test_no_log_and_no_error_shows_a_key_or_a_signature(exchange, binance, caplog, reply):
    for name in ("", "httpx", "httpcore", "binance", "marginbot"):
        caplog.set_level(logging.DEBUG, logger=name or None)
    mocked = {"side_effect": reply} if isinstance(reply, Exception) else {"return_value": reply}
    binance.route(url__startswith=BASE).mock(**mocked)
    shown = ""
    for call in (exchange.order_by_client_id("BTCUSDT", "mb-1"), exchange.repay("BTCUSDT", "USDT", D(1))):
        try:
            await call
        except ExchangeError as error:
            shown += "".join(traceback.format_exception(error)) + str(getattr(error, "text", "")) + repr(error)
    shown += caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    signatures = [str(call.request.url).partition("signature=")[2] for call in binance.calls]
    for secret in (*SECRETS, "ab" * 32, "cd" * 32, "ef" * 32, *filter(None, signatures)):
        assert secret not in shown
    assert "signature=" not in shown
