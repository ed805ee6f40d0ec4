from __future__ import annotations

import pytest

from marginbot.domain.amounts import half_up
from marginbot.domain.margin import Fence, fence, in_book_terms, liquidation_price, tier_of
from tests.builders import TEN_TIMES, D, a_balance, a_short, an_account, flat

A_LONG = an_account()


def owing(btc: str, usdt: str):
    return an_account(a_balance("1", borrowed=btc), a_balance(borrowed=usdt))


@pytest.mark.parametrize(
    ("btc", "usdt", "tier"),
    [
        ("0", "0", 1),
        ("9", "50000", 1),
        ("0", "50000.00000001", 2),
        ("9.00000001", "0", 2),
        ("15", "250000", 4),
        ("27", "1", 3),
        ("36", "300000", 4),
        ("37", "0", 4),
        ("0", "999999999", 4),
    ],
)
def test_the_tier_is_the_higher_of_both_debts_and_beyond_the_last_row_the_last(btc, usdt, tier):
    assert tier_of(owing(btc, usdt), TEN_TIMES).tier == tier


def test_interest_can_lift_a_position_into_the_next_tier():
    account = an_account(quote=a_balance(borrowed="50000", interest="1"))
    assert tier_of(account, TEN_TIMES).tier == 2
    short = an_account(a_balance("1", borrowed="9", interest="0.00000001"), a_balance())
    assert tier_of(short, TEN_TIMES).tier == 2


def test_the_order_in_which_the_exchange_lists_the_tiers_does_not_matter():
    assert tier_of(owing("15", "0"), TEN_TIMES[::-1]).tier == 2


def test_no_tiers_at_all_is_an_error_that_names_the_pair():
    with pytest.raises(ValueError, match="BTCUSDT"):
        tier_of(A_LONG, ())


def test_the_liquidation_price_uses_the_ratio_of_the_positions_own_tier():
    account = an_account(a_balance("1"), a_balance(borrowed="80000"))
    assert liquidation_price(account, TEN_TIMES) == D("84800")


def test_the_fence_is_the_nearest_mark_below_and_above_the_index():
    marks = fence(A_LONG, (D("1.05"), D("1.1"), D("1.5")), (D(50000), D(130000)))
    assert marks == Fence(D(88000), D(120000))


def test_a_shorts_levels_stand_above_the_price():
    marks = fence(a_short(), (D("1.0"), D("1.1"), D("2")))
    assert half_up(marks.above, 2) == D("113636.36")
    assert marks.below == D(62500)


def test_without_debt_and_price_marks_nothing_waits_on_either_side():
    marks = fence(flat(base="1"), (D("1.1"),))
    assert marks == Fence(None, None)
    assert not marks.crossed_by(D(0))


def test_a_mark_at_the_index_itself_counts_as_reached():
    assert fence(A_LONG, (D("1.25"),)) == Fence(D(100000), None)
    assert fence(A_LONG, (), (D(100000),)).crossed_by(D(100000))


@pytest.mark.parametrize(
    ("price", "crossed"),
    [("88000", True), ("88000.01", False), ("119999", False), ("120000", True), ("87000", True), ("130000", True)],
)
def test_touching_the_fence_is_crossing_it(price, crossed):
    assert Fence(D(88000), D(120000)).crossed_by(D(price)) is crossed


def test_a_fence_of_one_side_is_crossed_on_that_side_only():
    assert Fence(None, D(120000)).crossed_by(D(130000))
    assert not Fence(None, D(120000)).crossed_by(D(1))
    assert Fence(D(88000), None).crossed_by(D(1))
    assert not Fence(D(88000), None).crossed_by(D(130000))


def test_in_book_terms_the_fence_moves_by_the_ratio_of_book_and_index():
    assert in_book_terms(Fence(D(88000), None), D(101000), D(100000)) == Fence(D(88880), None)
    assert in_book_terms(Fence(None, D("0.5")), D(3), D(2)) == Fence(None, D("0.75"))
