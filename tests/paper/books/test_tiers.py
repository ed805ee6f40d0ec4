"""Tiers of isolated pairs."""

from decimal import Decimal as D

import pytest

from marginbot.paper.books.catalogue import markets
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
