"""What a client meets when things go wrong on purpose, and whether the exchange had acted."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import httpx
import msgspec
import pytest

from marginbot.paper.canned import CANNED
from marginbot.paper.faults import Fault
from marginbot.paper.keys import PAPER_API_KEY
from marginbot.paper.transport import FaultTransport
from tests.paper.shell import ACCOUNT, NOW, REPAY, TIME, TRANSFER, Wall, an_exchange, signed

NEVER_DONE = ["connect_error", "connect_timeout", "pool_timeout", "write_error", "write_timeout"]
RAISED = {
    "connect_error": httpx.ConnectError,
    "connect_timeout": httpx.ConnectTimeout,
    "pool_timeout": httpx.PoolTimeout,
    "write_error": httpx.WriteError,
    "write_timeout": httpx.WriteTimeout,
    "read_error": httpx.ReadError,
    "read_timeout": httpx.ReadTimeout,
    "disconnect": httpx.RemoteProtocolError,
}


class Client:
    """An httpx client on a FaultTransport, with the world, the clock and the faults within reach."""

    def __init__(self, **options) -> None:
        self.wall = Wall()
        self.exchange = an_exchange(self.wall)
        self.transport = FaultTransport(self.exchange, sleep=self.wall.sleep, **options)
        self.http = httpx.AsyncClient(
            transport=self.transport, base_url="http://paper", headers={"X-MBX-APIKEY": PAPER_API_KEY}, timeout=5
        )

    def fault(self, when=None, **fields) -> None:
        self.exchange.faults.add(Fault(**fields), when)

    async def post(self, path=REPAY, *, at=NOW, **params):
        text = signed(urlencode({"asset": "USDT", **params, "timestamp": at}))
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self.http.post(path, content=text, headers=form)

    @property
    def done(self) -> list[str]:
        return [name for name, _ in self.exchange.world.done]


@asynccontextmanager
async def a_client(**options):
    client = Client(**options)
    async with client.http:
        yield client


async def test_without_faults_the_answer_arrives_with_its_headers():
    async with a_client() as client:
        answer = await client.post()
        assert answer.json()["done"] == "repay"
        assert answer.headers["X-SAPI-USED-UID-WEIGHT-1M"] == "1500"
        assert answer.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("kind", sorted(RAISED))
async def test_a_lost_request_raises_the_real_error_and_strikes_once(kind):
    async with a_client() as client:
        client.fault(kind=kind, method="POST", path=REPAY)
        with pytest.raises(RAISED[kind]):
            await client.post()
        assert client.done == ([] if kind in NEVER_DONE else ["repay"])
        assert (await client.post()).status_code == 200


@pytest.mark.parametrize(("kind", "executed"), [("read_timeout", False), ("disconnect", False), ("write_error", True)])
async def test_whether_the_exchange_acted_can_be_chosen(kind, executed):
    async with a_client() as client:
        client.fault(kind=kind, executed=executed)
        with pytest.raises(RAISED[kind]):
            await client.post()
        assert client.done == (["repay"] if executed else [])


@pytest.mark.parametrize("executed", [True, False])
@pytest.mark.parametrize("name", sorted(CANNED))
async def test_every_canned_answer_can_hide_either_truth(name, executed):
    async with a_client() as client:
        client.fault(kind="answer", canned=name, executed=executed)
        answer = await client.post()
        assert (answer.status_code, answer.content) == (CANNED[name].status, CANNED[name].body)
        assert client.done == (["repay"] if executed else [])


async def test_an_answer_can_be_made_up():
    async with a_client() as client:
        client.fault(kind="answer", status=418, body='{"code":-1003,"msg":"no"}', headers={"Retry-After": "7"})
        answer = await client.post()
        assert (answer.status_code, answer.headers["retry-after"], answer.json()["code"]) == (418, "7", -1003)


async def test_a_truncated_answer_cannot_be_read_though_the_exchange_acted():
    async with a_client() as client:
        client.fault(kind="truncated")
        answer = await client.post()
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            answer.json()
        assert (answer.status_code, client.done) == (200, ["repay"])


async def test_extra_keys_appear_in_every_object():
    async with a_client() as client:
        client.fault(kind="extra_keys")
        answer = (await client.post()).json()
        assert answer["paperExtraField"] == answer["params"]["paperExtraField"] == "unknown"


async def test_a_slow_answer_arrives_when_the_client_is_patient():
    async with a_client(latency_ms=20) as client:
        client.fault(kind="slow", after_ms=4000)
        assert (await client.post()).status_code == 200
        assert client.wall.now_ms == NOW + 4020


async def test_an_answer_slower_than_the_read_timeout_raises_after_exactly_that_time():
    async with a_client(latency_ms=20) as client:
        client.fault(kind="slow", after_ms=6000)
        with pytest.raises(httpx.ReadTimeout):
            await client.post()
        assert (client.wall.now_ms, client.done) == (NOW + 5000, ["repay"])


async def test_a_read_timeout_lets_the_whole_timeout_pass():
    async with a_client() as client:
        client.fault(kind="read_timeout")
        with pytest.raises(httpx.ReadTimeout):
            await client.post()
        assert client.wall.slept == [5]


async def test_a_held_request_is_carried_out_after_the_client_gave_up():
    gate = asyncio.Event()

    async def sleep(seconds: float) -> None:
        if seconds == 9:
            await gate.wait()

    async with a_client() as client:
        client.transport.sleep = sleep
        client.fault(kind="slow", before_ms=9000)
        with pytest.raises(httpx.ReadTimeout):
            await client.post()
        assert client.done == []
        gate.set()
        for _ in range(3):
            await asyncio.sleep(0)
        assert client.done == ["repay"]


async def test_a_client_that_is_cancelled_does_not_stop_what_was_held():
    gate = asyncio.Event()
    async with a_client() as client:
        client.transport.sleep = lambda seconds: gate.wait()
        client.fault(kind="slow", before_ms=1000)
        waiting = asyncio.create_task(client.post())
        for _ in range(20):
            await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        gate.set()
        for _ in range(3):
            await asyncio.sleep(0)
        assert client.done == ["repay"]


async def test_faults_pick_by_path_parameters_predicate_and_turn():
    async with a_client() as client:
        client.fault(kind="answer", status=500, path=TRANSFER)
        client.fault(kind="answer", status=501, params={"amount": "2"})
        client.fault(kind="answer", status=502, skip=1, count=2, when=lambda sent: sent.get("amount") == "3")
        client.fault(kind="answer", status=503, method="GET", count=None)
        statuses = [(await client.post(amount=str(amount))).status_code for amount in (1, 2, 2, 3, 3, 3, 3)]
        assert statuses == [200, 501, 200, 200, 502, 502, 200]
        assert [(await client.http.get(TIME)).status_code for _ in range(3)] == [503] * 3
        assert [fault.status for fault in client.exchange.faults.pending()] == [500, 503]


async def test_hooks_see_request_and_answer_and_may_change_the_world_between():
    seen = []

    async def after(request, response):
        seen.append((request.method, response.status_code))

    async with a_client(after=after, before=lambda request: seen.append(request.url.path)) as client:
        client.fault(kind="disconnect")
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post()
        assert seen == [REPAY, ("POST", 200)]


async def test_the_log_tells_every_request_and_its_end():
    async with a_client() as client:
        client.fault(kind="connect_error", path=TIME)
        with pytest.raises(httpx.ConnectError):
            await client.http.get(TIME)
        await client.post(amount="1")
        lost, answered = client.transport.log
        assert (lost.path, lost.status, lost.error) == (TIME, None, "ConnectError")
        assert (answered.method, answered.status) == ("POST", 200)
        assert answered.params == {"asset": "USDT", "amount": "1", "timestamp": str(NOW)}


async def test_a_defect_becomes_the_answer_500_and_never_an_exception(caplog):
    async with a_client() as client:
        answer = await client.post(asset="BROKEN")
        assert (answer.status_code, answer.json()["code"]) == (500, -1000)
        assert "ZeroDivisionError" in caplog.text


async def test_bytes_in_the_query_reach_the_exchange_as_sent():
    async with a_client() as client:
        answer = await client.http.get(f"{ACCOUNT}?{signed(f'symbols=BTCUSDT%2CETHUSDT&timestamp={NOW}')}")
        assert answer.json()["params"] == {"symbols": "BTCUSDT,ETHUSDT"}


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "answer"},
        {"kind": "answer", "canned": "-9"},
        {"kind": "connect_error", "executed": True},
        {"kind": "truncated", "executed": False},
    ],
)
def test_faults_that_contradict_themselves_are_refused(fields):
    with pytest.raises(ValueError, match=r"needs|no canned|never sent|none without"):
        Fault(**fields)


def test_a_mistyped_field_of_a_fault_is_refused():
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"kind":"slow","pth":"/x"}', type=Fault)
