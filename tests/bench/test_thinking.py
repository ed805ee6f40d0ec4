"""How long it takes to decide: the part of a run that is not waiting for the exchange."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from marginbot.domain.look import Look
from marginbot.domain.plan import Goal, Limits, Verdict
from marginbot.engine.events import Looked
from marginbot.engine.survey import PairSurvey, judge
from marginbot.exchange.messages import Answer, Call
from marginbot.exchange.wire_account import read_isolated_accounts
from marginbot.rules.unwind import plan
from tests.engine.stage import ACCOUNT, BTCUSDT, a_stage
from tests.virtual_time import in_virtual_time

# What else the machine does must not count.
pytestmark = pytest.mark.benchmark(timer=time.process_time)

PLAN_S = 200e-6
ACCOUNT_S = 2e-3
PAIRS = 20


def first_look() -> Look:
    """What a run on the five-times long sees first, with its book of 100 levels a side."""
    looks: list[Look] = []

    @in_virtual_time
    async def run() -> None:
        async with a_stage("long") as stage:
            await stage.unwind()
            looks.extend(event.look for event in stage.events if isinstance(event, Looked))

    run()
    return looks[0]


def test_a_plan_from_a_snapshot_takes_less_than_200_us(benchmark):
    look, goal, limits = first_look(), Goal(BTCUSDT), Limits()
    decided = benchmark(plan, goal, look, limits)
    assert decided.verdict is Verdict.ACT
    assert benchmark.stats.stats.median < PLAN_S


def an_answer_with_20_pairs(look: Look) -> Answer:
    """The account as the exchange sends it, each pair in debt on both sides."""

    def side(asset: str, free: str, owed: str) -> dict[str, object]:
        return {
            "asset": asset, "borrowEnabled": True, "borrowed": owed, "free": free, "interest": "0.00120000", "locked": "0",
            "netAsset": "0", "netAssetOfBtc": "0", "repayEnabled": True, "totalAsset": free,
        }  # fmt: skip

    rows = [
        {
            "baseAsset": side("BTC", "0.05000000", "0.00100000"), "quoteAsset": side("USDT", "12.50000000", "4000.00000000"),
            "symbol": f"BTC{number}USDT", "isolatedCreated": True, "enabled": True, "marginLevel": "1.25308741",
            "marginLevelStatus": "NORMAL", "marginRatio": "10.0", "indexPrice": "100000.00000000",
            "liquidatePrice": "83752.52", "liquidateRate": "4.00000000", "tradeEnabled": True,
        }
        for number in range(PAIRS)
    ]  # fmt: skip
    totals = {"totalAssetOfBtc": "1", "totalLiabilityOfBtc": "0.8", "totalNetAssetOfBtc": "0.2"}
    body = json.dumps({"assets": rows, **totals}).encode()
    return Answer(Call("GET", ACCOUNT, signed=True), 200, httpx.Headers(), body, datetime(2026, 1, 1, tzinfo=UTC))


def test_an_account_with_20_pairs_is_decoded_and_judged_in_less_than_2_ms(benchmark):
    look = first_look()
    answer, tiers = an_answer_with_20_pairs(look), look.market.tiers
    rates = dict.fromkeys((look.market.rules.base, look.market.rules.quote), Decimal("0.00001"))

    def decode_and_judge() -> list[PairSurvey]:
        return [judge(account, tiers, rates) for account in read_isolated_accounts(answer).values()]

    judged = benchmark(decode_and_judge)
    assert len(judged) == PAIRS
    assert all(pair.liquidation_price for pair in judged)
    assert benchmark.stats.stats.min < ACCOUNT_S
