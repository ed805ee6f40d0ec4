from __future__ import annotations

import pytest

from marginbot.domain.book import Walk, affordable, cap_price, depth_within, levels_for, slippage_bps, walk
from marginbot.domain.plan import Side
from tests.builders import D, a_book, side_of_book

BOOK = a_book(bids=("100 x 1", "99 x 2", "90 x 10"), asks=("101 x 1", "102 x 2", "110 x 10"))


def test_a_sell_takes_bids_and_a_buy_takes_asks():
    assert levels_for(BOOK, Side.SELL) == side_of_book("100 x 1", "99 x 2", "90 x 10")
    assert levels_for(BOOK, Side.BUY) == side_of_book("101 x 1", "102 x 2", "110 x 10")


@pytest.mark.parametrize(
    ("side", "quantity", "skip", "value"),
    [
        (Side.SELL, "1", "0", "100"),
        (Side.SELL, "2", "0", "199"),
        (Side.SELL, "4", "0", "388"),
        (Side.SELL, "2", "1", "198"),
        (Side.SELL, "2", "0.5", "198.5"),
        (Side.SELL, "1", "3", "90"),
        (Side.BUY, "4", "0", "415"),
        (Side.BUY, "1", "2.5", "106"),
    ],
)
def test_walking_the_book_takes_level_after_level_behind_what_earlier_slices_took(side, quantity, skip, value):
    assert walk(BOOK, side, D(quantity), D(skip)) == Walk(D(quantity), D(value), True)


def test_a_book_that_does_not_hold_the_size_says_how_far_it_goes():
    assert walk(BOOK, Side.SELL, D(20)) == Walk(D(13), D(1198), False)
    assert walk(BOOK, Side.SELL, D(5), skip=D(12)) == Walk(D(1), D(90), False)
    assert walk(BOOK, Side.SELL, D(5), skip=D(50)) == Walk(D(0), D(0), False)
    assert walk(a_book(bids=()), Side.SELL, D(1)) == Walk(D(0), D(0), False)


def test_in_an_empty_book_nothing_waits_and_nothing_is_bought_and_that_is_an_amount_too():
    for nothing in (depth_within(a_book(bids=()), Side.SELL, D(1)), depth_within(a_book(asks=()), Side.BUY, D(1))):
        assert (nothing, type(nothing)) == (0, D)
    assert affordable(a_book(asks=()), D(1000)) == 0


@pytest.mark.parametrize(
    ("side", "limit", "depth"),
    [
        (Side.SELL, "100.01", "0"),
        (Side.SELL, "100", "1"),
        (Side.SELL, "98.5", "3"),
        (Side.SELL, "1", "13"),
        (Side.BUY, "100.99", "0"),
        (Side.BUY, "102", "3"),
        (Side.BUY, "1000", "13"),
    ],
)
def test_depth_counts_what_waits_at_the_limit_or_better(side, limit, depth):
    assert depth_within(BOOK, side, D(limit)) == D(depth)


@pytest.mark.parametrize(
    ("budget", "base"),
    [("0", "0"), ("50.5", "0.5"), ("101", "1"), ("152", "1.5"), ("101.51", "1.005"), ("203", "2"), ("415", "4"), ("99999", "13")],
)
def test_a_budget_buys_from_the_cheapest_up_and_no_more_than_there_is(budget, base):
    assert affordable(BOOK, D(budget)) == D(base)


def test_slippage_is_positive_against_us_on_either_side():
    assert slippage_bps(Side.SELL, D(99), D(100)) == 100
    assert slippage_bps(Side.SELL, D(101), D(100)) == -100
    assert slippage_bps(Side.BUY, D(101), D(100)) == 100
    assert slippage_bps(Side.BUY, D(99), D(100)) == -100


def test_the_cap_is_a_price_below_the_index_for_a_sell_and_above_it_for_a_buy():
    assert cap_price(Side.SELL, D(100000), D(100)) == 99000
    assert cap_price(Side.BUY, D(100000), D(50)) == 100500


def test_the_middle_of_the_book_needs_both_sides():
    assert BOOK.mid == D("100.5")
    assert a_book(bids=()).mid is None
    assert a_book(asks=()).mid is None
