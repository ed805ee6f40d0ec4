"""User streams over real sockets, against the emulator's own server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal as D
from typing import Any

import httpx

from marginbot.domain.amounts import Symbol
from marginbot.engine.daemon.health import Health
from marginbot.errors import ExchangeError, NotSent, ReadFailed
from marginbot.exchange.adapter import BinanceExchange
from marginbot.exchange.signing import HmacSigner
from marginbot.exchange.streams.user import UserStreams, part
from marginbot.exchange.tokens import ListenToken
from tests.exchange.conftest import an_exchange
from tests.exchange.streams.stage import BTC, ETH, HandClock, Line, Shop, Told, a_shop, running, until
from tests.no_tls import NO_TLS

HOUR = 3600


class HourTokens:
    """Tokens that live an hour; `first` are handed out before the real ones, an error among them is raised."""

    def __init__(self, shop: Shop, http: httpx.AsyncClient) -> None:
        self.given = 0
        self.first: list[str | ExchangeError] = []
        self._shop = shop
        self._http = http

    async def listen_token(self, symbol: Symbol) -> ListenToken:
        self.given += 1
        if self.first:
            wrong = self.first.pop(0)
            if isinstance(wrong, ExchangeError):
                raise wrong
            return ListenToken(wrong, self.server_now_ms() + HOUR * 1000)
        query = f"isIsolated=true&symbol={symbol}&validity={HOUR * 1000}"
        headers = {"X-MBX-APIKEY": self._shop.ready["api_key"]}
        answer = await self._http.post(f"{self._shop.ready['rest_url']}/sapi/v1/userListenToken?{query}", headers=headers)
        return ListenToken(answer.json()["token"], answer.json()["expirationTime"])

    def server_now_ms(self) -> int:
        return int(self._shop.exchange.clock() + self._shop.exchange.skipped_ms)


class Hearing:
    """User streams of a shop, everything they need, and what they told."""

    def __init__(self, shop: Shop, tokens: Any) -> None:
        self.clock, self.told, self.line, self.tokens = HandClock(), Told(), Line(), tokens
        self.health = Health(self.clock)
        self.streams = UserStreams(shop.ready["ws_api_url"], tokens, self.told, self.health, self.clock, lambda: 0.0, self.line)

    def quiet(self) -> bool:
        return self.told.changes.empty()

    async def settled(self) -> None:
        """A subscription causes a look by itself; what comes after that is news."""
        await self.told.next_change()
        assert self.quiet()


@asynccontextmanager
async def hearing(shop: Shop) -> AsyncIterator[Hearing]:
    async with httpx.AsyncClient(verify=NO_TLS, trust_env=False) as http:
        heard = Hearing(shop, HourTokens(shop, http))
        async with running(heard.streams):
            yield heard


@asynccontextmanager
async def the_adapter(shop: Shop, clock: HandClock) -> AsyncIterator[BinanceExchange]:
    keys: dict[str, Any] = {"api_key": shop.ready["api_key"], "signer": HmacSigner(shop.ready["api_secret"])}
    async with an_exchange(clock, rest_url=shop.ready["rest_url"], venue="paper", **keys) as exchange:  # type: ignore[arg-type]
        yield exchange


async def a_transfer(shop: Shop, symbol: Symbol = BTC) -> None:
    """Something happens on the account of a pair, by another client."""
    async with the_adapter(shop, HandClock()) as other:
        await other.server_time_ms()
        await other.top_up(symbol, "USDT", D(1))


async def test_what_happens_on_the_account_of_a_pair_causes_a_look_at_that_pair():
    async with a_shop() as shop, the_adapter(shop, HandClock()) as exchange:
        heard = Hearing(shop, exchange)
        async with running(heard.streams):
            heard.streams.follow(frozenset({BTC}))
            await heard.settled()
            await a_transfer(shop)
            assert await heard.told.next_change() == BTC
            assert heard.health.troubles() == {}


async def test_a_pair_no_longer_followed_is_heard_no_more():
    async with a_shop() as shop, hearing(shop) as heard:
        heard.streams.follow(frozenset({BTC}))
        await heard.settled()
        heard.streams.follow(frozenset())
        await until(lambda: not heard.line.open)
        await a_transfer(shop)
        assert heard.quiet()
        assert heard.health.failures() == {}
        heard.streams.follow(frozenset({BTC}))
        await heard.settled()


async def test_a_pair_that_cannot_be_heard_does_not_keep_others_from_it():
    async with a_shop() as shop, the_adapter(shop, HandClock()) as exchange:
        heard = Hearing(shop, exchange)
        async with running(heard.streams):
            heard.streams.follow(frozenset({BTC, Symbol("NOPEUSDT")}))
            await heard.settled()
            await until(lambda: part(Symbol("NOPEUSDT")) in heard.health.troubles())
            assert part(BTC) not in heard.health.troubles()


async def test_a_listen_token_is_renewed_before_its_end_on_the_same_connection():
    async with a_shop() as shop, hearing(shop) as heard:
        heard.streams.follow(frozenset({BTC}))
        await heard.settled()
        await shop.both_pass(heard.clock, 47 * 60)
        assert heard.tokens.given == 1
        await shop.both_pass(heard.clock, 2 * 60)
        await until(lambda: heard.tokens.given == 2)
        await shop.both_pass(heard.clock, 30 * 60)
        await a_transfer(shop)
        assert await heard.told.next_change() == BTC
        assert len(heard.line.made) == 1


async def test_a_subscription_that_the_exchange_ended_begins_again_with_a_look():
    async with a_shop() as shop, hearing(shop) as heard:
        heard.streams.follow(frozenset({BTC}))
        await heard.settled()
        await shop.control("advance", ms=HOUR * 1000)
        await heard.settled()
        assert heard.tokens.given == 2
        await a_transfer(shop)
        assert await heard.told.next_change() == BTC
        assert len(heard.line.made) == 1


async def test_a_token_called_bad_is_replaced_by_another_at_once():
    async with a_shop() as shop, hearing(shop) as heard:
        heard.tokens.first = ["no token at all"]
        heard.streams.follow(frozenset({BTC}))
        await heard.settled()
        assert heard.tokens.given == 2
        assert len(heard.line.made) == 1


async def test_an_exchange_that_refuses_to_renew_is_asked_until_when_it_hears_us():
    async with a_shop() as shop, hearing(shop) as heard:
        await shop.control("switch", name="stream_renewal", value="refused")
        heard.streams.follow(frozenset({BTC}))
        await heard.settled()
        await shop.both_pass(heard.clock, 49 * 60)
        await until(lambda: heard.tokens.given == 2)
        await a_transfer(shop)
        assert await heard.told.next_change() == BTC
        while not heard.quiet():
            heard.told.changes.get_nowait()
        await shop.control("advance", ms=12 * 60_000)
        await heard.settled()
        await a_transfer(shop)
        assert await heard.told.next_change() == BTC
        assert heard.health.failures() == {part(BTC): 0}
        assert len(heard.line.made) == 1


async def test_the_end_of_a_subscription_that_another_replaced_means_nothing():
    async with a_shop() as shop, hearing(shop) as heard:
        await shop.control("switch", name="stream_renewal", value="another")
        heard.streams.follow(frozenset({BTC}))
        await heard.settled()
        await shop.both_pass(heard.clock, 49 * 60)
        await until(lambda: heard.clock.sleep_of(HOUR) > 47 * 60)
        await shop.control("advance", ms=20 * 60_000)
        await a_transfer(shop)
        assert await heard.told.next_change() == BTC
        assert heard.tokens.given == 2


async def test_a_renewal_that_finds_no_token_uses_what_is_left_of_the_old_one():
    async with a_shop() as shop, hearing(shop) as heard:
        heard.streams.follow(frozenset({BTC}))
        await heard.settled()
        heard.tokens.first = [ReadFailed("no answer")]
        await shop.both_pass(heard.clock, 49 * 60)
        await until(lambda: heard.tokens.given == 2)
        await until(lambda: 8 * 60 < heard.clock.sleep_of(10 * 60) < 9 * 60)
        assert heard.health.troubles() == {}
        await shop.both_pass(heard.clock, 9 * 60)
        await until(lambda: heard.tokens.given == 3)
        await shop.both_pass(heard.clock, 10 * 60)
        await a_transfer(shop)
        assert await heard.told.next_change() == BTC
        assert len(heard.line.made) == 1


async def test_a_dropped_connection_is_made_again_with_a_look():
    async with a_shop() as shop, hearing(shop) as heard:
        heard.streams.follow(frozenset({BTC}))
        await heard.settled()
        await shop.control("streams", do="drop", kind="account")
        await until(lambda: "without a word" in heard.health.troubles().get(part(BTC), ""))
        heard.clock.let_pass(0.6)
        await heard.settled()
        assert heard.health.troubles() == {}
        assert heard.line.when == [0, 0]


async def test_at_the_announcement_of_a_restart_the_new_connection_comes_before_the_old_one_goes():
    async with a_shop() as shop, hearing(shop) as heard:
        heard.streams.follow(frozenset({BTC}))
        await heard.settled()
        await shop.control("streams", do="announce", kind="account")
        await until(lambda: len(heard.line.made) == 2 and len(heard.line.open) == 1)
        assert heard.line.when == [0, 1]
        await heard.settled()
        await a_transfer(shop)
        assert await heard.told.next_change() == BTC


async def test_a_token_that_cannot_be_had_is_a_trouble_and_asked_for_again_later():
    async with a_shop() as shop, hearing(shop) as heard:
        heard.tokens.first = [NotSent("the exchange could not be reached")]
        heard.streams.follow(frozenset({BTC}))
        await until(lambda: heard.health.troubles() == {part(BTC): "the exchange could not be reached"})
        heard.clock.let_pass(0.6)
        await heard.settled()
        assert heard.health.troubles() == {}


async def test_each_pair_has_a_connection_of_its_own():
    async with a_shop() as shop, hearing(shop) as heard:
        await shop.control("switch", name="one_account_per_stream", value=True)
        await a_transfer(shop, ETH)
        heard.streams.follow(frozenset({BTC, ETH}))
        assert {await heard.told.next_change(), await heard.told.next_change()} == {BTC, ETH}
        assert len(heard.line.open) == 2
