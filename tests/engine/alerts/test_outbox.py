"""The way out for messages: whoever hangs or fails delays nobody else, and nothing grows without end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from marginbot.domain.message import Message, Phase, Severity
from marginbot.engine.alerts.outbox import MOST_WAITING, Outbox
from marginbot.engine.daemon.health import Health
from tests.engine.places import Place
from tests.virtual_time import START, VirtualClock, in_virtual_time

INFO, CRITICAL = Severity.INFO, Severity.CRITICAL


def a_message(text: str, severity: Severity = INFO) -> Message:
    return Message("BTCUSDT", "BTCUSDT #1", severity, Phase.NOTE, "title", text, START)


@asynccontextmanager
async def an_outbox(*places: Place) -> AsyncIterator[Outbox]:
    clock, stop = VirtualClock(), asyncio.Event()
    outbox = Outbox(places, clock, Health(clock), lambda text: text.replace("hunter2hunter2", "[hidden]"))
    running = asyncio.create_task(outbox.run(stop))
    yield outbox
    stop.set()
    await running


@in_virtual_time
async def test_messages_arrive_in_order_and_what_is_waiting_at_the_end_too():
    place = Place()
    async with an_outbox(place) as outbox:
        for text in ("one", "two", "three"):
            outbox.put(a_message(text))
    assert place.got == ["one", "two", "three"]


@in_virtual_time
async def test_a_place_hears_nothing_below_what_it_wants():
    all_of_it, worst = Place(), Place(least=CRITICAL)
    async with an_outbox(all_of_it, worst) as outbox:
        outbox.put(a_message("mild"))
        outbox.put(a_message("bad", CRITICAL))
    assert (all_of_it.got, worst.got) == (["mild", "bad"], ["bad"])


@in_virtual_time
async def test_a_place_that_hangs_is_a_trouble_and_the_others_hear_at_once():
    hanging, fine = Place("hanging", hangs=True), Place("fine")
    async with an_outbox(hanging, fine) as outbox:
        outbox.put(a_message("one"))
        await asyncio.sleep(0.1)
        assert fine.got == ["one"]
        await asyncio.sleep(25)
        assert outbox.health.troubles() == {"notifications": "hanging: no answer within 20 s"}
        assert outbox.lanes[0].counts == {"sent": 0, "failed": 1, "dropped": 0}
        ending = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - ending < 5


@in_virtual_time
async def test_a_message_is_tried_three_times_and_the_trouble_ends_with_the_first_that_arrives():
    place = Place(fails=2)
    async with an_outbox(place) as outbox:
        outbox.put(a_message("one"))
        await asyncio.sleep(1)
        assert outbox.health.troubles() == {"notifications": "here: HTTP 500, token=[hidden]"}
        await asyncio.sleep(75)
        assert (place.got, place.tries, outbox.health.troubles()) == (["one"], 3, {})


@in_virtual_time
async def test_a_message_nobody_takes_is_given_up_and_the_next_gets_its_turn():
    place = Place(fails=3)
    async with an_outbox(place) as outbox:
        outbox.put(a_message("lost"))
        outbox.put(a_message("next"))
        await asyncio.sleep(80)
    assert (place.got, place.tries) == (["next"], 4)


@in_virtual_time
async def test_code_of_others_that_raises_anything_ends_nothing():
    place, fine = Place("odd", raises=RuntimeError("secret inside")), Place("fine")
    async with an_outbox(place, fine) as outbox:
        outbox.put(a_message("one"))
        await asyncio.sleep(200)
        assert outbox.health.troubles() == {"notifications": "odd: unexpected RuntimeError"}
        outbox.put(a_message("two"))
        await asyncio.sleep(1)
    assert fine.got == ["one", "two"]


@in_virtual_time
async def test_of_a_flood_the_oldest_that_matters_least_is_dropped():
    place = Place(hangs=True)
    async with an_outbox(place) as outbox:
        outbox.put(a_message("bad", CRITICAL))
        for number in range(MOST_WAITING + 9):
            outbox.put(a_message(str(number)))
        (lane,) = outbox.lanes
        assert len(lane.waiting) == MOST_WAITING
        assert [message.text for message in lane.waiting][:2] == ["bad", "10"]
        assert lane.counts["dropped"] == 10


@in_virtual_time
async def test_what_is_nice_to_know_does_not_push_out_what_is_critical():
    hanging = Place(hangs=True)
    async with an_outbox(hanging) as outbox:
        for number in range(MOST_WAITING):
            outbox.put(a_message(f"bad {number}", CRITICAL))
        outbox.put(a_message("mild"))
        lane = outbox.lanes[0]
        assert [message.text for message in lane.waiting][-1] == f"bad {MOST_WAITING - 1}"
        assert (len(lane.waiting), lane.counts["dropped"]) == (MOST_WAITING, 1)


@in_virtual_time
async def test_a_place_between_two_tries_still_hears_the_last_words():
    place = Place(fails=1)
    async with an_outbox(place) as outbox:
        outbox.put(a_message("one"))
        await asyncio.sleep(2)
        outbox.put(a_message("bye"))
    assert place.got == ["one", "bye"]
