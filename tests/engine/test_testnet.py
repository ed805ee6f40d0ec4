"""Venue testnet, wired: margin books here, prices from a testnet that a paper exchange plays, under virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal as D
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from marginbot.app import open_app
from marginbot.app.following import Following
from marginbot.domain.amounts import Symbol
from marginbot.domain.plan import Goal
from marginbot.engine.journal.journal import Journal
from marginbot.engine.report import Outcome, StepStatus
from marginbot.errors import NotSent
from marginbot.exchange.spot_testnet import open_spot_testnet
from marginbot.paper.books.actions import set_status
from marginbot.paper.embedded import fresh_exchange
from marginbot.paper.faults import Fault
from marginbot.paper.follower import Follower
from marginbot.paper.keys import PAPER_API_KEY, PAPER_API_SECRET
from marginbot.paper.messages import Request
from marginbot.settings import Settings
from tests.elsewhere import Elsewhere, put_elsewhere
from tests.empty_folder import emptied, typed_settings
from tests.virtual_time import VirtualClock, in_virtual_time

BTCUSDT, SOLUSDT = Symbol("BTCUSDT"), Symbol("SOLUSDT")
TO_FLAT = Goal(BTCUSDT)
KEYS = {"exchange__api_key": PAPER_API_KEY, "exchange__api_secret": PAPER_API_SECRET}
ACCOUNT = "/sapi/v1/margin/isolated/account"
CHECK, TICKERS, DEPTH = "POST /api/v3/order/test", "GET /api/v3/ticker/bookTicker", "GET /api/v3/depth"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return emptied(tmp_path, monkeypatch)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Callable[[VirtualClock], Elsewhere]:
    """The testnet on the clock of the test, BTC at 60,000 there."""

    def put(clock: VirtualClock) -> Elsewhere:
        found = put_elsewhere(monkeypatch, clock.now_ms, clock.sleep)
        found.price("BTCUSDT", "60000")
        return found

    return put


def settings(**typed: str) -> Settings:
    return typed_settings(**{"venue": "testnet"} | typed)


@in_virtual_time
async def test_the_books_begin_at_the_testnets_prices_and_follow_them(elsewhere):
    clock = VirtualClock()
    there = elsewhere(clock)
    async with open_app(settings(), clock=clock) as app:
        (pair,) = (await app.status((BTCUSDT,))).pairs
        assert (pair.account.index_price, pair.account.quote.borrowed) == (D(60000), D(2400))
        there.price("BTCUSDT", "55000")
        await clock.sleep(20)
        await app.status((BTCUSDT,))
        await clock.sleep(20)
        (pair,) = (await app.status((BTCUSDT,))).pairs
        assert pair.account.index_price == D(55000)
    there.assert_only_market_data()


@in_virtual_time
async def test_an_unwind_trades_on_the_testnets_book_after_its_word_on_the_order(elsewhere):
    clock = VirtualClock()
    there = elsewhere(clock)
    async with open_app(settings(**KEYS), clock=clock) as app:
        report = await app.unwind(TO_FLAT).run()
        again = await app.unwind(TO_FLAT).run()
    assert (report.outcome, again.outcome, again.steps) == (Outcome.FLAT, Outcome.FLAT, [])
    assert (there.calls.count(CHECK), report.exit_code) == (1, 0)
    # 0.05 BTC at the best bid of 59,994, less 0.1 %, and the 7.50 that lay there, less the debt with three hours of interest
    assert report.swept["USDT"] == D("0.05") * 59994 * D("0.999") + D("7.5") - D("2400.072")
    there.assert_only_market_data()


@in_virtual_time
async def test_an_order_that_the_testnet_refuses_is_a_refused_step_and_nothing_is_traded(elsewhere):
    clock = VirtualClock()
    there = elsewhere(clock)
    refusal = json.dumps({"code": -1013, "msg": "Filter failure: LOT_SIZE"})
    there.exchange.faults.add(Fault(kind="answer", path="/api/v3/order/test", status=400, body=refusal, count=None))
    async with open_app(settings(**KEYS, unwind__deadline="20"), clock=clock) as app:
        report = await app.unwind(TO_FLAT).run()
        (pair,) = (await app.status((BTCUSDT,))).pairs
    refused = [step for step in report.steps if step.kind == "close"]
    assert refused
    assert {step.status for step in refused} == {StepStatus.REJECTED}
    assert (report.outcome, report.exit_code) == (Outcome.STOPPED, 1)
    assert pair.account.base.free == D("0.05")
    assert "order/test" in report.reason or "LOT_SIZE" in report.reason


@in_virtual_time
async def test_a_lost_word_on_an_order_is_asked_for_again_and_the_order_was_not_sent(elsewhere):
    clock = VirtualClock()
    there = elsewhere(clock)
    there.exchange.faults.add(Fault(kind="read_timeout", path="/api/v3/order/test"))
    async with open_app(settings(**KEYS), clock=clock) as app:
        report = await app.unwind(TO_FLAT).run()
    assert report.outcome is Outcome.FLAT
    assert there.calls.count(CHECK) == 2
    assert StepStatus.UNKNOWN not in {step.status for step in report.steps}


@in_virtual_time
async def test_without_a_key_orders_are_not_checked_and_a_log_says_so_once(elsewhere):
    clock = VirtualClock()
    there = elsewhere(clock)
    with capture_logs() as logs:
        async with open_app(settings(), clock=clock) as app:
            assert (await app.unwind(TO_FLAT).run()).outcome is Outcome.FLAT
            assert (await app.unwind(Goal(SOLUSDT)).run()).outcome is Outcome.FLAT
    told = [line for line in logs if "not checked by the testnet" in line["event"]]
    assert (len(told), told[0]["log_level"], there.calls.count(CHECK)) == (1, "warning", 0)


@in_virtual_time
async def test_a_plan_checks_no_order_and_changes_nothing_here(elsewhere):
    clock = VirtualClock()
    there = elsewhere(clock)
    async with open_app(settings(**KEYS), dry_run=True, clock=clock) as app:
        assert (await app.plan(TO_FLAT)).outcome is Outcome.PLANNED
    assert there.calls.count(CHECK) == 0
    assert set(there.calls) == {TICKERS, DEPTH, "GET /api/v3/exchangeInfo"}


@in_virtual_time
async def test_books_that_cannot_begin_say_whose_prices_are_missing(elsewhere, folder):
    clock = VirtualClock()
    there = elsewhere(clock)
    there.down = True
    with pytest.raises(NotSent, match=r"the margin books begin at the prices of testnet\.binance\.vision"):
        async with open_app(settings(), clock=clock):
            pass
    assert not (folder / "state" / "marginbot" / "testnet" / "paper-world.json").exists()


@in_virtual_time
async def test_books_without_a_pair_to_trade_do_not_begin(elsewhere, folder):
    clock = VirtualClock()
    there = elsewhere(clock)
    for symbol in there.exchange.world.markets:
        set_status(there.exchange.world, symbol, "BREAK")
    with pytest.raises(NotSent, match="none of the emulator's pairs is traded there now"):
        async with open_app(settings(), clock=clock):
            pass
    assert not (folder / "state" / "marginbot" / "testnet" / "paper-world.json").exists()


DELISTED = json.dumps({"code": -1121, "msg": "Invalid symbol."})


@pytest.mark.parametrize(
    "once", [{"kind": "answer", "status": 400, "body": DELISTED}, {"kind": "disconnect"}], ids=["refused", "lost"]
)
@in_virtual_time
async def test_one_failure_does_not_keep_the_books_from_beginning(elsewhere, once):
    clock = VirtualClock()
    there = elsewhere(clock)
    there.exchange.faults.add(Fault(path="/api/v3/exchangeInfo", **once))
    async with open_app(settings(), clock=clock) as app:
        assert len((await app.status()).pairs) == 4


@in_virtual_time
async def test_an_unwind_waits_for_a_testnet_that_comes_back_and_sends_nothing_meanwhile(elsewhere):
    clock = VirtualClock()
    there = elsewhere(clock)
    async with open_app(settings(**KEYS), clock=clock) as app:
        await app.status()
        await clock.sleep(5)
        there.down = True
        running = asyncio.create_task(app.unwind(TO_FLAT).run())
        await clock.sleep(10)
        assert not running.done()
        there.down = False
        assert (await running).outcome is Outcome.FLAT


@in_virtual_time
async def test_a_testnet_that_stays_away_ends_an_unwind_as_an_exchange_that_cannot_be_reached(elsewhere):
    clock = VirtualClock()
    there = elsewhere(clock)
    async with open_app(settings(unwind__deadline="15"), clock=clock) as app:
        there.down = True
        report = await app.unwind(TO_FLAT).run()
    assert (report.outcome, report.exit_code) == (Outcome.STOPPED, 4)
    assert "testnet.binance.vision shows no prices now" in report.reason


@in_virtual_time
async def test_who_asks_books_that_another_process_holds_is_told_when_they_know_no_prices(elsewhere):
    clock = VirtualClock()
    there = elsewhere(clock)
    own = fresh_exchange(clock.now_ms, "long")
    async with open_spot_testnet(
        rest_url=settings().base_url, api_key=None, signer=None, clock=clock, ban_store=Journal("sqlite://"), timeout=5
    ) as testnet:
        following = Following(Follower(own, testnet.ask, clock.monotonic), testnet, clock, 5)
        look, repay = Request("GET", ACCOUNT), Request("POST", "/sapi/v1/margin/borrow-repay")
        assert await following.ahead(look) is None
        there.down = True
        await clock.sleep(2)
        told = [await following.ahead(request) for request in (look, repay)]
    # Read again; refused, so that nobody looks for an effect.
    assert [(answer.status, json.loads(answer.body)["code"]) for answer in told if answer] == [(503, -1004), (400, -1004)]


@in_virtual_time
async def test_the_books_are_followed_all_the_time_through_failures_too(elsewhere):
    clock = VirtualClock()
    there = elsewhere(clock)
    own = fresh_exchange(clock.now_ms, "empty")
    async with open_spot_testnet(
        rest_url=settings().base_url, api_key=None, signer=None, clock=clock, ban_store=Journal("sqlite://"), timeout=5
    ) as testnet:
        keeping = asyncio.create_task(Following(Follower(own, testnet.ask, clock.monotonic), testnet, clock, 5).keep())
        await clock.sleep(1.5)
        there.down = True
        await clock.sleep(3)
        there.down = False
        there.price("BTCUSDT", "50000")
        await clock.sleep(1.5)
        keeping.cancel()
    assert own.world.market("BTCUSDT").mid == D(50000)
    there.assert_only_market_data()


@in_virtual_time
async def test_the_world_of_venue_paper_is_another_one(elsewhere, folder):
    clock = VirtualClock()
    elsewhere(clock)
    async with open_app(settings(venue="paper"), clock=clock) as app:
        await app.status()
    before = (folder / "state" / "marginbot" / "paper-world.json").read_bytes()
    async with open_app(settings(), clock=clock) as app:
        await app.unwind(TO_FLAT).run()
    assert (folder / "state" / "marginbot" / "paper-world.json").read_bytes() == before
    async with open_app(settings(venue="paper"), clock=clock) as app:
        (pair,) = (await app.status((BTCUSDT,))).pairs
        assert (pair.account.index_price, list(app.journal.history())) == (D(100000), [])


@in_virtual_time
async def test_pairs_that_the_testnet_does_not_list_are_not_in_the_books(elsewhere):
    clock = VirtualClock()
    there = elsewhere(clock)
    del there.exchange.world.markets["SOLUSDT"]
    async with open_app(settings(), clock=clock) as app:
        pairs = {str(pair.account.symbol) for pair in (await app.status()).pairs}
    assert pairs == {"BTCUSDT", "ETHUSDT", "ADAUSDT"}
