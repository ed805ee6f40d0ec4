from __future__ import annotations

import pytest

from marginbot.rules.sizes import is_tradable, largest_order, order_price, slices, smallest_order
from tests.builders import NO_RULES, PAIRS, D, a_book, a_look, a_market, filters


@pytest.mark.parametrize(
    ("name", "price", "least"),
    [
        ("BTCUSDT 2024", "100000", "0.00006"),  # 5.25 / 100,000 = 0.0000525
        ("BTCUSDT 2021", "50000", "0.00021"),  # 10.5 / 50,000
        ("DOGEUSDT 2024", "0.1", "11"),  # 1.05 / 0.1 = 10.5 coins
        ("SHIBUSDT", "0.00001", "105000"),
        ("PEPEUSDT", "0.000007", "150000"),
        ("BNBBTC 2021", "0.005", "0.03"),  # 0.000105 / 0.005 = 0.021
        ("ETHBTC", "0.05", "0.0021"),
        ("BTCJPY", "10000000", "0.000011"),  # 105 / 10,000,000 = 0.0000105
    ],
)
def test_the_smallest_order_is_five_percent_above_the_least_value_rounded_up_to_the_step(name, price, least):
    assert smallest_order(PAIRS[name].filters, D(price)) == D(least)


def test_the_smallest_order_is_never_below_the_least_quantity():
    assert smallest_order(filters(min_qty="0.5"), D(100000)) == D("0.5")
    assert smallest_order(filters(market_min="0.7"), D(100000)) == D("0.7")
    assert smallest_order(NO_RULES, D(100)) == 0


@pytest.mark.parametrize(
    ("quantity", "price", "tradable"),
    [
        ("-0.00005", "-100000", False),
        ("0.00005", "100000", True),
        ("0.00005", "99999", False),
        ("0.00001", "1000000", True),
        ("0.000009", "1000000", False),
        ("0", "100000", False),
        ("-1", "100000", False),
    ],
)
def test_an_order_needs_the_least_quantity_and_the_least_value(quantity, price, tradable):
    assert is_tradable(filters(), D(quantity), D(price)) is tradable


def test_the_least_quantity_counts_also_where_it_is_many_steps():
    rules = filters(step="0.1", min_qty="0.5", min_value="1")
    assert [is_tradable(rules, D(quantity), D(100)) for quantity in ("0.4", "0.5")] == [False, True]


def test_without_rules_every_amount_but_zero_is_an_order():
    assert is_tradable(NO_RULES, D("0.00000001"), D(1))
    assert not is_tradable(NO_RULES, D(0), D(1))


@pytest.mark.parametrize(
    ("quantity", "parts"),
    [
        ("10", ["10"]),
        ("10.1", ["5", "5.1"]),
        ("25", ["8.3", "8.3", "8.4"]),
        ("30", ["10", "10", "10"]),
        ("0.1", ["0.1"]),
    ],
)
def test_a_position_above_the_largest_order_is_sliced_equally_and_the_last_takes_the_rest(quantity, parts):
    assert slices(filters(step="0.1", market_max="10.04"), D(quantity), D(1)) == tuple(map(D, parts))


def test_when_the_rest_would_be_too_large_for_the_last_slice_the_first_ones_take_a_step_more():
    """995 steps in 100 orders of at most 10: 9 each would leave 104 for the last."""
    parts = slices(filters(step="0.1", min_qty="0.1", max_qty="1", min_value="0"), D("99.5"), D(1))
    assert parts == (D(1),) * 95 + (D("0.9"),) * 5
    few = slices(filters(step="0.1", min_qty="0.1", max_qty="1", min_value="0"), D("9.2"), D(1))
    assert few == (D(1),) * 2 + (D("0.9"),) * 8


def test_a_rest_as_large_as_the_largest_order_stays_the_last():
    assert slices(filters(step="0.1", market_max="8.4"), D(25), D(1)) == (D("8.3"), D("8.3"), D("8.4"))


def test_a_size_of_nothing_is_not_divided():
    assert slices(filters(market_max="10"), D(0), D(1)) == (0,)


def test_the_largest_value_is_five_percent_above_what_is_sent_and_less_than_a_step_of_it_is_no_bound():
    """430 / 1.05 / 100 = 4.09523..."""
    assert largest_order(filters(max_value="430"), None, D(100)) == D("4.09523")
    assert largest_order(filters(max_value="0.9"), None, D(100000)) is None


def test_the_smaller_of_the_lot_filters_and_the_largest_value_bound_a_slice():
    assert slices(filters(max_qty="4", market_max="9"), D(8), D(1)) == (4, 4)
    assert slices(filters(max_qty="9", market_max="4"), D(8), D(1)) == (4, 4)
    assert slices(filters(max_value="420"), D(8), D(100)) == (4, 4)  # 420 / 1.05 / 100


def test_without_a_largest_order_nothing_is_sliced():
    assert slices(NO_RULES, D("123456789.12345678"), D(100)) == (D("123456789.12345678"),)
    assert largest_order(NO_RULES, None, D(100)) is None


@pytest.mark.parametrize(
    ("bids", "price"),
    [
        (("99990 x 1",), "99990"),
        (("99990 x 1", "95000 x 1"), "99990"),
        (("100500 x 1",), "100000"),
        ((), "100000"),
        (("90000 x 1",), "90000"),
        (("1 x 1",), "90000"),
    ],
    ids=["bid below", "two bids", "bid above", "no bids", "ten percent below", "absurd"],
)
def test_an_order_is_valued_at_the_lower_of_index_and_best_bid_but_an_absurd_bid_is_no_price(bids, price):
    assert order_price(a_look(market=a_market(a_book(bids)))) == D(price)
