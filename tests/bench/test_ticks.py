"""How many ticks a second one core carries from the wire to the fence check, and how that compares with a bare receive loop."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal as D
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from marginbot.domain.amounts import Symbol
from marginbot.domain.margin import Fence
from marginbot.engine.clock import SystemClock
from marginbot.engine.daemon.fences import Fences
from marginbot.engine.daemon.hush import Hush
from marginbot.exchange.streams.market_session import MarketSession, decode
from marginbot.exchange.streams.sockets import dial
from tests.bench import ticker
from tests.sockets.server import until

# What else the machine does must not count.
pytestmark = pytest.mark.benchmark(timer=time.process_time)

IN_PROCESS_PER_SECOND = 600_000
SHARE_OF_A_BARE_LOOP = 0.6
MESSAGES = 50_000
RUNS = 7


def fences() -> tuple[Fences, list[str]]:
    """A fence around 25 for each pair, and who crossed."""
    crossed: list[str] = []
    watched = Fences(crossed.append, Hush().calm)
    for number in range(ticker.PAIRS):
        watched.put(Symbol(f"PAIR{number:02}USDT"), Fence(D(20), D(30)))
    return watched, crossed


def test_600000_ticks_a_second_are_decoded_and_compared_with_their_fences(benchmark):
    watched, crossed = fences()
    messages = [ticker.tick(number) for number in range(10_000)]

    def pass_all() -> None:
        tick = watched.tick
        for message in messages:
            told = decode(message)
            tick(told.s, told.b, told.a)

    benchmark(pass_all)
    rate = len(messages) / benchmark.stats.stats.min
    benchmark.extra_info["ticks per second"] = round(rate)
    assert crossed == []
    assert watched.mid(Symbol("PAIR00USDT")) == D("25.1")  # of tick 9950: 25.095 and 25.105, no more no less
    assert rate >= IN_PROCESS_PER_SECOND


@contextmanager
def ticking(folder: Path) -> Iterator[str]:
    """The address of a sender in a process of its own."""
    ready = folder / "ready"
    with subprocess.Popen([sys.executable, "-m", ticker.__name__, str(ready), str(MESSAGES)]) as process:
        try:
            until(ready.exists, "the sender did not start")
            yield ready.read_text()
        finally:
            process.kill()


async def bare(url: str) -> int:
    """Receive and forget, with nothing but the library."""
    count = 0
    async with connect(url, compression=None, proxy=None) as socket:
        try:
            while True:
                await socket.recv()
                count += 1
        except ConnectionClosed:
            return count


async def to_the_fence(url: str) -> int:
    """The session of the market stream, with fences at its end."""
    watched, crossed = fences()
    socket = await dial(url)
    session = MarketSession(socket, SystemClock(), lambda: 0, watched, frozenset)
    try:
        await session.listen()
    except ConnectionClosed:
        assert crossed == []
        return watched.ticks
    finally:
        await session.close()


def processor_s(work: Callable[[str], Awaitable[int]], url: str) -> float:
    """Processor time of this process for all messages."""

    async def go() -> float:
        before = time.process_time()
        assert await work(url) == MESSAGES
        return time.process_time() - before

    return asyncio.run(go())


def test_from_socket_to_fence_at_least_60_percent_of_a_bare_receive_loop(benchmark, tmp_path):
    spent: dict[str, list[float]] = {"bare": [], "fence": []}
    with ticking(tmp_path) as url:

        def both() -> None:
            spent["bare"].append(processor_s(bare, url))
            spent["fence"].append(processor_s(to_the_fence, url))

        benchmark.pedantic(both, rounds=RUNS, warmup_rounds=1)
    rates = {name: MESSAGES / statistics.median(times[-RUNS:]) for name, times in spent.items()}
    share = rates["fence"] / rates["bare"]
    benchmark.extra_info.update({name: round(rate) for name, rate in rates.items()}, share=round(share, 2))
    assert share >= SHARE_OF_A_BARE_LOOP
