"""The hand of whoever runs the exchange, over its socket: switches and events on a real world."""

from __future__ import annotations

import httpx
import pytest

from marginbot.paper.app import App
from marginbot.paper.embedded import fresh_exchange
from tests.paper.shell import Wall

ODD_BOOK = {"at": 0, "do": "set_book", "symbol": "BTCUSDT", "state": "odd"}


@pytest.fixture
def exchange():
    return fresh_exchange(Wall(), "long")


def a_client(exchange):
    return httpx.AsyncClient(transport=httpx.ASGITransport(App(exchange), client=("127.0.0.1", 5000)), base_url="http://paper")


async def test_switches_change_by_name(exchange):
    async with a_client(exchange) as client:
        answer = await client.post("/paper/switch", json={"name": "account_lag_ms", "value": 2000})
        assert (answer.status_code, exchange.world.config.account_lag_ms) == (200, 2000)
        await client.post("/paper/switch", json={"name": "auto_repay_share", "value": "0.9"})
        assert str(exchange.world.config.auto_repay_share) == "0.9"
        assert (await client.post("/paper/switch", json={"name": "nothing", "value": 1})).status_code == 400


async def test_events_are_planned_from_now_on_and_listed_with_what_became_of_them(exchange):
    async with a_client(exchange) as client:
        await client.post("/paper/advance", json={"ms": 5000})
        now = {"at": 0, "do": "set_book", "symbol": "BTCUSDT", "state": "empty"}
        later = {"at": 3, "do": "set_price", "symbol": "BTCUSDT", "price": "90000"}
        assert (await client.post("/paper/event", json=now)).json()["outcome"] == "done"
        assert (await client.post("/paper/event", json=later)).json()["outcome"] == ""
        assert (await client.get("/api/v3/depth?symbol=BTCUSDT")).json()["bids"] == []
        await client.post("/paper/advance", json={"ms": 3000})
        assert (await client.get("/api/v3/ticker/price?symbol=BTCUSDT")).json()["price"] == "90000"
        assert [event["outcome"] for event in (await client.get("/paper/events")).json()] == ["done", "done"]


@pytest.mark.parametrize("row", [{"at": 0}, {"at": 0, "do": "explode"}, {"at": 0, "do": "set_price"}, [1], ODD_BOOK])
async def test_an_event_that_makes_no_sense_is_refused_and_forgotten(exchange, row):
    async with a_client(exchange) as client:
        assert (await client.post("/paper/event", json=row)).status_code == 400
        assert exchange.world.events == []


async def test_an_event_that_turns_out_impossible_says_so_and_the_world_goes_on(exchange):
    async with a_client(exchange) as client:
        assert (await client.post("/paper/event", json=ODD_BOOK | {"at": 2})).status_code == 200
        await client.post("/paper/advance", json={"ms": 3000})
        (event,) = (await client.get("/paper/events")).json()
        assert "no book is 'odd'" in event["outcome"]
        assert (await client.get("/api/v3/time")).json()["serverTime"] == exchange.world.now_ms
