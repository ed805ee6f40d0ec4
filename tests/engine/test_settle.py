"""Settling, row by row of the design's table: when a write of unknown outcome is done, when it is absent, and when one waits."""

from __future__ import annotations

import itertools
from dataclasses import replace
from decimal import Decimal as D
from typing import Any

import pytest

from marginbot.domain.amounts import Asset, Symbol
from marginbot.domain.plan import CloseOrder, Side
from marginbot.engine.journal.entries import Intent, State
from marginbot.engine.patience import DeadlineReached, Patience
from marginbot.engine.settle import Settled, Settler
from marginbot.engine.traces import Fate, balances_before
from marginbot.paper.books.records import Scope
from tests.engine.journal.test_journal import AN_INTENT
from tests.engine.stage import ACCOUNT, BTCUSDT, LOAN, OPEN_ORDERS, ORDER, TRANSFER, Stage, a_stage
from tests.engine.test_looks import account_body, show, without
from tests.virtual_time import in_virtual_time

BTC, USDT = Asset("BTC"), Asset("USDT")
ADAUSDT = Symbol("ADAUSDT")
NO_SUCH_ORDER = '{"code":-2013,"msg":"Order does not exist."}'
IDS = itertools.count(1)


async def an_open_intent(
    stage: Stage, kind: str, amount: str | None = None, symbol: Symbol = BTCUSDT, asset: Asset = USDT, **fields: Any
) -> Intent:
    """A write of this moment whose answer nobody has, as the executor would have written it down."""
    account = await stage.account(symbol)
    spot = (await stage.exchange.spot_wallet()).free
    intent = replace(
        AN_INTENT,
        symbol=symbol,
        kind=kind,
        asset=asset,
        amount=None if amount is None else D(amount),
        client_id=f"mb-{next(IDS)}" if kind == "close" else None,
        step={"side": "SELL"} if kind == "close" else {},
        before=balances_before(account, spot),
        state=State.UNKNOWN,
        sent_ms=stage.exchange.server_now_ms(),
        started_at=stage.clock.now(),
    )
    intent = replace(intent, **fields)
    return replace(intent, id=stage.journal.intend("1", intent))


async def settle(stage: Stage, intent: Intent, since_ms: int | None = None, deadline: float = 120) -> tuple[Settled, float]:
    """The fate, and after how many seconds it was sure. `since_ms`: now, unless told otherwise."""
    began = stage.clock.monotonic()
    patience = Patience(stage.clock, stage.exchange, began + deadline, lambda: 0.0)
    settler = Settler(stage.exchange, stage.journal, patience, "1")
    settled = await settler.settle(intent, stage.exchange.server_now_ms() if since_ms is None else since_ms)
    return settled, stage.clock.monotonic() - began


def states(stage: Stage) -> list[str]:
    return [intent.state.value for intent in stage.journal.history()]


def a_close(quantity: str = "0.01") -> CloseOrder:
    price = D(100000)
    return CloseOrder(BTCUSDT, BTC, USDT, Side.SELL, D(quantity), None, price, price, D(0), "the test says so")


def owner_deposits(stage: Stage, symbol: str = "BTCUSDT") -> None:
    stage.world.fund(1, Scope.ISOLATED, "USDT", D(50), symbol)


