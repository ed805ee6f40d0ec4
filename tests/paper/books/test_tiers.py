"""Tiers of isolated pairs."""

from decimal import Decimal as D

import pytest

from marginbot.paper.books.catalogue import markets
from marginbot.paper.books.config import Config
from marginbot.paper.books.tiers import tier_of, tiers_of

LISTINGS = {symbol: market.listing for symbol, market in markets().items()}


@pytest.mark.parametrize(
    ("symbol", "count", "liquidation", "call", "last_ratio"),
    [("BTCUSDT", 10, "1.05", "1.10", "1.2496"), ("SOLUSDT", 5, "1.15", "1.19", "1.5"), ("ADAUSDT", 5, "1.18", "1.22", "3")],
)
def test_each_leverage_has_its_published_table(symbol, count, liquidation, call, last_ratio):
    tiers = tiers_of(LISTINGS[symbol])
    assert len(tiers) == count
    assert {(t.liquidation_ratio, t.margin_call_ratio) for t in tiers} == {(D(liquidation), D(call))}
    assert tiers[-1].initial_ratio == D(last_ratio)


@pytest.mark.parametrize(
    ("base_debt", "quote_debt", "tier"),
    [("0", "0", 1), ("9", "70000", 1), ("9.1", "0", 2), ("15", "250000", 4), ("0", "9999999", 10)],
)
def test_the_higher_of_both_debts_decides_the_tier(base_debt, quote_debt, tier):
    assert tier_of(LISTINGS["BTCUSDT"], D(base_debt), D(quote_debt)).number == tier


def test_by_the_older_tables_both_ratios_rise_with_the_tier():
    tiers = tiers_of(LISTINGS["BTCUSDT"], Config(rising_ratios=True, margin_call_10x=D("1.09")))
    assert [(t.liquidation_ratio, t.margin_call_ratio) for t in (tiers[0], tiers[-1])] == [
        (D("1.05"), D("1.09")),
        (D("1.15"), D("1.19")),
    ]
    assert sorted(t.liquidation_ratio for t in tiers) == [t.liquidation_ratio for t in tiers]


@pytest.mark.parametrize(("symbol", "switch"), [("ADAUSDT", "margin_call_3x"), ("SOLUSDT", "margin_call_5x")])
def test_the_margin_call_of_each_leverage_can_be_set(symbol, switch):
    assert tiers_of(LISTINGS[symbol], Config(**{switch: D("1.3")}))[0].margin_call_ratio == D("1.3")
