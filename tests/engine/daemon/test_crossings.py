"""Crossed fences: together when they come together, apart when they come too often, and none is lost."""

from __future__ import annotations

import asyncio

from marginbot.engine.daemon.crossings import VISITS_APART, Crossings
from tests.virtual_time import VirtualClock, in_virtual_time


@in_virtual_time
async def test_those_of_one_turn_are_served_together_and_each_once():
    served = []
    crossings = Crossings(VirtualClock(), served.append)
    for symbol in ("A", "B", "A"):
        crossings.add(symbol)
    await asyncio.sleep(0)
    assert served == [{"A", "B"}]


@in_virtual_time
async def test_a_pair_that_trembles_is_served_once_in_its_time_and_does_not_hold_up_another():
    served, clock = [], VirtualClock()
    crossings = Crossings(clock, lambda pairs: served.append((round(clock.monotonic(), 2), pairs)))
    for _ in range(50):
        crossings.add("A")
        await asyncio.sleep(0.01)
    crossings.add("B")
    await asyncio.sleep(1)
    assert VISITS_APART == 0.2
    assert served == [(0.0, {"A"}), (0.2, {"A"}), (0.4, {"A"}), (0.5, {"B"}), (0.6, {"A"})]
