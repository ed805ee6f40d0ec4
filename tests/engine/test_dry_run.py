"""A dry run: reads go through, everything else is refused at the transport, and the exchange hears nothing of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal as D
from pathlib import Path

import httpx
import pytest

from marginbot.app import App, open_app
from marginbot.domain.amounts import Asset, Symbol
from marginbot.domain.plan import CloseOrder, Goal, Side
from marginbot.engine.report import Outcome
from marginbot.errors import PlanRefused
from marginbot.paper.transport import FaultTransport
from marginbot.settings import load_settings
from tests.empty_folder import emptied
from tests.virtual_time import VirtualClock, in_virtual_time

BTCUSDT, BTC, USDT = Symbol("BTCUSDT"), Asset("BTC"), Asset("USDT")
A_CLOSE = CloseOrder(BTCUSDT, BTC, USDT, Side.SELL, D("0.01"), None, D(100000), D(100000), D(0), "the test says so")

WRITES: dict[str, Callable[[App], Awaitable[object]]] = {
    "close": lambda app: app.exchange.close(A_CLOSE, "mb-1"),
    "repay": lambda app: app.exchange.repay(BTCUSDT, USDT, D(1)),
    "sweep": lambda app: app.exchange.sweep(BTCUSDT, USDT, D(1)),
    "top up": lambda app: app.exchange.top_up(BTCUSDT, USDT, D(1)),
    "cancel": lambda app: app.exchange.cancel_orders(BTCUSDT),
    "cancel one": lambda app: app.exchange.cancel_order(BTCUSDT, "1"),
    "cancel a list": lambda app: app.exchange.cancel_list(BTCUSDT, "1"),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return emptied(tmp_path, monkeypatch)


@asynccontextmanager
async def a_dry_app() -> AsyncIterator[tuple[App, FaultTransport]]:
    """A dry run over the embedded world, and the transport under every lock, which notes all that leaves."""
    under: list[FaultTransport] = []

    def tap(transport: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        assert isinstance(transport, FaultTransport)
        under.append(transport)
        return transport

    async with open_app(load_settings({}), dry_run=True, clock=VirtualClock(), tap=tap) as app:
        yield app, under[0]


def left(transport: FaultTransport) -> set[str]:
    return {entry.method for entry in transport.log}


@pytest.mark.parametrize("write", WRITES)
@in_virtual_time
async def test_a_write_is_refused_at_the_transport_and_the_exchange_hears_nothing(write):
    async with a_dry_app() as (app, transport):
        with pytest.raises(PlanRefused, match=r"dry run.*was not sent"):
            await WRITES[write](app)
        assert transport.log == []
        assert not transport.exchange.log


@in_virtual_time
async def test_reads_go_through_and_the_plan_is_whole():
    async with a_dry_app() as (app, transport):
        planned = await app.plan(Goal(BTCUSDT))
        assert [step.kind for step in planned.steps] == ["close", "repay", "sweep"]
        assert (await app.status()).pairs
        assert left(transport) == {"GET"}
        assert {entry.method for entry in transport.exchange.log} == {"GET"}


@in_virtual_time
async def test_even_a_real_unwind_sends_nothing_and_says_why():
    async with a_dry_app() as (app, transport):
        report = await app.unwind(Goal(BTCUSDT)).run()
        assert (report.outcome, report.exit_code) == (Outcome.STOPPED, 1)
        assert "dry run" in report.reason
        assert left(transport) == {"GET"}
