"""What is said on a connection to the WebSocket API, and what becomes of odd answers. In virtual time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from marginbot.domain.amounts import Symbol
from marginbot.engine.daemon.health import Health
from marginbot.exchange.streams.user import UserStreams, part
from marginbot.exchange.tokens import ListenToken
from tests.exchange.streams.fakes import FakeDial, FakeSocket
from tests.exchange.streams.stage import BTC, Told, running
from tests.virtual_time import VirtualClock, in_virtual_time

HOUR = 3600
SUBSCRIBE, LIST = "userDataStream.subscribe.listenToken", "session.subscriptions"


class Api:
    """The other side: tokens `t1`, `t2`, ... of 24 hours; `refusals` answer the next subscriptions. digits: of expirationTime."""

    def __init__(self, *refusals: dict[str, Any], digits: int = 13) -> None:
        self.dial, self.told, self.clock = FakeDial(self._answer), Told(), VirtualClock()
        self.health = Health(self.clock)
        self.given: list[float] = []
        self.listed: list[dict[str, Any]] = []
        self._refusals = list(refusals)
        self._stretch = 10 ** (digits - 13)
        self.streams = UserStreams("ws://x", self, self.told, self.health, self.clock, lambda: 0.0, self.dial)
        self.streams.follow(frozenset({BTC}))

    async def listen_token(self, symbol: Symbol) -> ListenToken:
        self.given.append(self.clock.monotonic())
        return ListenToken(f"t{len(self.given)}", self.server_now_ms() + 24 * HOUR * 1000)

    def server_now_ms(self) -> int:
        return self.clock.now_ms()

    @property
    def socket(self) -> FakeSocket:
        return self.dial.sockets[-1]

    def trouble(self) -> str:
        return self.health.troubles().get(part(BTC), "")

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["method"] == LIST:
            return {"status": 200, "result": self.listed}
        if self._refusals:
            return self._refusals.pop(0)
        expires = (self.server_now_ms() + 24 * HOUR * 1000) * self._stretch
        return {"status": 200, "result": {"subscriptionId": 7, "expirationTime": expires}}


def a_refusal(status: int, code: int, **data: int) -> dict[str, Any]:
    return {"status": status, "error": {"code": code, "msg": "no"} | ({"data": data} if data else {})}


@pytest.mark.parametrize("digits", [13, 16])
@in_virtual_time
async def test_a_subscription_is_renewed_at_four_fifths_of_its_life_on_the_same_connection(digits):
    api = Api(digits=digits)
    async with running(api.streams):
        await asyncio.sleep(22 * HOUR)
        assert api.given == [0, pytest.approx(19.2 * HOUR)]
        assert [request["params"]["listenToken"] for request in api.socket.asked] == ["t1", "t2"]
        assert len(api.dial.sockets) == 1
        assert api.told.changes.qsize() == 1


@in_virtual_time
async def test_a_new_connection_brings_its_own_token_before_the_day_is_over():
    api = Api()
    async with running(api.streams):
        await asyncio.sleep(24 * HOUR)
        assert [socket.closed for socket in api.dial.sockets] == [True, False]
        assert api.dial.at == [0, 23 * HOUR]
        assert api.socket.asked[0]["params"] == {"listenToken": "t3"}


@in_virtual_time
async def test_every_kind_of_event_causes_a_look_but_its_own_ends():
    api = Api()
    async with running(api.streams):
        await asyncio.sleep(1)
        api.told.changes.get_nowait()
        for kind in ("executionReport", "outboundAccountPosition", "balanceUpdate", "listStatus", "somethingNew"):
            api.socket.say(subscriptionId=7, event={"e": kind, "E": 1})
            assert await api.told.next_change() == BTC
        api.socket.say(subscriptionId=6, event={"e": "eventStreamTerminated", "E": 1})
        api.socket.say(id=99, status=200, result={})
        await asyncio.sleep(1)
        assert api.told.changes.empty()
        assert len(api.given) == 1


@in_virtual_time
async def test_already_subscribed_and_listed_means_until_the_time_that_is_listed():
    api = Api()
    async with running(api.streams):
        await asyncio.sleep(1)
        api._refusals = [a_refusal(400, -2035)]
        api.listed = [{"subscriptionId": 3}, {"subscriptionId": 7, "expirationTime": api.server_now_ms() + 20 * HOUR * 1000}]
        await asyncio.sleep(20 * HOUR)
        methods = [request["method"] for request in api.socket.asked]
        assert methods == [SUBSCRIBE, SUBSCRIBE, LIST, SUBSCRIBE]
        assert api.given[2] == pytest.approx(19.2 * HOUR + 0.8 * 0.8 * HOUR, abs=2)


@in_virtual_time
async def test_already_subscribed_but_not_listed_needs_a_new_connection():
    api = Api()
    async with running(api.streams):
        await asyncio.sleep(1)
        api._refusals = [a_refusal(400, -2035)]
        await asyncio.sleep(19.2 * HOUR)
        assert [socket.closed for socket in api.dial.sockets] == [True, False]
        assert api.trouble() == ""
        assert api.health.failures() == {part(BTC): 1}


@in_virtual_time
async def test_a_token_called_bad_twice_is_a_trouble():
    api = Api(a_refusal(400, -1209), a_refusal(400, -1209))
    async with running(api.streams):
        await asyncio.sleep(0.25)
        assert api.trouble() == (
            "the stream of BTCUSDT: the listen token is wrong or over: get a new one (code -1209, status 400: no)"
        )
        await asyncio.sleep(0.5)
        assert api.trouble() == ""
        assert len(api.given) == 3


@in_virtual_time
async def test_a_limit_is_sat_out_to_the_moment_it_names():
    api = Api()
    api._refusals = [a_refusal(429, -1003, retryAfter=api.server_now_ms() + 90_000)]
    async with running(api.streams):
        await asyncio.sleep(100)
        assert api.dial.at == [0, 90]


@in_virtual_time
async def test_a_withdrawn_key_ends_the_connection_and_is_told():
    api = Api()
    async with running(api.streams):
        await asyncio.sleep(1)
        api.socket.say(id=None, status=401, error={"code": -2015, "msg": "Invalid API-key"})
        await asyncio.sleep(0.25)
        assert "code -2015" in api.trouble()
        assert api.socket.closed


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 200, "result": {}},
        {"status": 200, "result": {"subscriptionId": 7, "expirationTime": "soon"}},
        {"status": 200, "result": {"subscriptionId": 7, "expirationTime": 10**30}},
        {"status": "200", "result": {}},
    ],
)
@in_virtual_time
async def test_an_answer_that_cannot_be_read_is_a_trouble_and_no_defect(answer):
    api = Api(answer)
    async with running(api.streams):
        await asyncio.sleep(0.25)
        assert api.trouble().startswith("the stream said something unreadable: ")
        await asyncio.sleep(0.5)
        assert api.trouble() == ""


@in_virtual_time
async def test_a_subscription_without_an_expiry_lives_as_long_as_its_token():
    api = Api({"status": 200, "result": {"subscriptionId": 7}})
    async with running(api.streams):
        await asyncio.sleep(22 * HOUR)
        assert api.given == [0, pytest.approx(19.2 * HOUR)]


async def test_a_defect_of_whoever_is_told_ends_the_run_with_it_and_leaves_no_task():
    api = Api()

    def fail(symbol: str) -> None:
        raise ZeroDivisionError

    api.told.changed = fail  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        await api.streams.run(asyncio.Event())
    assert len(asyncio.all_tasks()) == 1
