"""Sharing: one account read for everybody who asks in the same moment, and never one that left before they asked."""

from __future__ import annotations

import asyncio

import pytest

from marginbot.domain.amounts import Symbol
from marginbot.engine.daemon.sharing import SingleFlight, sharing
from marginbot.errors import RequestRejected
from tests.engine.stage import ACCOUNT, a_stage
from tests.virtual_time import in_virtual_time


class Source:
    """Answers the number of the question after a second."""

    def __init__(self) -> None:
        self.asked = 0
        self.trouble: Exception | None = None

    async def __call__(self) -> int:
        self.asked += 1
        number = self.asked
        await asyncio.sleep(1)
        if self.trouble is not None:
            raise self.trouble
        return number


@in_virtual_time
async def test_all_who_ask_in_one_moment_share_one_request():
    source = Source()
    flight = SingleFlight(source)
    assert await asyncio.gather(*(flight() for _ in range(20))) == [1] * 20


@in_virtual_time
async def test_whoever_asks_while_a_request_is_under_way_gets_a_later_one():
    flight = SingleFlight(Source())
    first = asyncio.create_task(flight())
    await asyncio.sleep(0.5)
    assert (await flight(), await first) == (2, 1)


@in_virtual_time
async def test_an_error_reaches_everybody_who_waits():
    source = Source()
    source.trouble = ValueError("no answer")
    flight = SingleFlight(source)
    answers = await asyncio.gather(flight(), flight(), return_exceptions=True)
    assert (answers, source.asked) == ([source.trouble, source.trouble], 1)


@in_virtual_time
async def test_one_who_gives_up_leaves_the_others_their_answer():
    flight = SingleFlight(Source())
    hasty, patient = asyncio.create_task(flight()), asyncio.create_task(flight())
    await asyncio.sleep(0.5)
    hasty.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hasty
    assert await patient == 1


@in_virtual_time
async def test_twenty_looks_at_the_account_are_one_request_and_everything_else_goes_through():
    async with a_stage("long") as stage:
        exchange = sharing(stage.exchange)
        rows = await asyncio.gather(*(exchange.isolated_accounts() for _ in range(20)))
        assert len(stage.sent("GET", ACCOUNT)) == 1
        assert all(row is rows[0] for row in rows)
        assert (await exchange.spot_wallet()).uid == "1"


INFO = "/api/v3/exchangeInfo"


@in_virtual_time
async def test_the_rules_of_three_pairs_are_one_request_and_each_gets_its_own():
    async with a_stage("long") as stage:
        exchange = sharing(stage.exchange)
        wanted = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
        rules = await asyncio.gather(*(exchange.pair_rules(Symbol(symbol)) for symbol in wanted))
        assert [one.symbol for one in rules] == list(wanted)
        assert len(stage.sent("GET", INFO)) == 1


@in_virtual_time
async def test_a_pair_the_exchange_does_not_know_is_refused_alone():
    async with a_stage("long") as stage:
        exchange = sharing(stage.exchange)
        known, unknown = await asyncio.gather(
            exchange.pair_rules(Symbol("BTCUSDT")), exchange.pair_rules(Symbol("NOPEUSDT")), return_exceptions=True
        )
        assert not isinstance(known, BaseException)
        assert known.symbol == "BTCUSDT"
        assert isinstance(unknown, RequestRejected)
        assert len(stage.sent("GET", INFO)) == 3
