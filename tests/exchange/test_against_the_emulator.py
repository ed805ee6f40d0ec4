"""Every method of the adapter against the emulated exchange inside this process: two builders, one reading of the wire."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest

from marginbot.domain.plan import CloseOrder, PlaceBackstop, Side
from marginbot.errors import ConfigError, NotSent, OutcomeUnknown, ReadFailed, RequestRejected
from marginbot.exchange.adapter import BinanceExchange
from marginbot.exchange.reads import Reads
from marginbot.exchange.signing import HmacSigner
from marginbot.exchange.writes import Writes
from marginbot.paper.embedded import IN_PROCESS_URL, fresh_exchange
from marginbot.paper.faults import Fault
from marginbot.paper.keys import PAPER_API_KEY, PAPER_API_SECRET
from marginbot.paper.transport import FaultTransport
from tests.exchange.conftest import FakeClock, an_exchange

PAIR, SOL, USDT = "SOLUSDT", "SOL", "USDT"


@pytest.fixture
def transport(clock: FakeClock) -> FaultTransport:
    emulated = fresh_exchange(lambda: round(clock.now().timestamp() * 1000), "open-orders")
    return FaultTransport(emulated, sleep=clock.sleep)


@pytest.fixture
async def paper(clock: FakeClock, transport: FaultTransport) -> AsyncIterator[BinanceExchange]:
    keys: dict[str, Any] = {"api_key": PAPER_API_KEY, "signer": HmacSigner(PAPER_API_SECRET)}
    async with an_exchange(clock, rest_url=IN_PROCESS_URL, venue="paper", transport=transport, **keys) as exchange:
        yield exchange


def a_sale(quantity: str, limit_price: D | None = None) -> CloseOrder:
    return CloseOrder(PAIR, SOL, USDT, Side.SELL, D(quantity), limit_price, D(200), D(200), D(0), "test")


async def the_reads(paper: BinanceExchange) -> None:
    assert (await paper.key_rights()).margin
    assert PAIR in await paper.isolated_pairs()
    assert (await paper.pair_rules(PAIR)).trading
    assert set(await paper.rules_of((PAIR, "BTCUSDT"))) == {PAIR, "BTCUSDT"}
    assert (await paper.tiers(PAIR))[0].liquidation_level > 1
    assert (await paper.fees(PAIR)).taker > 0
    book = await paper.order_book(PAIR, 100)
    assert book.bids[0].price < book.asks[0].price
    assert set(await paper.hourly_rates(PAIR)) == {SOL, USDT}
    assert USDT in await paper.min_repays()
    assert await paper.system_normal()
    assert not await paper.interest_in_bnb()
    assert await paper.delistings() == ()


async def test_every_method_works_on_the_emulator_and_brings_a_pair_home(paper, clock):
    since = clock.now() - timedelta(seconds=60)
    await paper.server_time_ms()
    await the_reads(paper)
    account = (await paper.isolated_accounts())[PAIR]
    assert account.base.locked > 0
    assert await paper.open_order_count(PAIR) == len(await paper.open_order_client_ids(PAIR)) == 2
    resting = {order.order_id: order for order in await paper.open_orders(PAIR)}
    assert await paper.lists_of_orders(PAIR) == {}
    assert sum(order.locked for order in resting.values() if order.side is Side.SELL) == account.base.locked
    assert sum(order.locked for order in resting.values() if order.side is Side.BUY) == account.quote.locked
    assert await paper.cancel_order(PAIR, next(iter(resting)))
    assert not await paper.cancel_order(PAIR, next(iter(resting)))
    assert not await paper.cancel_list(PAIR, "1")
    assert await paper.cancel_orders(PAIR) == 1
    resting_id = await paper.rest(PlaceBackstop(PAIR, SOL, USDT, Side.SELL, D(1), D(180), D(175), "test"), "bs-mb-1")
    (backstop,) = await paper.open_orders(PAIR)
    assert (backstop.order_id, backstop.stop_price, backstop.limit_price, backstop.works) == (resting_id, 180, 175, False)
    assert await paper.cancel_orders(PAIR) == 1
    assert await paper.cancel_orders(PAIR) == 0

    assert await paper.order_by_client_id(PAIR, "mb-1") is None
    sold = await paper.close(a_sale("19"), "mb-1")
    limited = await paper.close(a_sale("1", D(190)), "mb-2")
    assert (sold.status, sold.executed_qty, limited.status) == ("FILLED", 19, "FILLED")
    found = await paper.order_by_client_id(PAIR, "mb-1")
    assert found is not None
    assert (found.order_id, found.quote_qty) == (sold.order_id, sold.quote_qty)
    assert await paper.fills_of(PAIR, sold.order_id) == sold.fills

    debt = (await paper.isolated_accounts())[PAIR].quote.liability
    repaid = await paper.repay(PAIR, USDT, debt)
    clock.pass_time(10)
    record = await paper.repayment(PAIR, USDT, repaid)
    assert record is not None
    assert (record.amount, record.principal + record.interest) == (debt, debt)
    assert record in await paper.repayments(PAIR, USDT, since)

    account = (await paper.isolated_accounts())[PAIR]
    assert not account.owes
    assert await paper.max_transferable(PAIR, USDT) == account.quote.free
    before = (await paper.spot_wallet()).free[USDT]
    swept = await paper.sweep(PAIR, USDT, account.quote.free)
    returned = await paper.top_up(PAIR, USDT, D("1.5"))
    clock.pass_time(10)
    (outward,) = await paper.transfers_out(PAIR, since)
    (inward,) = await paper.transfers_in(PAIR, since)
    assert (outward.record_id, outward.amount) == (swept, account.quote.free)
    assert (inward.record_id, inward.amount) == (returned, D("1.5"))
    assert (await paper.spot_wallet()).free[USDT] == before + account.quote.free - D("1.5")
    assert (await paper.isolated_accounts())[PAIR].quote.free == D("1.5")


def test_the_story_above_tells_of_every_method():
    told = inspect.getsource(the_reads) + inspect.getsource(test_every_method_works_on_the_emulator_and_brings_a_pair_home)
    methods = [name for room in (Reads, Writes) for name, _ in inspect.getmembers(room, inspect.iscoroutinefunction)]
    assert [name for name in methods if not name.startswith("_") and f"paper.{name}(" not in told] == []


@pytest.mark.parametrize(
    ("kind", "expected", "acted"),
    [
        ("connect_error", NotSent, False),
        ("connect_timeout", NotSent, False),
        ("pool_timeout", NotSent, False),
        ("write_error", OutcomeUnknown, False),
        ("write_timeout", OutcomeUnknown, False),
        ("read_error", OutcomeUnknown, True),
        ("read_timeout", OutcomeUnknown, True),
        ("disconnect", OutcomeUnknown, True),
        ("truncated", OutcomeUnknown, True),
        ("extra_keys", None, True),
    ],
)
async def test_a_write_that_goes_wrong_is_never_called_refused(paper, transport, kind, expected, acted):
    debt = (await paper.isolated_accounts())[PAIR].quote.liability
    transport.exchange.faults.add(Fault(kind=kind, method="POST"))
    if expected is None:
        await paper.repay(PAIR, USDT, D(100))
    else:
        with pytest.raises(expected):
            await paper.repay(PAIR, USDT, D(100))
    assert (debt - (await paper.isolated_accounts())[PAIR].quote.liability == 100) is acted


async def test_a_truncated_read_has_failed(paper, transport):
    transport.exchange.faults.add(Fault(kind="truncated", method="GET"))
    with pytest.raises(ReadFailed):
        await paper.isolated_accounts()


async def test_the_emulator_checks_signatures_and_pairs(paper, clock, transport):
    with pytest.raises(RequestRejected) as caught:
        await paper.pair_rules("NOPEUSDT")
    assert caught.value.code == -1121
    forged = {"api_key": PAPER_API_KEY, "signer": HmacSigner("wrong")}
    async with an_exchange(clock, rest_url=IN_PROCESS_URL, venue="paper", transport=transport, **forged) as forger:
        with pytest.raises(RequestRejected) as caught:
            await forger.isolated_accounts()
    assert caught.value.code == -1022


async def test_a_pair_with_other_than_ascii_letters_passes_the_signature_check(paper):
    with pytest.raises(RequestRejected) as caught:
        await paper.tiers("币安USDT")
    assert caught.value.code == -1121


async def test_a_clock_that_is_wrong_mends_itself(clock, transport):
    ahead = FakeClock()
    ahead.pass_time(3_600)
    keys: dict[str, Any] = {"api_key": PAPER_API_KEY, "signer": HmacSigner(PAPER_API_SECRET)}
    async with an_exchange(ahead, rest_url=IN_PROCESS_URL, venue="paper", transport=transport, **keys) as exchange:
        assert PAIR in await exchange.isolated_accounts()
        assert exchange.clock_offset_ms == -3_600_000
        assert exchange.meter.requests == 3


async def test_the_emulator_is_no_testnet_on_another_machine(clock, transport):
    with pytest.raises(ConfigError):
        async with an_exchange(clock, rest_url="http://192.0.2.1", venue="paper", transport=transport):
            pass
