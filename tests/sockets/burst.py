"""Ten thousand requests, good and bad, as fast as a few keep-alive connections carry them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import Counter
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import urlsplit

from tests.sockets.raw import HOST, get, post
from tests.sockets.server import ACCOUNT, LOAN, ORDER, TRANSFER, Server

SIZE, CONNECTIONS = 10_000, 8
MIB = 1024 * 1024
PAIR = "symbol=BTCUSDT&isIsolated=TRUE"
Wanted = tuple[int, bytes]


def resident(pid: int) -> int:
    """Bytes of memory the process holds now. Source: VmRSS in /proc/PID/status, in KiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024


class Caller:
    """Builds requests in bytes. `number` tells each from all others."""

    def __init__(self, server: Server) -> None:
        self.key = b"X-MBX-APIKEY: " + server.key().encode()
        self.secret = server.ready["api_secret"].encode()
        self.now_ms = server.now_ms()
        self.number = 0

    def signed(self, text: str = "") -> str:
        text = f"{text}&timestamp={self.now_ms}&recvWindow=60000".lstrip("&")
        return f"{text}&signature={hmac.digest(self.secret, text.encode(), hashlib.sha256).hex()}"

    def round(self) -> Iterator[Wanted]:
        """Twenty requests with the status each must get."""
        self.number += 1
        # An order and its end in one round of ten: the exchange does not take more unfilled ones.
        yield from self.order(f"burst-{self.number}") if self.number % 10 == 0 else self.reads()
        yield from [(200, get("/api/v3/time"))] * 4
        yield 200, get("/api/v3/ticker/price?symbol=BTCUSDT")
        yield 200, get(f"{ACCOUNT}?{self.signed('symbols=BTCUSDT')}", self.key)
        yield 200, get(f"/sapi/v1/margin/openOrders?{self.signed(PAIR)}", self.key)
        yield 400, post(f"{ORDER}?{self.signed(f'{PAIR}&side=BUY&type=MARKET&quantity=NaN')}", b"", self.key)
        yield 400, get(f"{ACCOUNT}?{self.signed()[:-4]}0000", self.key)
        yield 400, get(f"/api/v3/depth?symbol=BTCUSDT&limit={'9' * 8_000}")
        yield 400, get("/api/v3/depth?symbol=%ff%fe")
        yield 400, get("/api/v3/depth?" + "a=1&" * 1_000)
        yield 401, get(ACCOUNT, b"X-MBX-APIKEY: " + b"f" * 64)
        yield 404, get(f"/api/v3/nothing/{self.number}")
        yield 405, get("/api/v3/time").replace(b"GET", b"PUT", 1)
        yield 400, post(LOAN, b'{"asset": "USDT"}', b"Content-Type: application/json", self.key)
        yield 401, post(LOAN, b"asset=" + b"U" * 50_000)
        yield 413, b"POST %s HTTP/1.1\r\n%sContent-Length: 100000000\r\n\r\n" % (LOAN.encode(), HOST)

    def order(self, name: str) -> Iterator[Wanted]:
        limit = f"{PAIR}&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.001&price=90000&newClientOrderId={name}"
        yield 200, post(f"{ORDER}?{self.signed(limit)}", b"", self.key)
        cancel = get(f"{ORDER}?{self.signed(f'{PAIR}&origClientOrderId={name}')}", self.key)
        yield 200, cancel.replace(b"GET", b"DELETE", 1)

    def reads(self) -> Iterator[Wanted]:
        yield 200, get(f"{LOAN}?{self.signed('type=REPAY&asset=USDT')}", self.key)
        yield 200, get(f"{TRANSFER}?{self.signed('type=MAIN_ISOLATED_MARGIN&toSymbol=BTCUSDT')}", self.key)


def burst(server: Server) -> Counter[tuple[int, int]]:
    """Send them all, each once the one before on its connection is answered; counts (wanted, got)."""
    caller = Caller(server)
    rounds = (list(caller.round()) for _ in cycle([0]))
    return asyncio.run(_all(server.url, list(islice(rounds, SIZE // 20))))


async def _all(url: str, rounds: list[list[Wanted]]) -> Counter[tuple[int, int]]:
    shares = [rounds[number::CONNECTIONS] for number in range(CONNECTIONS)]
    return sum(await asyncio.gather(*(_one_connection(url, share) for share in shares)), Counter())


async def _one_connection(url: str, rounds: list[list[Wanted]]) -> Counter[tuple[int, int]]:
    parts, seen = urlsplit(url), Counter[tuple[int, int]]()
    for requests in rounds:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for wanted, request in requests:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            await reader.readexactly(length)
            seen[wanted, int(head[9:12])] += 1
        # The last of each round is refused with `Connection: close`.
        writer.close()
        await writer.wait_closed()
    return seen
