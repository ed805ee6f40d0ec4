"""A market stream of 20,000 ticks a second over fifty pairs, to whoever connects: READY-FILE.

Each line `PAIR07USDT 22.5` on stdin is that pair's price from now on; the first tick at it has the update id `MARKED`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from pathlib import Path

from websockets.asyncio.server import ServerConnection, serve

from tests.bench.ticker import PAIRS, frame

PER_SECOND = 20_000
EVERY_S = 0.002
BEGINS_AT = 25.0
SYMBOLS = tuple(f"PAIR{number:02}USDT" for number in range(PAIRS))
MARKED, UNMARKED = b'"u":88888888888,', b'"u":40000000001,'


def tick_at(symbol: str, price: float) -> bytes:
    """The frame of one tick a hair around a price."""
    told = {"s": symbol, "b": f"{price - 0.0001:.8f}", "B": "31.21000000", "a": f"{price + 0.0001:.8f}", "A": "40.66000000"}
    return frame(b"{" + UNMARKED + json.dumps(told, separators=(",", ":")).encode()[1:])


class Market:
    """frames: what each pair's next tick is; once: marked ticks that go out one time."""

    def __init__(self) -> None:
        self.frames = {symbol: tick_at(symbol, BEGINS_AT) for symbol in SYMBOLS}
        self.once: dict[str, bytes] = {}
        self._turn = itertools.cycle(SYMBOLS)

    def moves(self, line: str) -> None:
        symbol, price = line.split()
        self.frames[symbol] = tick_at(symbol, float(price))
        self.once[symbol] = self.frames[symbol].replace(UNMARKED, MARKED)

    def ticks(self, count: int) -> bytes:
        """The next ones, pair by pair."""
        return b"".join(self.once.pop(symbol, None) or self.frames[symbol] for symbol in itertools.islice(self._turn, count))

    async def serve(self, socket: ServerConnection) -> None:
        """Say yes to every subscription; ticks flow from the first one on."""
        flow: asyncio.Task[None] | None = None
        try:
            async for message in socket:
                await socket.send(json.dumps({"result": None, "id": json.loads(message)["id"]}))
                flow = flow or asyncio.create_task(self._flow(socket))
        finally:
            if flow is not None:
                flow.cancel()

    async def _flow(self, socket: ServerConnection) -> None:
        clock, sent = asyncio.get_running_loop().time, 0
        began = clock()
        while not socket.transport.is_closing():
            due = int((clock() - began) * PER_SECOND) - sent
            # Whole frames past the library, which would take longer to make each than the receiver takes to read it.
            socket.transport.write(self.ticks(due))
            sent += due
            await asyncio.sleep(EVERY_S)


async def main(ready: Path) -> None:
    """Serve until stdin ends."""
    market, lines = Market(), asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with serve(market.serve, "127.0.0.1", 0, compression=None) as server:
        half = ready.with_suffix(".half")
        half.write_text(f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}")
        half.replace(ready)
        async for line in lines:
            market.moves(line.decode())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
