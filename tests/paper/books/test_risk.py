"""Margin mathematics of the exchange, by the published examples."""

from decimal import Decimal as D

import pytest

from marginbot.paper.books import risk
from marginbot.paper.books.catalogue import markets
from marginbot.paper.books.config import Config
from marginbot.paper.books.tiers import tiers_of
from marginbot.paper.books.wallets import Balance, IsolatedPair

BTC = markets()["BTCUSDT"].listing
INDEX = D(100_000)


def a_pair(base="0", quote="0", base_borrowed="0", quote_borrowed="0") -> IsolatedPair:
    base_side = Balance(D(base), borrowed=D(base_borrowed))
    return IsolatedPair("BTCUSDT", base_side, Balance(D(quote), borrowed=D(quote_borrowed)))


LONG = a_pair(base="0.05", quote_borrowed="4000")
SHORT = a_pair(quote="5000", base_borrowed="0.04")
LONG_WITH_CASH = a_pair(base="0.03", quote="500", quote_borrowed="2500")


@pytest.mark.parametrize(
    ("position", "level", "call_price", "liquidation_price"),
    [
        (LONG, "1.25", "88000", "84000"),
        (SHORT, "1.25", "113636.36363636", "119047.61904762"),
        (LONG_WITH_CASH, "1.4", "75000", "70833.33333333"),
    ],
)
def test_the_published_examples_give_their_levels_and_prices(position, level, call_price, liquidation_price):
    assert risk.margin_level(position, INDEX) == D(level)
    assert risk.liquidation_price(position, D("1.10")) == D(call_price)
    assert risk.liquidation_price(position, D("1.05")) == D(liquidation_price)


def test_without_debt_the_level_is_shown_as_999_and_no_price_liquidates():
    flat = a_pair(base="1")
    assert risk.margin_level(flat, INDEX) is None
    assert risk.shown_level(None) == 999
    assert risk.liquidation_price(flat, D("1.05")) == 0


def test_cash_that_covers_the_debt_leaves_no_liquidation_price():
    assert risk.liquidation_price(a_pair(base="0.01", quote="5000", quote_borrowed="4000"), D("1.05")) == 0


@pytest.mark.parametrize(
    ("level", "status"),
    [
        ("2.01", "EXCESSIVE"),
        ("2", "NORMAL"),
        ("1.11", "NORMAL"),
        ("1.10", "MARGIN_CALL"),
        ("1.07", "PRE_LIQUIDATION"),
        ("1.05", "FORCE_LIQUIDATION"),
    ],
)
def test_the_status_follows_the_level_of_a_10x_pair(level, status):
    assert risk.level_status(D(level), tiers_of(BTC)[0], Config()) == status


@pytest.mark.parametrize(("symbol", "most"), [("BTCUSDT", 9000), ("SOLUSDT", 4000), ("ADAUSDT", 2000)])
def test_1000_usdt_borrow_nine_four_or_two_times_as_much(symbol, most):
    market = markets()[symbol]
    own = IsolatedPair(symbol, quote=Balance(D(1000)))
    assert risk.max_borrowable(market.listing, own, market.index, "USDT") == most


def test_nothing_can_be_borrowed_below_the_initial_ratio():
    assert risk.max_borrowable(BTC, a_pair(quote="1100", quote_borrowed="1000"), INDEX, "USDT") == 0


def test_beyond_the_first_tiers_debt_10000_usdt_borrow_7_91_times_as_much():
    rich = a_pair(quote="10000")
    assert risk.max_borrowable(BTC, rich, INDEX, "USDT") == 79100


def test_with_debt_only_what_keeps_the_transfer_out_level_may_leave():
    covered = a_pair(quote="20000", quote_borrowed="5150")
    assert risk.max_transfer_out(covered, covered.quote, D(1), INDEX, D(2)) == 9700
    tight = a_pair(quote="8000", quote_borrowed="5150")
    assert risk.max_transfer_out(tight, tight.quote, D(1), INDEX, D(2)) == 0


def test_without_debt_everything_free_may_leave_but_nothing_locked():
    locked = IsolatedPair("BTCUSDT", quote=Balance(D(60), locked=D(40)))
    assert risk.max_transfer_out(locked, locked.quote, D(1), INDEX, D(2)) == 60
