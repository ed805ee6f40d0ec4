"""Real sockets: a server in this loop, and one in a process of its own that is told to end."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from contextlib import closing

import httpx
import pytest

from marginbot.paper.embedded import exchange_of, fresh_exchange
from marginbot.paper.errors import PaperError
from marginbot.paper.keys import PAPER_API_KEY, PAPER_API_SECRET
from marginbot.paper.server import serving
from marginbot.paper.store import NOTE_FILE, live_server, open_world
from tests.no_tls import NO_TLS
from tests.paper.shell import NOW, REPAY, TIME, an_exchange, signed

SCRIPT = """
import json, sys, time
from pathlib import Path
from marginbot.paper.embedded import exchange_of
from marginbot.paper.server import serve
from marginbot.paper.store import open_world
clock = lambda: time.time_ns() // 1_000_000
with open_world(Path(sys.argv[1]), clock()) as opened:
    serve(exchange_of(opened.world, clock), lambda ready: print(json.dumps(ready), flush=True), opened=opened)
"""


def a_client(ready) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=ready["rest_url"], headers={"X-MBX-APIKEY": PAPER_API_KEY}, verify=NO_TLS, trust_env=False, timeout=5
    )


async def test_requests_over_a_socket_are_answered_and_losses_cut_the_connection():
    exchange = an_exchange()
    async with serving(exchange) as ready, a_client(ready) as client:
        assert ready["keys"] == [{"api_key": PAPER_API_KEY, "type": "HMAC"}]
        assert ready["api_secret"] == PAPER_API_SECRET
        assert (await client.get(TIME)).json() == {"serverTime": NOW}
        await client.post("/paper/faults", json=[{"kind": "disconnect", "path": REPAY}, {"kind": "read_timeout", "path": TIME}])
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post(f"{REPAY}?{signed(f'asset=USDT&timestamp={NOW}')}")
        assert len(exchange.world.done) == 1
        with pytest.raises(httpx.ReadTimeout):
            await client.get(TIME, timeout=0.1)
        assert (await client.get(TIME)).status_code == 200


async def test_answers_with_latency_do_not_wait_for_each_other():
    async with serving(an_exchange(), latency_ms=150) as ready, a_client(ready) as client:
        started = asyncio.get_running_loop().time()
        answers = await asyncio.gather(*(client.get(TIME) for _ in range(6)))
        took = asyncio.get_running_loop().time() - started
        assert {answer.status_code for answer in answers} == {200}
        assert 0.15 <= took < 0.8


@pytest.mark.filterwarnings("ignore:websockets:DeprecationWarning")
async def test_an_unpatched_client_library_reads_trades_and_transfers_by_its_base_url_alone():
    from binance.client import Client  # its import warns of what it imports itself

    def use(ready) -> tuple[str, str, int]:
        client = Client(ready["api_key"], ready["api_secret"], ping=False)
        client.API_URL, client.MARGIN_API_URL = f"{ready['rest_url']}/api", f"{ready['rest_url']}/sapi"
        # The library makes itself an event loop and leaves closing it to whoever uses it.
        with closing(client.loop), client.session:
            row = client.get_isolated_margin_account(symbols="BTCUSDT,ADAUSDT")["assets"][0]
            order = client.create_margin_order(symbol="BTCUSDT", isIsolated="TRUE", side="SELL", type="MARKET", quantity="0.01")
            moved = client.make_universal_transfer(type="MAIN_ISOLATED_MARGIN", asset="USDT", amount="1", toSymbol="ADAUSDT")
        return row["symbol"], order["status"], moved["tranId"]

    async with serving(fresh_exchange(lambda: time.time_ns() // 1_000_000)) as ready:
        symbol, status, transaction = await asyncio.to_thread(use, ready)
    assert (symbol, status, type(transaction)) == ("BTCUSDT", "FILLED", int)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104
async def test_beyond_loopback_nobody_listens_without_a_token(host):
    with pytest.raises(PaperError, match="only with a token"):
        async with serving(an_exchange(), host=host):
            pass


@pytest.mark.parametrize("host", ["example.com", "", "localhost.", "127.0.0.1:80", "*"])
async def test_a_host_is_an_address(host):
    with pytest.raises(PaperError, match="on an IP address such as"):
        async with serving(an_exchange(), host=host, token="t"):
            pass


async def test_beyond_loopback_the_pair_is_of_this_run_and_this_machine_finds_the_world_by_loopback(tmp_path):
    clock = lambda: time.time_ns() // 1_000_000  # noqa: E731
    with open_world(tmp_path, clock()) as opened:
        exchange = exchange_of(opened.world, clock)
        async with serving(exchange, opened=opened, host="0.0.0.0", token="t") as ready, a_client(ready) as client:  # noqa: S104
            assert ready["rest_url"].startswith("http://0.0.0.0:")
            assert live_server(tmp_path) == ready["rest_url"].replace("0.0.0.0", "127.0.0.1")  # noqa: S104
            assert ready["api_key"] != PAPER_API_KEY
            assert [key["api_key"] for key in ready["keys"]] == [ready["api_key"]]
            assert (await client.get(TIME)).status_code == 200
            assert (await client.get("/paper/log")).status_code == 401
            shown = {"Authorization": "Bearer t"}
            assert (await client.get("/paper/log", headers=shown)).status_code == 200
            forwarded = {**shown, "X-Forwarded-For": "10.0.0.5", "Origin": "http://evil"}
            assert (await client.get("/paper/log", headers=forwarded)).status_code == 403


async def test_a_taken_port_is_named():
    async with serving(an_exchange()) as ready:
        port = int(ready["rest_url"].rsplit(":", 1)[1])
        with pytest.raises(PaperError, match=f"port {port}"):
            async with serving(an_exchange(), port=port):
                pass


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_a_served_world_ends_with_exit_0_saved_and_unannounced(tmp_path, told):
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            assert live_server(tmp_path) == ready["rest_url"]
            answer = httpx.post(f"{ready['rest_url']}/paper/price", json={"symbol": "BTCUSDT", "price": "91234"}, trust_env=False)
            assert answer.status_code == 200
            process.send_signal(told)
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, out, err) == (0, "", "")
    assert not (tmp_path / NOTE_FILE).exists()
    with open_world(tmp_path, NOW) as opened:
        assert opened.world.market("BTCUSDT").mid == 91234
