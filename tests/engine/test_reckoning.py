"""The reckoning: every unit of equity is accounted for to 1e-8, and what somebody else did is shown as unexplained."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D
from typing import Any

import pytest

from marginbot.domain.plan import Into
from marginbot.engine.reckoning import SMALLEST, Reckoning
from marginbot.engine.report import Outcome, RunReport
from marginbot.paper.books.records import Scope
from tests.engine.stage import LOAN, ORDER, TRANSFER, Stage, a_stage
from tests.virtual_time import in_virtual_time

TO_THE_HOUR = 40 * 60  # virtual time starts at 12:20


async def reckoned(stage: Stage, symbol: str = "BTCUSDT", **goal: Any) -> tuple[RunReport, Reckoning]:
    run = stage.run(symbol, **goal)
    report = await run.run()
    assert report.outcome is Outcome.FLAT
    return report, run.reckoning


def at(stage: Stage, path: str, then: Callable[[], None]) -> None:
    """Do something right after the exchange has acted on a POST to `path`."""
    stage.transport.after = lambda request, _: then() if request.url.path == path and request.method == "POST" else None


@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT", "SOLUSDT"], ids=["long", "short, fee in base", "with open orders"])
@pytest.mark.parametrize("into", Into)
@in_virtual_time
async def test_the_identity_holds_for_every_position_and_goal(symbol, into):
    async with a_stage() as stage:
        _, sums = await reckoned(stage, symbol, into=into)
        assert abs(sums.unexplained) <= SMALLEST
        assert sums.holds


@in_virtual_time
async def test_the_costs_are_those_of_the_report():
    async with a_stage() as stage:
        report, sums = await reckoned(stage)
        assert sums.fees == report.fees["USDT"]
        assert sums.slippage == report.slippage_value
        assert sums.interest == 0, "what was owed before the run is no cost of the run"
        assert sums.market_move == 0
        assert sums.start - sums.end == sums.fees + sums.slippage
        assert sums.end == report.swept["USDT"]


@pytest.mark.parametrize("when", [ORDER, LOAN, TRANSFER])
@pytest.mark.parametrize(("symbol", "into"), [("BTCUSDT", Into.KEEP), ("BTCUSDT", Into.QUOTE), ("ETHUSDT", Into.QUOTE)])
@in_virtual_time
async def test_it_holds_while_the_price_moves_between_looks(symbol, into, when):
    async with a_stage() as stage:
        price = stage.world.market(symbol).index * D("0.97")
        at(stage, when, lambda: stage.world.set_price(symbol, price))
        _, sums = await reckoned(stage, symbol, into=into)
        assert abs(sums.unexplained) <= SMALLEST
        if into is Into.KEEP:
            assert sums.market_move > 0, "the base that is kept has lost value"


@pytest.mark.parametrize(("symbol", "asset"), [("BTCUSDT", "USDT"), ("ETHUSDT", "ETH")])
@in_virtual_time
async def test_interest_posted_in_the_middle_is_a_cost_and_is_repaid(symbol, asset):
    async with a_stage() as stage:
        at(stage, ORDER, lambda: stage.paper.skip(TO_THE_HOUR * 1000))
        report, sums = await reckoned(stage, symbol)
        assert sums.interest > 0
        assert abs(sums.unexplained) <= SMALLEST
        assert report.interest_paid[asset] > report.before.side(asset).interest


@in_virtual_time
async def test_it_holds_when_answers_were_lost_on_the_way():
    async with a_stage() as stage:
        for path in (ORDER, LOAN, TRANSFER):
            stage.fault(kind="disconnect", method="POST", path=path)
        _, sums = await reckoned(stage)
        assert sums.fees > 0
        assert abs(sums.unexplained) <= SMALLEST


@in_virtual_time
async def test_a_deposit_of_somebody_else_is_shown_as_unexplained():
    async with a_stage() as stage:
        once = iter([None])
        at(stage, ORDER, lambda: [stage.world.fund(1, Scope.ISOLATED, "USDT", D(100), "BTCUSDT") for _ in once])
        _, sums = await reckoned(stage)
        assert sums.unexplained == -100, "gained, and by nothing that we did"
        assert not sums.holds


@in_virtual_time
async def test_a_flat_pair_costs_nothing():
    async with a_stage() as stage:
        _, sums = await reckoned(stage, "ADAUSDT")
        assert (sums.start, sums.end, sums.unexplained) == (0, 0, 0)