class TestOrders:
    @in_virtual_time
    async def test_an_order_that_the_lookup_finds_is_done_with_its_fills(self):
        async with a_stage() as stage:
            intent = await an_open_intent(stage, "close", "0.01", asset=BTC)
            await stage.exchange.close(a_close(), intent.client_id)
            settled, seconds = await settle(stage, intent)
            assert settled.fate is Fate.DONE
            assert settled.order.executed_qty == D("0.01")
            assert sum(fill.commission for fill in settled.order.fills) == D("0.9999")
            assert seconds < 1
            assert states(stage) == ["done"]

    @in_virtual_time
    async def test_an_order_the_lookup_does_not_know_at_first_is_found_later(self):
        async with a_stage() as stage:
            intent = await an_open_intent(stage, "close", "0.01", asset=BTC)
            await stage.exchange.close(a_close(), intent.client_id)
            stage.fault(kind="answer", status=400, body=NO_SUCH_ORDER, method="GET", path=ORDER, count=9)
            settled, seconds = await settle(stage, intent)
            assert settled.fate is Fate.DONE
            assert seconds > 8, "past the window, and still not absent, for the balances moved"

    @in_virtual_time
    async def test_it_is_absent_two_seconds_after_its_window_and_not_before(self):
        async with a_stage() as stage:
            intent = await an_open_intent(stage, "close", "0.01", asset=BTC)
            settled, seconds = await settle(stage, intent)
            assert settled.fate is Fate.ABSENT
            assert 7 < seconds < 9
            assert states(stage) == ["absent"]

    @in_virtual_time
    async def test_long_after_its_window_it_still_takes_two_misses_a_second_apart(self):
        async with a_stage() as stage:
            intent = await an_open_intent(stage, "close", "0.01", asset=BTC)
            asked: list[float] = []
            stage.transport.before = lambda request: asked.append(stage.clock.monotonic()) if request.url.path == ORDER else None
            settled, seconds = await settle(stage, intent, since_ms=intent.sent_ms - 60_000)
            assert settled.fate is Fate.ABSENT
            assert len(asked) == 2
            assert asked[1] - asked[0] >= 1
            assert seconds < 2

    @in_virtual_time
    async def test_after_a_crash_its_window_counts_from_the_restart(self):
        async with a_stage() as stage:
            intent = await an_open_intent(stage, "close", "0.01", asset=BTC, sent_ms=stage.exchange.server_now_ms() - 3_600_000)
            _, seconds = await settle(stage, intent)
            assert seconds > 7

    @in_virtual_time
    async def test_an_order_among_the_open_ones_is_never_absent(self):
        async with a_stage() as stage:
            (open_id, *_) = await stage.exchange.open_order_client_ids("SOLUSDT")
            intent = await an_open_intent(stage, "close", "5", Symbol("SOLUSDT"), Asset("SOL"), client_id=open_id)
            stage.fault(kind="answer", status=400, body=NO_SUCH_ORDER, method="GET", path=ORDER, count=None)
            with pytest.raises(DeadlineReached):
                await settle(stage, intent)
            assert states(stage) == ["intended"]

    @in_virtual_time
    async def test_while_the_coin_it_gives_is_gone_it_is_never_absent(self):
        async with a_stage() as stage:
            intent = await an_open_intent(stage, "close", "0.01", asset=BTC)
            stage.world.account(1).isolated["BTCUSDT"].base.free -= D("0.01")
            with pytest.raises(DeadlineReached):
                await settle(stage, intent)

    @in_virtual_time
    async def test_a_deposit_of_the_owner_keeps_it_open_for_a_minute_more_and_not_for_ever(self):
        async with a_stage() as stage:
            intent = await an_open_intent(stage, "close", "0.01", asset=BTC)
            owner_deposits(stage)
            settled, seconds = await settle(stage, intent)
            assert settled.fate is Fate.ABSENT
            assert 67 <= seconds < 70

    @in_virtual_time
    async def test_fills_that_nobody_tells_cost_two_seconds_and_not_the_order(self):
        async with a_stage() as stage:
            intent = await an_open_intent(stage, "close", "0.01", asset=BTC)
            await stage.exchange.close(a_close(), intent.client_id)
            stage.fault(kind="answer", canned="html_502", path="/sapi/v1/margin/myTrades", count=None)
            settled, seconds = await settle(stage, intent)
            assert settled.order.executed_qty == D("0.01")
            assert settled.order.fills is None
            assert seconds < 2


class TestCancels:
    @in_virtual_time
    async def test_orders_that_are_there_mean_cancel_again_and_orders_that_are_gone_mean_done(self):
        async with a_stage() as stage:
            intent = await an_open_intent(stage, "cancel_orders", symbol=Symbol("SOLUSDT"))
            assert (await settle(stage, intent))[0].fate is Fate.ABSENT
            await stage.exchange.cancel_orders("SOLUSDT")
            assert (await settle(stage, intent))[0].fate is Fate.DONE


class TestOnTheWay:
    @pytest.mark.parametrize("path", [ACCOUNT, LOAN])
    @in_virtual_time
    async def test_a_limit_or_a_failed_read_meanwhile_is_waited_out(self, path):
        async with a_stage() as stage:
            intent = await an_open_intent(stage, "repay", "10")
            await stage.exchange.repay(BTCUSDT, USDT, D(10))
            stage.fault(kind="answer", status=429, body="{}", headers={"Retry-After": "7"}, method="GET", path=path)
            stage.fault(kind="answer", canned="html_502", method="GET", path=path)
            settled, seconds = await settle(stage, intent)
            assert settled.fate is Fate.DONE
            assert seconds >= 7

    @pytest.mark.parametrize("kind", ["close", "repay", "sweep"])
    @in_virtual_time
    async def test_an_answer_that_lacks_the_pair_is_asked_again(self, kind):
        async with a_stage() as stage:
            intent = await an_open_intent(stage, kind, "0.01")
            show(stage, without(await account_body(stage), "BTCUSDT"), count=3)
            settled, _ = await settle(stage, intent)
            assert settled.fate is Fate.ABSENT

    @in_virtual_time
    async def test_settling_only_reads(self):
        async with a_stage() as stage:
            for kind in ("close", "repay", "sweep", "top_up", "cancel_orders"):
                await settle(stage, await an_open_intent(stage, kind, "0.01"))
            assert stage.writes() == []
            assert {entry.path for entry in stage.transport.log} >= {ORDER, LOAN, TRANSFER, OPEN_ORDERS}
