"""The hush: what it holds back, for how long, and that everything has its turn."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from marginbot.engine.daemon.hush import LONGEST, MOMENT, Hush
from tests.virtual_time import in_virtual_time


async def seconds_until_calm(hush: Hush) -> float:
    began = asyncio.get_running_loop().time()
    await hush.calm.wait()
    return asyncio.get_running_loop().time() - began


@in_virtual_time
async def test_it_is_over_after_a_moment():
    hush = Hush()
    hush.begin()
    assert await seconds_until_calm(hush) == pytest.approx(MOMENT)


@in_virtual_time
async def test_begun_again_and_again_it_ends_after_the_longest():
    hush = Hush()
    began = asyncio.get_running_loop().time()
    hush.begin()
    while not hush.calm.is_set():
        await asyncio.sleep(MOMENT / 4)
        if not hush.calm.is_set():
            hush.begin()
    assert asyncio.get_running_loop().time() - began == pytest.approx(LONGEST, abs=MOMENT / 4)


@in_virtual_time
async def test_after_a_hush_everything_else_has_its_turn_for_as_long():
    hush = Hush()
    hush.begin()
    await hush.calm.wait()
    hush.begin()
    assert hush.calm.is_set(), "not right after one"
    await asyncio.sleep(MOMENT * 1.01)
    hush.begin()
    assert not hush.calm.is_set()


@in_virtual_time
async def test_what_waits_is_done_afterwards_in_order_and_at_once_without_one():
    hush, done = Hush(), list[int]()
    hush.later(partial(done.append, 1))
    assert done == [1]
    hush.begin()
    hush.later(partial(done.append, 2))
    hush.later(partial(done.append, 3))
    assert done == [1]
    await hush.calm.wait()
    assert done == [1, 2, 3]


@in_virtual_time
async def test_ended_early_it_does_not_come_back():
    hush, done = Hush(), list[int]()
    hush.begin()
    hush.later(partial(done.append, 1))
    hush.end()
    assert done == [1]
    hush.later(partial(done.append, 2))
    await asyncio.sleep(LONGEST * 2)
    assert done == [1, 2]
    assert hush.calm.is_set()
