"""The ASGI side: bodies, control endpoints, WebSockets, and who may use the controls."""

from __future__ import annotations

import httpx
import pytest

from marginbot.paper.app import App
from marginbot.paper.keys import PAPER_API_KEY
from marginbot.paper.messages import Request, Response, error_response
from tests.paper.shell import ACCOUNT, NOW, REPAY, TIME, TRANSFER, Wall, an_exchange, signed


def a_client(exchange, peer="127.0.0.1", **options):
    transport = httpx.ASGITransport(App(exchange, **options), client=(peer, 5000))
    return httpx.AsyncClient(transport=transport, base_url="http://paper", headers={"X-MBX-APIKEY": PAPER_API_KEY})


async def test_a_form_a_query_and_headers_pass_through():
    async with a_client(an_exchange()) as client:
        text = signed(f"asset=USDT&timestamp={NOW}")
        answer = await client.post(REPAY, content=text, headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.json()["params"] == {"asset": "USDT"}
        assert int(answer.headers["content-length"]) == len(answer.content)
        assert (await client.get(f"{ACCOUNT}?{signed(f'timestamp={NOW}')}")).json()["uid"] == 7


async def test_a_body_without_end_is_cut_off_at_the_limit():
    async with a_client(an_exchange()) as client:
        assert (await client.post(REPAY, content=b"a" * 70_000)).status_code == 413


async def test_latency_passes_through_the_sleep_that_was_handed_in():
    wall = Wall()
    async with a_client(an_exchange(wall), latency_ms=150, sleep=wall.sleep) as client:
        await client.get(TIME)
    assert wall.slept == [0.15]


async def test_whoever_must_be_asked_first_is_waited_for_and_may_answer_instead():
    asked = []

    async def ahead(request: Request) -> Response | None:
        asked.append((request.method, request.path))
        return error_response(-1004, "Server is busy.", 503) if request.path == ACCOUNT else None

    exchange = an_exchange()
    async with a_client(exchange, ahead=ahead) as client:
        assert (await client.get(TIME)).status_code == 200
        assert (await client.get(ACCOUNT)).json()["code"] == -1004
        assert (await client.get("/paper/log")).status_code == 200
    assert asked == [("GET", TIME), ("GET", ACCOUNT)]
    assert [entry.path for entry in exchange.log] == [TIME]


async def test_faults_are_armed_listed_and_disarmed_by_the_controls():
    exchange = an_exchange()
    async with a_client(exchange) as client:
        fault = {"kind": "answer", "canned": "-1007", "executed": True, "path": REPAY}
        assert (await client.post("/paper/faults", json=[fault])).json() == {"armed": 1}
        assert (await client.get("/paper/faults")).json()[0]["canned"] == "-1007"
        text = signed(f"asset=USDT&timestamp={NOW}")
        assert (await client.post(f"{REPAY}?{text}")).status_code == 504
        assert len(exchange.world.done) == 1
        await client.post("/paper/faults", json=[{"kind": "slow", "count": None}])
        await client.delete("/paper/faults")
        assert exchange.faults.pending() == []
        assert (await client.post("/paper/faults", json=[{"kind": "nonsense"}])).status_code == 400


async def test_the_log_of_the_controls_shows_no_signature():
    async with a_client(an_exchange()) as client:
        await client.post(f"{REPAY}?{signed(f'asset=USDT&timestamp={NOW}')}")
        (entry,) = (await client.get("/paper/log")).json()
        assert entry["params"] == {"asset": "USDT", "timestamp": str(NOW)}
        assert (entry["method"], entry["status"]) == ("POST", 200)


async def test_time_can_be_moved_on_but_not_back():
    async with a_client(an_exchange()) as client:
        assert (await client.post("/paper/advance", json={"ms": 3_600_000})).json() == {"serverTime": NOW + 3_600_000}
        assert (await client.get(TIME)).json() == {"serverTime": NOW + 3_600_000}
        assert (await client.post("/paper/advance", json={"ms": -1})).status_code == 400


async def test_a_key_with_fewer_rights_can_be_had():
    async with a_client(an_exchange()) as client:
        made = (await client.post("/paper/keys", json={"rights": {"permitsUniversalTransfer": False}})).json()
        headers = {"X-MBX-APIKEY": made["api_key"]}
        text = signed(f"asset=USDT&timestamp={NOW}", made["api_secret"])
        assert (await client.post(f"{TRANSFER}?{text}", headers=headers)).json()["code"] == -2015
        assert (await client.post(f"{REPAY}?{text}", headers=headers)).status_code == 200
        assert (await client.post("/paper/keys", json={"rights": {"mayFly": True}})).status_code == 400


@pytest.mark.parametrize(("peer", "headers"), [("10.0.0.5", {}), ("unknown", {}), ("127.0.0.1", {"Origin": "http://evil"})])
async def test_strangers_and_web_pages_have_no_controls(peer, headers):
    async with a_client(an_exchange(), peer) as client:
        assert (await client.get("/paper/log", headers=headers)).status_code == 403
        assert (await client.get(TIME, headers=headers)).status_code == 200


async def test_a_control_that_does_not_exist_is_said_so():
    async with a_client(an_exchange()) as client:
        assert (await client.get("/paper/nothing")).status_code == 404


async def test_a_websocket_at_an_address_without_streams_is_refused():
    sent = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    await App(an_exchange())({"type": "websocket", "path": "/elsewhere"}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]
