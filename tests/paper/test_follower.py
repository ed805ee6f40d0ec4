"""A world that follows another exchange: another paper exchange plays that one, and every question to it is counted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from decimal import Decimal as D
from typing import Any
from urllib.parse import urlencode

import pytest

from marginbot.paper.books.actions import change_filters, set_status
from marginbot.paper.embedded import fresh_exchange
from marginbot.paper.errors import PaperError
from marginbot.paper.follower import Follower, survey
from marginbot.paper.messages import Request
from tests.paper.shell import Wall

DEPTH, TICKERS, INFO = "/api/v3/depth", "/api/v3/ticker/bookTicker", "/api/v3/exchangeInfo"
ORDER = ("POST", "/sapi/v1/margin/order")


class Unreachable(Exception):
    """What the way to the other exchange may raise."""


class Stage:
    """Two exchanges on one clock, the second of them followed by the first."""

    def __init__(self) -> None:
        self.wall = Wall()
        self.other = fresh_exchange(self.wall, "empty")
        self.own = fresh_exchange(self.wall, "empty")
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        self.down = False
        self.follower = Follower(self.own, self.ask, lambda: self.wall() / 1000)

    async def ask(self, path: str, params: Mapping[str, str]) -> Any:
        self.asked.append((path, params))
        await asyncio.sleep(0)
        if self.down:
            raise Unreachable
        response = self.other.handle(Request("GET", path, urlencode(params).encode()))
        if response.status != 200:
            raise Unreachable
        return json.loads(response.body)

    async def look(self, **params: str) -> None:
        await self.follower.before("GET", "/sapi/v1/margin/isolated/account", params)

    def passes(self, seconds: float) -> None:
        self.wall.now_ms += round(seconds * 1000)

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def test_prices_are_the_other_exchanges_and_no_older_than_a_second(stage: Stage):
    market = stage.own.world.market("BTCUSDT")
    stage.other.world.set_price("BTCUSDT", "60000")
    await stage.look()
    assert (market.mid, market.index) == (D(60000), D(60000))
    stage.other.world.set_price("BTCUSDT", "50000")
    stage.passes(0.9)
    await stage.look()
    assert market.mid == D(60000)
    stage.passes(0.1)
    await stage.look()
    assert market.mid == D(50000)
    assert stage.paths == [TICKERS, INFO, TICKERS]


async def test_many_who_ask_at_once_cost_one_question(stage: Stage):
    await asyncio.gather(*(stage.look() for _ in range(8)))
    stage.passes(1)
    await asyncio.gather(*(stage.look() for _ in range(8)))
    assert stage.paths == [TICKERS, INFO, TICKERS]


async def test_the_index_comes_after_the_price_within_ten_seconds(stage: Stage):
    market = stage.own.world.market("BTCUSDT")
    await stage.look()
    for second in range(20):
        stage.passes(1)
        if second == 9:
            stage.other.world.set_price("BTCUSDT", "98000")
        await stage.look()
        if second == 9:
            assert market.mid == D(98000)
            assert D(99000) < market.index < D(100000)
    assert market.index == D(98000)


async def test_what_was_seen_before_a_long_silence_does_not_smooth_the_index(stage: Stage):
    await stage.look()
    stage.other.world.set_price("BTCUSDT", "60000")
    stage.passes(60)
    await stage.look()
    assert stage.own.world.market("BTCUSDT").index == D(60000)


async def test_an_order_meets_the_book_that_the_other_exchange_shows(stage: Stage):
    stage.other.world.set_price("BTCUSDT", "60000")
    await stage.follower.before(*ORDER, {"symbol": "BTCUSDT"})
    market = stage.own.world.market("BTCUSDT")
    theirs = stage.other.world.market("BTCUSDT")
    assert list(market.depth("SELL")) == list(theirs.depth("SELL"))
    assert market.best("BUY") == theirs.best("BUY")
    assert stage.asked[-1] == (DEPTH, {"symbol": "BTCUSDT", "limit": "500"})


async def test_a_deeper_question_about_the_book_is_asked_again(stage: Stage):
    for limit in ("100", "50", "1000"):
        await stage.follower.before("GET", DEPTH, {"symbol": "ETHUSDT", "limit": limit})
    assert [params["limit"] for path, params in stage.asked if path == DEPTH] == ["100", "1000"]


async def test_a_price_that_moved_takes_the_old_book_away(stage: Stage):
    await stage.follower.before(*ORDER, {"symbol": "BTCUSDT"})
    stage.other.world.set_price("BTCUSDT", "90000")
    stage.passes(1)
    await stage.look()
    assert stage.own.world.market("BTCUSDT").best("SELL") <= D(90000)
    await stage.follower.before(*ORDER, {"symbol": "BTCUSDT"})
    assert stage.paths.count(DEPTH) == 2


async def test_an_empty_side_is_empty_here_too(stage: Stage):
    stage.other.world.market("BTCUSDT").empty = ["bids"]
    await stage.follower.before(*ORDER, {"symbol": "BTCUSDT"})
    market = stage.own.world.market("BTCUSDT")
    assert (market.is_empty("SELL"), market.is_empty("BUY"), market.mid) == (True, False, D(100000))


async def test_a_price_that_falls_liquidates_while_nobody_asks_for_the_account(stage: Stage):
    own = fresh_exchange(stage.wall, "long")
    follower = Follower(own, stage.ask, lambda: stage.wall() / 1000)
    stage.other.world.set_price("BTCUSDT", "80000")
    await follower.refresh()
    assert own.world.account(1).isolated["BTCUSDT"].liquidating_until is not None


async def test_rules_and_status_are_the_other_exchanges(stage: Stage):
    change_filters(stage.other.world, "BTCUSDT", min_notional="7.5", market_max_quantity="3")
    set_status(stage.other.world, "ETHUSDT", "HALT")
    await stage.look()
    markets = stage.own.world.markets
    assert (markets["BTCUSDT"].listing.min_notional, markets["BTCUSDT"].listing.market_max_quantity) == (D("7.5"), D(3))
    assert (markets["BTCUSDT"].listing.leverage, markets["ETHUSDT"].status) == (10, "HALT")


async def test_rules_are_read_anew_after_an_hour_and_after_a_failure(stage: Stage):
    await stage.look()
    stage.passes(3600)
    await stage.look()
    assert stage.paths.count(INFO) == 2
    del stage.other.world.markets["SOLUSDT"]
    stage.passes(1)
    with pytest.raises(Unreachable):
        await stage.look()
    await stage.look()
    assert stage.own.world.market("SOLUSDT").status == "BREAK"


async def test_who_waits_for_a_question_that_fails_fails_with_it(stage: Stage):
    stage.down = True
    results = await asyncio.gather(*(stage.look() for _ in range(5)), return_exceptions=True)
    assert [type(result) for result in results] == [Unreachable] * 5
    assert stage.paths == [TICKERS]


async def test_the_clock_is_told_without_any_question(stage: Stage):
    stage.down = True
    await stage.follower.before("GET", "/api/v3/time", {})
    assert stage.asked == []


async def test_a_survey_of_an_exchange_that_lists_nothing_of_ours_is_an_error(stage: Stage):
    with pytest.raises(PaperError, match="lists none of the pairs"):
        await survey(stage.ask, {})
