"""Health: a part is well when it said so in time and has reported no trouble since."""

from __future__ import annotations

import asyncio

from marginbot.engine.daemon.health import Health
from tests.virtual_time import VirtualClock, in_virtual_time


@in_virtual_time
async def test_nothing_expected_is_nothing_wrong():
    assert Health(VirtualClock()).troubles() == {}


@in_virtual_time
async def test_a_part_that_falls_silent_is_a_trouble_and_heals_when_it_speaks():
    health = Health(VirtualClock())
    health.expect("looks", within=10)
    await asyncio.sleep(10)
    assert health.troubles() == {}
    await asyncio.sleep(2)
    assert health.troubles() == {"looks": "not heard for 12 s, expected every 10 s"}
    health.well("looks")
    assert health.troubles() == {}


@in_virtual_time
async def test_a_part_that_never_said_anything_is_silent_since_it_was_expected():
    health = Health(VirtualClock())
    await asyncio.sleep(100)
    health.expect("market stream", within=5)
    assert health.troubles() == {}
    await asyncio.sleep(6)
    assert list(health.troubles()) == ["market stream"]


@in_virtual_time
async def test_trouble_stays_until_the_part_is_well_and_every_failure_counts():
    health = Health(VirtualClock())
    health.ill("job key rights", "no answer")
    health.ill("job key rights", "still none")
    await asyncio.sleep(3600)
    assert health.troubles() == {"job key rights": "still none"}
    health.well("job key rights")
    assert (health.troubles(), health.failures()) == ({}, {"job key rights": 2})


@in_virtual_time
async def test_a_part_that_does_not_matter_any_more_is_no_trouble():
    health = Health(VirtualClock())
    health.ill("user stream BTCUSDT", "closed")
    health.forget("user stream BTCUSDT")
    health.forget("never heard of")
    assert health.troubles() == {}


@in_virtual_time
async def test_whether_a_part_ever_worked_is_known():
    health = Health(VirtualClock())
    health.ill("looks", "no answer")
    assert not health.was_well("looks")
    health.well("looks")
    assert health.was_well("looks")
    assert not health.was_well("never heard of")
