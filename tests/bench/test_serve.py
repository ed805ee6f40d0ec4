"""How many signed calls a second the margin testnet answers on one core, over real sockets, its world saved in the background.

What counts is the processor time of the serving process alone: one thread cannot use more than one core, and whatever else the
machine does is not its fault.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from tests.bench import unlimited
from tests.sockets.server import ACCOUNT, ORDER, PRICES, Server, clean_environment, until

READS_PER_SECOND = 2_000
ORDERS_PER_SECOND = 700
CONNECTIONS = 8
CALLS = 500  # of each connection, in a round
ROUNDS = 3
STAT = "/proc/{}/stat"
NO_PROC = "the processor time of another process is read from /proc"
pytestmark = pytest.mark.skipif(not Path(STAT.format("self")).exists(), reason=NO_PROC)


@contextmanager
def serving(folder: Path, *more: str) -> Iterator[tuple[Server, int]]:
    """A server without limits, and its process id. more: pairs that it lists besides, see `unlimited`."""
    ready = folder / "ready.json"
    words = [sys.executable, "-m", unlimited.__name__, str(folder / "state"), str(ready), ",".join(more)]
    with subprocess.Popen(words, env=clean_environment(folder), stderr=subprocess.PIPE) as process:
        try:
            until(ready.exists, "the server did not start")
            urls = json.loads(ready.read_text())
            with httpx.Client(base_url=urls["rest_url"], trust_env=False, timeout=20) as http:
                yield Server(urls, http), process.pid
            process.send_signal(signal.SIGTERM)
            assert process.communicate(timeout=20)[1] == b""
        finally:
            process.kill()


def processor_s(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(STAT.format(pid)).read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def signed(server: Server, method: str, path: str, **params: str) -> bytes:
    """One request as bytes, with the signature over exactly its query."""
    query = urlencode({**params, "recvWindow": "60000", "timestamp": str(time.time_ns() // 1_000_000)})
    signature = hmac.new(server.ready["api_secret"].encode(), query.encode(), hashlib.sha256).hexdigest()
    head = f"{method} {path}?{query}&signature={signature} HTTP/1.1\r\nHost: paper\r\nX-MBX-APIKEY: {server.key()}\r\n"
    return f"{head}content-length: 0\r\n\r\n".encode()


async def send_all(server: Server, batches: list[list[bytes]]) -> None:
    """Each batch on a connection of its own, one request after the other. Fails for any answer but 200."""
    port = httpx.URL(server.url).port

    async def send(batch: list[bytes]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for request in batch:
                writer.write(request)
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                body = await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
                assert head.startswith(b"http/1.1 200 "), body
        finally:
            writer.close()
            await writer.wait_closed()

    await asyncio.gather(*map(send, batches))


def measure(benchmark, server: Server, pid: int, requests: Iterator[bytes]) -> float:
    """Calls per second of processor time, the best of some rounds; the wall's figure goes into the record."""
    spent = []

    def batches() -> tuple[tuple[list[list[bytes]]], dict[str, object]]:
        return ([list(itertools.islice(requests, CALLS)) for _ in range(CONNECTIONS)],), {}

    def go(wanted: list[list[bytes]]) -> None:
        before = processor_s(pid)
        asyncio.run(send_all(server, wanted))
        spent.append(processor_s(pid) - before)

    benchmark.pedantic(go, setup=batches, rounds=ROUNDS)
    rate = CONNECTIONS * CALLS / min(spent)
    benchmark.extra_info["per second of one core"] = round(rate)
    benchmark.extra_info["per second of the wall"] = round(CONNECTIONS * CALLS / benchmark.stats.stats.min)
    return rate


def test_an_isolated_account_of_five_pairs_is_read_at_least_2000_times_a_second(benchmark, tmp_path):
    with serving(tmp_path) as (server, pid):
        for symbol in PRICES:
            server.a_long(symbol)
        assert len(server.call("GET", ACCOUNT)["assets"]) == 5
        rate = measure(benchmark, server, pid, (signed(server, "GET", ACCOUNT) for _ in itertools.count()))
    assert rate >= READS_PER_SECOND


def test_at_least_700_market_orders_are_carried_out_a_second(benchmark, tmp_path):
    with serving(tmp_path) as (server, pid):
        server.open_pair("BTCUSDT")
        server.market_order("BTCUSDT", "BUY", Decimal("0.005"))
        sides = itertools.cycle(("BUY", "SELL"))
        same = {"symbol": "BTCUSDT", "isIsolated": "TRUE", "type": "MARKET", "quantity": "0.0001"}
        orders = (signed(server, "POST", ORDER, **same, side=side) for side in sides)
        rate = measure(benchmark, server, pid, orders)
        trades = server.call("GET", "/sapi/v1/margin/myTrades", symbol="BTCUSDT", isIsolated="TRUE", limit=1000)
    assert len(trades) == 1000
    assert rate >= ORDERS_PER_SECOND
