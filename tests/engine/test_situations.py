"""Every situation the exchange can put a pair in: the unwind ends at zero, or says exactly what is left.

Each one can be tried by hand: `marginbot paper reset --scenario NAME`, then `marginbot unwind`.
"""

from __future__ import annotations

import pytest

from marginbot.engine.report import Outcome
from marginbot.paper.books.scenarios import SCENARIOS
from tests.engine.invariants import Ledger
from tests.engine.stage import Stage, a_stage
from tests.virtual_time import in_virtual_time

ENDS_FLAT = {
    "default": "BTCUSDT",
    "demo": "BTCUSDT",
    "long": "BTCUSDT",
    "short": "BTCUSDT",
    "open-orders": "SOLUSDT",
    "flat": "ADAUSDT",
    "both-owed": "BTCUSDT",
    "locked-by-orders": "SOLUSDT",
    "debt-below-notional": "BTCUSDT",
    "debt-below-min-repay": "BTCUSDT",
    "crumb-debt": "BTCUSDT",
    "above-market-lot": "BTCUSDT",
    "above-notional-max": "BTCUSDT",
    "doge-long": "DOGEUSDT",
    "shib-long": "SHIBUSDT",
    "pepe-short": "PEPEUSDT",
    "bnbbtc-long": "BNBBTC",
    "ethbtc-short": "ETHBTC",
    "btcjpy-long": "BTCJPY",
    "zero-steps": "BTCUSDT",
    "min-notional-2021": "BTCUSDT",
    "changing-steps": "BTCUSDT",
    "delisting": "BTCUSDT",
    "no-enabled-key": "BTCUSDT",
    "wrong-row-first": "BTCUSDT",
    "twenty-pairs": "BTCUSDT",
    "thin-book": "BTCUSDT",
    "book-returns": "BTCUSDT",
    "price-range": "BTCUSDT",
    "order-limit": "BTCUSDT",
    "max-position": "BTCUSDT",
    "fees-in-bnb": "BTCUSDT",
    "tax": "BTCUSDT",
    "transfer-limit": "BTCUSDT",
    "failed-transfer": "BTCUSDT",
    "interest-between": "BTCUSDT",
    "many-hours": "BTCUSDT",
    "liquidation-in-the-middle": "BTCUSDT",
    "owner-trades": "BTCUSDT",
    "owner-transfers": "BTCUSDT",
    "lagging-account": "BTCUSDT",
    "half-sale": "BTCUSDT",
    "all-zero-once": "BTCUSDT",
    "level-999-with-debt": "BTCUSDT",
    "odd-level": "BTCUSDT",
    "lost-order-lookup": "BTCUSDT",
    "late-history": "BTCUSDT",
    "history-in-seconds": "BTCUSDT",
    "foreign-row": "BTCUSDT",
}
STOPS_SHORT = {
    "insolvent-long": ("BTCUSDT", Outcome.RESIDUE, 1, "USDT remain owed and nothing is left to trade"),
    "insolvent-short": ("BTCUSDT", Outcome.RESIDUE, 1, "BTC remain owed and nothing is left to trade"),
    "halted": ("BTCUSDT", Outcome.STOPPED, 1, "BTCUSDT is BREAK: the exchange takes no orders"),
    "cancel-only": ("BTCUSDT", Outcome.STOPPED, 1, "BTCUSDT is CANCEL_ONLY: the exchange takes no orders"),
    "pending-transfer": ("BTCUSDT", Outcome.STOPPED, 1, "PENDING"),
    "disabled": ("BTCUSDT", Outcome.REFUSED, 3, "is disabled: enable it"),
    "never-opened": ("BTCUSDT", Outcome.REFUSED, 3, "was never opened"),
}
ELSEWHERE = {"empty"}
TOGETHER = {**ENDS_FLAT, **{name: row[0] for name, row in STOPS_SHORT.items()}}


def test_every_scenario_has_its_test():
    assert set(ENDS_FLAT) | set(STOPS_SHORT) | ELSEWHERE == set(SCENARIOS)


@pytest.mark.parametrize("name", ENDS_FLAT)
@in_virtual_time
async def test_the_unwind_ends_at_zero(name):
    async with a_stage(name) as stage:
        books = Ledger(stage)
        report = await stage.unwind(ENDS_FLAT[name])
        assert (report.outcome, report.exit_code) == (Outcome.FLAT, 0), report.reason
        await empty_and_free_of_debt(stage, ENDS_FLAT[name])
        books.hold(report)


@pytest.mark.parametrize("name", STOPS_SHORT)
@in_virtual_time
async def test_the_unwind_stops_and_says_exactly_what_is_left(name):
    symbol, outcome, code, words = STOPS_SHORT[name]
    async with a_stage(name) as stage:
        books = Ledger(stage)
        report = await stage.unwind(symbol)
        assert (report.outcome, report.exit_code) == (outcome, code)
        assert words in report.reason
        books.hold(report, settled=name != "pending-transfer")


@pytest.mark.parametrize("name", TOGETHER)
@in_virtual_time
async def test_a_second_run_is_always_safe(name):
    async with a_stage(name) as stage:
        books = Ledger(stage)
        first = await stage.unwind(TOGETHER[name])
        closes = sum(1 for step in first.steps if step.kind == "close" and step.status.value == "done")
        second = await stage.unwind(TOGETHER[name])
        books.hold(second)
        if name in ENDS_FLAT:
            assert second.outcome is Outcome.FLAT
            assert second.steps == []
        assert closes == 0 or not any(step.kind == "close" for step in second.steps)


async def empty_and_free_of_debt(stage: Stage, symbol: str) -> None:
    account = await stage.account(symbol)
    assert (account.base.liability, account.quote.liability) == (0, 0)
    assert (account.base.total, account.quote.total) == (0, 0)
    assert await stage.exchange.open_order_count(symbol) == 0
