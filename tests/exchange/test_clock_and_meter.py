"""The offset to the server's clock, the one repetition, and the counting of causal chains."""

from __future__ import annotations

import asyncio
from decimal import Decimal as D
from urllib.parse import parse_qs

import httpx
import pytest

from marginbot.errors import RateLimited, ReadFailed, RequestRejected
from marginbot.exchange.messages import from_epoch, to_ms
from tests.exchange.conftest import NOW, NOW_MS

TIME, LOANS, ACCOUNT = "/api/v3/time", "/sapi/v1/margin/borrow-repay", "/sapi/v1/margin/isolated/account"
LATE = httpx.Response(400, json={"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."})
DONE = httpx.Response(200, json={"tranId": 1})


def stamps(route) -> list[tuple[str, str]]:
    fields = [parse_qs(call.request.content.decode()) for call in route.calls]
    return [(field["recvWindow"][0], field["timestamp"][0]) for field in fields]


async def test_a_stamp_follows_the_server_and_is_never_ahead_of_it(exchange, binance, clock):
    def answered_in_a_second(request: httpx.Request) -> httpx.Response:
        clock.pass_time(1)
        return httpx.Response(200, json={"serverTime": NOW_MS - 2_500})

    binance.get(TIME).mock(side_effect=answered_in_a_second)
    route = binance.post(LOANS).mock(return_value=DONE)
    await exchange.server_time_ms()
    assert exchange.clock_offset_ms == -3_500
    assert exchange.server_now_ms() == NOW_MS - 2_500
    await exchange.repay("BTCUSDT", "USDT", D(1))
    assert stamps(route) == [("5000", str(NOW_MS - 2_500))]


async def test_a_refused_timestamp_measures_the_clock_once_and_sends_again(exchange, binance):
    time = binance.get(TIME).respond(json={"serverTime": NOW_MS + 9_000})
    route = binance.post(LOANS).mock(side_effect=[LATE, DONE])
    assert await exchange.repay("BTCUSDT", "USDT", D(1)) == "1"
    assert stamps(route) == [("5000", str(NOW_MS)), ("5000", str(NOW_MS + 9_000))]
    assert time.call_count == 1
    assert (exchange.meter.requests, exchange.meter.round_trips) == (3, 3)
    assert exchange.recv_window_ms == 5_000


async def test_refused_twice_the_window_widens_and_refused_thrice_it_is_a_refusal(exchange, binance):
    time = binance.get(TIME).respond(json={"serverTime": NOW_MS})
    route = binance.post(LOANS).mock(return_value=LATE)
    with pytest.raises(RequestRejected) as caught:
        await exchange.repay("BTCUSDT", "USDT", D(1))
    assert caught.value.code == -1021
    assert [window for window, _ in stamps(route)] == ["5000", "5000", "10000"]
    assert time.call_count == 1
    assert exchange.recv_window_ms == 10_000


async def test_a_clock_that_cannot_be_measured_leaves_the_refusal(exchange, binance):
    binance.get(TIME).mock(side_effect=httpx.ReadTimeout)
    route = binance.post(LOANS).mock(return_value=LATE)
    with pytest.raises(RequestRejected) as caught:
        await exchange.repay("BTCUSDT", "USDT", D(1))
    assert caught.value.code == -1021
    assert route.call_count == 1


async def test_calls_refused_together_measure_the_clock_once(exchange, binance):
    async def late_until_measured(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        late = request.url.params["timestamp"] == str(NOW_MS)
        return LATE if late else httpx.Response(200, json={"assets": []})

    time = binance.get(TIME).respond(json={"serverTime": NOW_MS + 9_000})
    route = binance.get(ACCOUNT).mock(side_effect=late_until_measured)
    await exchange.together(*(exchange.isolated_accounts() for _ in range(4)))
    assert (time.call_count, route.call_count) == (1, 8)


@pytest.mark.parametrize("value", [NOW_MS // 1000, NOW_MS, NOW_MS * 1000])
def test_a_time_is_read_by_its_magnitude(value):
    assert from_epoch(value) == NOW
    assert to_ms(NOW) == NOW_MS


@pytest.fixture
def reads(binance, clock):
    def answer(request: httpx.Request) -> httpx.Response:
        clock.pass_time(0.1)
        return httpx.Response(200, json={"serverTime": NOW_MS})

    return binance.get(TIME).mock(side_effect=answer)


async def test_requests_one_after_another_are_as_many_round_trips(exchange, reads):
    for _ in range(3):
        await exchange.server_time_ms()
    assert (exchange.meter.requests, exchange.meter.round_trips, exchange.meter.elapsed_ms) == (3, 3, 300)


async def test_requests_side_by_side_are_one_round_trip(exchange, reads):
    await exchange.server_time_ms()
    assert await exchange.together(*(exchange.server_time_ms() for _ in range(5))) == [NOW_MS] * 5
    await exchange.server_time_ms()
    assert (exchange.meter.requests, exchange.meter.round_trips) == (7, 3)


async def test_the_deepest_call_of_a_batch_counts(exchange, reads):
    async def chain(length: int) -> int:
        for _ in range(length):
            await exchange.server_time_ms()
        return length

    async def nested() -> list[int]:
        return await exchange.together(chain(2), chain(1))

    assert await exchange.together(chain(1), nested(), chain(0)) == [1, [2, 1], 0]
    await exchange.server_time_ms()
    assert (exchange.meter.requests, exchange.meter.round_trips) == (5, 3)


async def test_a_run_inside_a_run_has_its_own_meter(exchange, reads):
    await exchange.server_time_ms()
    with exchange.metering() as meter:
        await exchange.together(exchange.server_time_ms(), exchange.server_time_ms())
        assert exchange.meter is meter
    assert (meter.requests, meter.round_trips) == (2, 1)
    assert (exchange.meter.requests, exchange.meter.round_trips) == (1, 1)


async def test_a_failed_batch_waits_for_all_and_prefers_a_ban(exchange):
    done = []

    async def fails(error: Exception) -> None:
        raise error

    async def slow() -> None:
        for _ in range(5):
            await asyncio.sleep(0)
        done.append(True)

    first, ban = ReadFailed("first"), RateLimited("ban", until_ms=1, scope="host")
    with pytest.raises(ReadFailed, match="first"):
        await exchange.together(fails(first), fails(ReadFailed("second")), slow())
    with pytest.raises(RateLimited):
        await exchange.together(fails(first), slow(), fails(ban))
    assert done == [True, True]


async def test_an_empty_batch_is_nothing(exchange):
    assert await exchange.together() == []
    assert (exchange.meter.requests, exchange.meter.elapsed_ms) == (0, 0)
