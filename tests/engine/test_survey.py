"""The survey: every pair of the account by danger, and plain words for a pair that cannot be shown."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

import pytest

from marginbot.domain.amounts import Symbol
from marginbot.engine.patience import Patience
from marginbot.engine.survey import Survey, danger_order, judge, survey
from marginbot.errors import ConfigError, ReadFailed, SafetyRefused
from tests.builders import BTC, TEN_TIMES, USDT, a_balance, a_short, an_account, flat
from tests.engine.stage import ACCOUNT, Stage, a_stage
from tests.virtual_time import in_virtual_time

RATES = {BTC: D("0.00001"), USDT: D("0.00002")}


async def surveyed(stage: Stage, *symbols: str) -> Survey:
    patience = Patience(stage.clock, stage.exchange, stage.clock.monotonic() + 30, lambda: 0.0)
    return await survey(stage.exchange, patience, tuple(Symbol(symbol) for symbol in symbols))


@in_virtual_time
async def test_pairs_come_from_the_most_endangered_on_and_those_that_owe_nothing_last():
    async with a_stage() as stage:
        found = await surveyed(stage)
        assert [pair.account.symbol for pair in found.pairs] == ["BTCUSDT", "ETHUSDT", "SOLUSDT", "ADAUSDT"]
        ratios = [pair.margin_level / pair.liquidation_level for pair in found.pairs if pair.margin_level is not None]
        assert ratios == sorted(ratios)
        assert found.pairs[-1].margin_level is None
        assert found.spot["USDT"] == D(2500)


@in_virtual_time
async def test_the_whole_account_takes_two_round_trips_and_only_reads():
    async with a_stage() as stage:
        with stage.exchange.metering() as meter:
            await surveyed(stage)
        assert meter.round_trips == 2
        assert stage.writes() == []


@in_virtual_time
async def test_named_pairs_are_shown_alone():
    async with a_stage() as stage:
        found = await surveyed(stage, "ETHUSDT", "ADAUSDT")
        assert [pair.account.symbol for pair in found.pairs] == ["ETHUSDT", "ADAUSDT"]


@in_virtual_time
async def test_an_unknown_name_is_a_wrong_argument_with_the_nearest_one():
    async with a_stage() as stage:
        with pytest.raises(ConfigError, match=r"does not know the pair BTCUSTD; did you mean BTCUSDT\?") as wrong:
            await surveyed(stage, "BTCUSTD")
        assert wrong.value.key == "SYMBOL"
        with pytest.raises(ConfigError, match=r"does not know the pair QQQQQQ$"):
            await surveyed(stage, "QQQQQQ")


@in_virtual_time
async def test_a_pair_never_opened_is_refused_and_never_reported_as_safe():
    async with a_stage() as stage:
        with pytest.raises(SafetyRefused, match="XRPUSDT was never opened"):
            await surveyed(stage, "XRPUSDT")
        assert "XRPUSDT" not in [pair.account.symbol for pair in (await surveyed(stage)).pairs]


@in_virtual_time
async def test_a_disabled_pair_is_listed_as_such_and_refused_by_name():
    async with a_stage() as stage:
        stage.world.account(1).isolated["ADAUSDT"].enabled = False
        found = await surveyed(stage)
        assert found.disabled == ("ADAUSDT",)
        assert "ADAUSDT" not in [pair.account.symbol for pair in found.pairs]
        with pytest.raises(SafetyRefused, match="ADAUSDT is disabled"):
            await surveyed(stage, "ADAUSDT")


@in_virtual_time
async def test_an_account_without_pairs_is_an_empty_survey():
    async with a_stage("empty") as stage:
        found = await surveyed(stage)
        assert (found.pairs, found.disabled) == ((), ())
        assert found.spot["USDT"] == D(10000)


@in_virtual_time
async def test_an_account_that_cannot_be_read_is_an_error_inside_the_deadline():
    async with a_stage() as stage:
        stage.fault(kind="answer", canned="html_502", path=ACCOUNT, count=None)
        with pytest.raises(ReadFailed, match="502"):
            await surveyed(stage)
        assert stage.clock.monotonic() <= 30


def test_the_figures_of_a_long_can_be_checked_in_the_head():
    pair = judge(an_account(), TEN_TIMES, RATES)
    assert pair.margin_level == D("1.25")
    assert pair.liquidation_level == D("1.05")
    assert pair.liquidation_price == D(84000)
    assert pair.distance_pct == D(16)
    assert (pair.equity_value, pair.liability_value) == (1000, 4000)
    assert pair.interest_per_day == D("1.92"), "4000 x 0.00002 x 24"
    assert pair.daily_rate_pct == D("0.048"), "1.92 of 4000"


def test_interest_of_a_short_is_told_in_quote():
    assert judge(a_short(), TEN_TIMES, RATES).interest_per_day == D("0.96"), "0.04 BTC x 100,000 x 0.00001 x 24"


def test_a_pair_that_owes_nothing_has_no_level_no_edge_and_no_interest():
    pair = judge(flat("0.01", "50"), TEN_TIMES, RATES)
    assert (pair.margin_level, pair.liquidation_price, pair.distance_pct, pair.interest_per_day) == (None, None, None, None)
    assert (pair.equity_value, pair.liability_value, pair.daily_rate_pct) == (1050, 0, None)


def test_a_rate_that_was_not_told_leaves_the_interest_unknown_and_never_zero():
    unknown = judge(an_account(), TEN_TIMES, {BTC: D("0.00001")})
    assert (unknown.interest_per_day, unknown.daily_rate_pct) == (None, None)
    assert judge(an_account(), TEN_TIMES, {USDT: D("0.00002")}).interest_per_day == D("1.92")


def test_danger_is_the_level_over_the_level_of_liquidation():
    near = judge(an_account(quote=a_balance(borrowed="4500")), TEN_TIMES, RATES)
    far = judge(an_account(quote=a_balance(borrowed="2000")), TEN_TIMES, RATES)
    stricter = replace(far, liquidation_level=D("2.4"))
    none = judge(flat("1"), TEN_TIMES, RATES)
    assert sorted([none, far, near, stricter], key=danger_order) == [stricter, near, far, none]
