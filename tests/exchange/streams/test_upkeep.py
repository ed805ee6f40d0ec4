"""Connections that break, age and are refused, in virtual time: no socket is needed to see when they are made."""

from __future__ import annotations

import asyncio

from marginbot.exchange.streams.market import MarketStream
from marginbot.exchange.streams.pace import Attempts
from marginbot.exchange.streams.upkeep import life
from tests.exchange.streams.fakes import FakeDial, FakeSocket, Scene
from tests.exchange.streams.stage import BTC, ETH, SOL, running
from tests.virtual_time import VirtualClock, in_virtual_time


@in_virtual_time
async def test_waits_double_to_a_minute_while_nobody_answers():
    scene = Scene(FakeDial())
    scene.dial.down = ConnectionRefusedError()
    async with running(scene.stream):
        await asyncio.sleep(300)
    waits = [after - before for before, after in zip(scene.dial.at, scene.dial.at[1:], strict=False)]
    assert waits[:9] == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]
    assert scene.trouble() == ""  # nobody needs it any more


@in_virtual_time
async def test_waits_are_cut_at_random_by_up_to_a_half():
    scene = Scene(FakeDial(), jitter=0.5)
    scene.dial.down = ConnectionRefusedError()
    async with running(scene.stream):
        await asyncio.sleep(4)
        assert scene.trouble() == "the stream could not be reached (ConnectionRefusedError)"
    assert scene.dial.at == [0, 0.375, 1.125, 2.625]


@in_virtual_time
async def test_a_connection_that_breaks_at_once_each_time_is_no_success():
    scene = Scene(FakeDial())
    async with running(scene.stream):
        for _ in range(20):
            await asyncio.sleep(1)
            for socket in scene.dial.sockets:
                socket.break_off()
    assert scene.dial.at == [0, 1.5, 3, 6, 11]  # 0.5, 1, 2 and 4 s after it broke at 1, 2, 4 and 7


@in_virtual_time
async def test_a_connection_that_is_still_being_made_when_the_end_comes_is_closed(monkeypatch):
    async def says_nothing(self: FakeSocket, message: str) -> None:
        self.asked.append(message)

    monkeypatch.setattr(FakeSocket, "send", says_nothing)
    scene = Scene(FakeDial())
    async with running(scene.stream):
        await asyncio.sleep(1)
        assert scene.dial.sockets[0].asked != []
    assert scene.dial.sockets[0].closed
    assert asyncio.all_tasks() == {asyncio.current_task()}


@in_virtual_time
async def test_a_connection_that_lived_a_minute_was_a_success():
    scene = Scene(FakeDial())
    async with running(scene.stream):
        talking = asyncio.create_task(scene.keep_talking())
        for _ in range(3):
            await asyncio.sleep(100)
            scene.dial.sockets[-1].break_off()
            await asyncio.sleep(1)
        talking.cancel()
    assert scene.dial.at == [0, 100.5, 201.5, 302.5]


def test_connections_made_together_are_not_all_replaced_together():
    assert (life(lambda: 0.0), life(lambda: 0.5)) == (23 * 3600, 23.25 * 3600)


@in_virtual_time
async def test_an_old_connection_serves_on_while_the_new_one_cannot_be_had():
    scene = Scene(FakeDial())
    async with running(scene.stream):
        talking = asyncio.create_task(scene.keep_talking())
        await asyncio.sleep(1)
        (old,) = scene.dial.sockets
        scene.dial.down = TimeoutError()
        old.say(e="serverShutdown")
        await asyncio.sleep(5)
        old.say(s=BTC, b="9", a="10")
        assert await scene.told.next_tick() == (BTC, 9.0, 10.0)
        assert scene.trouble() == ""
        scene.dial.down = None
        await asyncio.sleep(5)
        assert (old.closed, len(scene.dial.sockets)) == (True, 2)
        talking.cancel()


@in_virtual_time
async def test_a_stop_ends_it_at_once_whatever_it_waits_for():
    for down, seconds in ((None, 5), (ConnectionRefusedError(), 200)):
        scene = Scene(FakeDial())
        scene.dial.down = down
        async with running(scene.stream):
            await asyncio.sleep(seconds)
            before = scene.clock.monotonic()
        assert scene.clock.monotonic() == before
        assert all(socket.closed for socket in scene.dial.sockets)
    assert len(asyncio.all_tasks()) == 1


@in_virtual_time
async def test_a_stop_does_not_wait_for_a_server_that_does_not_answer():
    async def never(url: str) -> None:
        await asyncio.Event().wait()

    scene = Scene(FakeDial())
    stream = MarketStream("ws://x", scene.told, scene.health, scene.clock, lambda: 0.0, never)  # type: ignore[arg-type]
    stream.follow(frozenset({BTC}))
    async with running(stream):
        await asyncio.sleep(1)


@in_virtual_time
async def test_pairs_that_come_and_go_quickly_leave_one_connection():
    scene = Scene(FakeDial())
    async with running(scene.stream):
        for _ in range(3):
            scene.stream.follow(frozenset())
            scene.stream.follow(frozenset({ETH, SOL}))
            await asyncio.sleep(2)
        assert sum(not socket.closed for socket in scene.dial.sockets) == 1


@in_virtual_time
async def test_more_than_200_attempts_in_5_minutes_wait_their_turn():
    attempts = Attempts(VirtualClock())
    assert [attempts.take() for _ in range(200)] == [0] * 200
    await asyncio.sleep(100)
    assert (attempts.take(), attempts.take()) == (200, 200)
    await asyncio.sleep(300)
    assert attempts.take() == 0


@in_virtual_time
async def test_a_restart_that_is_announced_on_a_silent_stream_does_not_make_it_well():
    scene = Scene(FakeDial())
    async with running(scene.stream):
        await asyncio.sleep(15)
        silent = scene.trouble()
        assert silent != ""
        scene.dial.down = TimeoutError()
        scene.dial.sockets[-1].say(e="serverShutdown")
        await asyncio.sleep(3)
        assert scene.trouble() != ""
