"""What is said on a connection to the market streams, word for word, and what becomes of odd answers. In virtual time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from marginbot.domain.amounts import Symbol
from tests.exchange.streams.fakes import FakeDial, Scene
from tests.exchange.streams.stage import BTC, ETH, SOL, running, until
from tests.virtual_time import in_virtual_time


def subscribed(*symbols: str) -> list[str]:
    return [f"{symbol.lower()}@bookTicker" for symbol in symbols]


@in_virtual_time
async def test_subscriptions_follow_what_is_wanted():
    scene = Scene(FakeDial())
    async with running(scene.stream):
        await asyncio.sleep(1)
        scene.stream.follow(frozenset({ETH, SOL}))
        await asyncio.sleep(1)
        (socket,) = scene.dial.sockets
        assert socket.asked == [
            {"id": 1, "method": "SUBSCRIBE", "params": subscribed(BTC)},
            {"id": 2, "method": "UNSUBSCRIBE", "params": subscribed(BTC)},
            {"id": 3, "method": "SUBSCRIBE", "params": subscribed(ETH, SOL)},
        ]


@in_virtual_time
async def test_never_more_than_four_messages_a_second_are_sent():
    times: list[float] = []

    def note(request: dict[str, Any]) -> None:
        times.append(asyncio.get_running_loop().time())

    scene = Scene(FakeDial(note))
    async with running(scene.stream):
        for number in range(200):
            scene.stream.follow(frozenset({Symbol(f"X{number}USDT")}))
            await asyncio.sleep(0.05)
    assert len(times) > 20
    assert all(later - earlier > 1 for earlier, later in zip(times, times[4:], strict=False))


@in_virtual_time
async def test_a_thousand_pairs_are_subscribed_in_parts_and_never_more_than_a_connection_serves():
    scene = Scene(FakeDial())
    scene.stream.follow(frozenset(Symbol(f"X{number:04}USDT") for number in range(1100)))
    async with running(scene.stream):
        await asyncio.sleep(5)
        (socket,) = scene.dial.sockets
        names = [name for request in socket.asked for name in request["params"]]
        assert [len(request["params"]) for request in socket.asked] == [200, 200, 200, 200, 200, 23]
        assert names == subscribed(*(f"X{number:04}USDT" for number in range(1023)))


@pytest.mark.parametrize(
    "refusal", [{"error": {"code": 2, "msg": "Invalid request"}}, {"code": 2, "msg": "Invalid request"}], ids=["wrapped", "flat"]
)
@in_virtual_time
async def test_a_subscription_that_is_refused_is_a_trouble_and_tried_anew(refusal):
    scene = Scene(FakeDial(lambda request: refusal))
    async with running(scene.stream):
        await asyncio.sleep(0.75)
        assert scene.trouble() == "the stream refused: Invalid request (code 2)"
        assert [socket.closed for socket in scene.dial.sockets] == [True, True]


@in_virtual_time
async def test_a_subscription_without_an_answer_is_a_trouble_after_10_seconds():
    scene = Scene(FakeDial(lambda request: {"id": None, "result": None}))
    async with running(scene.stream):
        await asyncio.sleep(10.25)
        assert scene.trouble() == "SUBSCRIBE was not answered on its stream"


@pytest.mark.parametrize(
    "frame",
    [
        {"s": BTC, "b": "0", "a": "10"},
        {"s": BTC, "b": "9", "a": "0.00000000"},
        {"s": BTC, "b": "nan", "a": "nan"},
        {"s": BTC, "b": "10", "a": "9"},
        {"s": BTC, "w": "10"},
        {"result": None, "id": 99},
    ],
)
@in_virtual_time
async def test_what_is_no_pair_of_prices_is_no_tick(frame):
    scene = Scene(FakeDial())
    async with running(scene.stream):
        await asyncio.sleep(1)
        scene.dial.sockets[0].say(**frame)
        scene.dial.sockets[0].say(u=1, s=ETH, b="9.00000000", B="1", a="10.00000000", A="1", new={"key": 1})
        assert await scene.told.next_tick() == (ETH, 9.0, 10.0)


@pytest.mark.parametrize("frame", [{"s": BTC, "b": "ten", "a": "11"}, {"s": 1}, {"error": "no object"}])
@in_virtual_time
async def test_what_cannot_be_read_ends_the_connection_and_says_so(frame):
    scene = Scene(FakeDial())
    async with running(scene.stream):
        await asyncio.sleep(0.25)
        scene.dial.sockets[0].say(**frame)
        await asyncio.sleep(0.25)
        assert scene.trouble().startswith("the stream said something unreadable: ")
        await asyncio.sleep(0.75)
        assert [socket.closed for socket in scene.dial.sockets] == [True, False]


@in_virtual_time
async def test_an_error_nobody_asked_for_ends_the_connection():
    scene = Scene(FakeDial())
    async with running(scene.stream):
        await asyncio.sleep(0.25)
        scene.dial.sockets[0].say(error={"code": 3, "msg": "Invalid JSON"}, id=None)
        await asyncio.sleep(0.25)
        assert scene.trouble() == "the stream refused: Invalid JSON (code 3)"


async def test_a_defect_of_whoever_is_told_is_not_swallowed():
    scene = Scene(FakeDial())

    def fail(symbol: str, bid: float, ask: float) -> None:
        raise ZeroDivisionError

    scene.told.tick = fail  # type: ignore[method-assign]
    working = asyncio.create_task(scene.stream.run(asyncio.Event()))
    await until(lambda: scene.dial.sockets != [])
    scene.dial.sockets[0].say(s=BTC, b="9", a="10")
    with pytest.raises(ZeroDivisionError):
        await working


@in_virtual_time
async def test_in_a_hush_ticks_wait_and_all_of_them_are_told_after_it():
    scene = Scene(FakeDial())
    async with running(scene.stream):
        await asyncio.sleep(1)
        (socket,) = scene.dial.sockets
        scene.told.calm.clear()
        for bid in ("1.0", "2.0"):
            socket.say(s=BTC, b=bid, a="3.0")
        await asyncio.sleep(1)
        assert scene.told.ticks.empty()
        scene.told.calm.set()
        assert [await scene.told.next_tick(), await scene.told.next_tick()] == [(BTC, 1.0, 3.0), (BTC, 2.0, 3.0)]
