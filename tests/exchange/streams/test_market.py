"""The market stream over real sockets, against the emulator's own server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from marginbot.engine.daemon.health import Health
from marginbot.exchange.streams.market import PART, MarketStream
from marginbot.paper.exchange import Switches
from marginbot.paper.weights import Limits
from tests.exchange.streams.stage import BTC, ETH, HandClock, Line, Shop, Told, a_shop, running, until

FIVE_MINUTES_MS = 300_000


class Market:
    """A market stream of a shop, everything it needs, and what it told."""

    def __init__(self, shop: Shop) -> None:
        self.clock, self.told, self.line = HandClock(), Told(), Line()
        self.health = Health(self.clock)
        self.stream = MarketStream(shop.ready["stream_url"], self.told, self.health, self.clock, lambda: 0.0, self.line)

    def trouble(self) -> str:
        return self.health.troubles().get(PART, "")

    def trouble_after_another_second(self) -> str:
        self.clock.let_pass(1)
        return self.trouble()


@asynccontextmanager
async def a_market(shop: Shop) -> AsyncIterator[Market]:
    market = Market(shop)
    async with running(market.stream):
        yield market


async def test_ticks_of_the_pairs_followed_arrive_as_they_change_and_no_others():
    async with a_shop() as shop, a_market(shop) as market:
        market.stream.follow(frozenset({BTC}))
        assert await market.told.next_tick() == (BTC, 99990.0, 100010.0)
        await shop.price(ETH, 3000)
        await shop.price(BTC, 90000)
        assert await market.told.next_tick() == (BTC, 89991.0, 90009.0)
        market.stream.follow(frozenset({ETH}))
        assert (await market.told.next_tick())[0] == ETH
        await shop.price(BTC, 80000)
        await shop.price(ETH, 2900)
        assert (await market.told.next_tick())[0] == ETH
        assert len(market.line.made) == 1


async def test_without_a_pair_there_is_neither_connection_nor_complaint():
    async with a_shop() as shop, a_market(shop) as market:
        market.stream.follow(frozenset({BTC}))
        await market.told.next_tick()
        market.stream.follow(frozenset())
        await until(lambda: not market.line.open and market.health.failures() == {})  # closed, and nobody expects it any more
        assert market.trouble_after_another_second() == ""
        market.clock.let_pass(60)
        assert market.trouble() == ""
        market.stream.follow(frozenset({BTC}))
        await market.told.next_tick()
        assert len(market.line.made) == 2


async def test_a_dropped_connection_is_a_trouble_until_ticks_come_again():
    async with a_shop() as shop, a_market(shop) as market:
        market.stream.follow(frozenset({BTC}))
        await market.told.next_tick()
        await shop.control("streams", do="drop", kind="market")
        await until(lambda: "ended without a word" in market.trouble())
        assert len(market.line.made) == 1
        market.clock.let_pass(0.6)
        await shop.price(BTC, 90000)
        await market.told.the_tick(BTC, 89991.0)
        await until(lambda: market.trouble_after_another_second() == "")
        assert market.line.when == [0, 0]


async def test_at_the_announcement_of_a_restart_the_new_connection_comes_before_the_old_one_goes():
    async with a_shop() as shop, a_market(shop) as market:
        market.stream.follow(frozenset({BTC}))
        await market.told.next_tick()
        await shop.control("streams", do="announce", kind="market")
        await until(lambda: len(market.line.made) == 2 and len(market.line.open) == 1)
        assert market.line.when == [0, 1]
        assert market.line.open == market.line.made[1:]
        await shop.price(BTC, 90000)
        await market.told.the_tick(BTC, 89991.0)
        assert market.trouble() == ""


async def test_a_connection_is_replaced_before_its_24_hours_are_over():
    async with a_shop() as shop, a_market(shop) as market:
        market.stream.follow(frozenset({BTC}))
        await market.told.next_tick()
        await shop.both_pass(market.clock, 23 * 3600 + 1)
        await until(lambda: len(market.line.made) == 2 and len(market.line.open) == 1)
        assert market.line.when == [0, 1]
        await shop.both_pass(market.clock, 3600)
        await shop.price(BTC, 90000)
        await market.told.the_tick(BTC, 89991.0)
        assert market.line.made[0].close_code == 1000


async def test_a_stream_that_is_open_and_silent_is_a_fault_after_10_seconds_until_it_speaks():
    async with a_shop() as shop, a_market(shop) as market:
        market.stream.follow(frozenset({BTC}))
        await market.told.next_tick()
        await shop.control("streams", do="silence", kind="market")
        began = market.clock.passed
        await until(lambda: market.trouble_after_another_second() != "")
        assert "expected every 10 s" in market.trouble()
        assert 9 <= market.clock.passed - began <= 14
        assert len(market.line.open) == 1
        await until(lambda: "nothing was heard for 3" in market.trouble_after_another_second())
        await until(lambda: market.trouble_after_another_second() != "" and len(market.line.made) > 1)
        await shop.control("streams", do="resume", kind="market")
        await until(lambda: market.trouble_after_another_second() == "")


async def test_a_calm_market_is_no_silence():
    async with a_shop() as shop, a_market(shop) as market:
        market.stream.follow(frozenset({ETH}))
        await market.told.next_tick()
        for _ in range(4):
            market.clock.let_pass(5)
            await shop.control("advance", ms=5000)
            await until(lambda: market.health.failures() == {PART: 0} and market.trouble_after_another_second() == "")
        assert market.told.ticks.empty()
        assert market.trouble() == ""


async def test_a_handshake_refused_for_too_many_attempts_is_repeated_after_the_time_it_names():
    one = Switches(limits=Limits(connections=1))
    async with a_shop(one, began_ms=6_000_000 * FIVE_MINUTES_MS) as shop, a_market(shop) as market:
        market.stream.follow(frozenset({BTC}))
        await market.told.next_tick()
        await shop.control("streams", do="drop", kind="market")
        await until(lambda: market.trouble() != "")
        market.clock.let_pass(1)
        await until(lambda: "HTTP 429" in market.trouble())
        await until(lambda: 280 < market.clock.longest_sleep <= 300)
        assert len(market.line.when) == 2
        await shop.both_pass(market.clock, 301)
        await market.told.next_tick()
        assert len(market.line.when) == 3
