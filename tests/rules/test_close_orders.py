"""From a trade to orders: slices at market inside the cap, a limit at the cap, or a reason to wait."""

from __future__ import annotations

from dataclasses import replace

import pytest

from marginbot.domain.plan import Need, Side
from marginbot.rules.close import Closing, Trade, orders_for
from tests.builders import BTC, USDT, D, a_book, a_look, a_market, a_short, an_account, filters, limits


def closing(side=Side.SELL, quantity="0.05", cap="100", deep=False, book=None, **market) -> Closing:
    account = a_short(free="100000") if side is Side.BUY else None
    look = a_look(account, a_market(book, **market), deep=deep)
    return orders_for(Trade(side, D(quantity), "it is told so"), look, limits(cap))


def test_a_size_the_book_keeps_inside_the_cap_goes_to_the_market_in_one_order():
    (order,) = closing().orders
    assert (order.side, order.quantity, order.limit_price) == (Side.SELL, D("0.05"), None)
    assert (order.base, order.quote, order.because) == (BTC, USDT, "it is told so")
    assert (order.index_price, order.expected_price, order.slippage_bps) == (100000, 99990, 1)


@pytest.mark.parametrize(("cap", "limit"), [("100", None), ("99.9", "99001")])
def test_a_sell_exactly_at_the_cap_still_goes_to_the_market_and_a_hair_beyond_does_not(cap, limit):
    """1 at 100,000 and 1 at 98,000 average 99,000: one percent below the index."""
    book = a_book(bids=("100000 x 1", "98000 x 1"))
    (order,) = closing(quantity="2", cap=cap, book=book).orders
    assert order.limit_price == (None if limit is None else D(limit))
    assert order.quantity == (2 if limit is None else 1)


def test_beyond_the_cap_a_limit_order_takes_what_the_book_shows_inside_it():
    book = a_book(asks=("100500 x 0.01", "101000 x 0.01", "101100 x 5"))
    (order,) = closing(Side.BUY, "1", book=book).orders
    assert (order.quantity, order.limit_price, order.expected_price) == (D("0.02"), 101000, 100750)
    assert "LIMIT IOC at 101000 keeps it inside the cap" in order.because


@pytest.mark.parametrize(("side", "limit"), [(Side.SELL, "99995"), (Side.BUY, "100005")])
def test_the_limit_is_rounded_to_the_tick_towards_the_index_never_beyond_the_cap(side, limit):
    """0.7 bps of 100,000 are 7, the tick is 5."""
    book = a_book(bids=("100000 x 0.01", "1 x 9"), asks=("100000 x 0.01", "999999 x 9"))
    (order,) = closing(side, "1", "0.7", book=book, its_filters=filters(tick="5")).orders
    assert order.limit_price == D(limit)


def test_a_pair_without_tick_and_step_gets_eight_decimals():
    rules = filters(tick="0", step="0", min_qty="0", max_qty="0")
    (order,) = closing(
        quantity="1", cap="0.000000123", book=a_book(bids=("100000 x 0.123456789",)), deep=True, its_filters=rules
    ).orders
    assert (order.quantity, order.limit_price) == (D("0.12345678"), D("99999.99999877"))


def test_a_cap_of_everything_still_has_a_limit_above_zero():
    (order,) = closing(quantity="20", cap="10000", deep=True, its_filters=filters(min_value="0")).orders
    assert (order.quantity, order.limit_price) == (10, D("0.01"))


def test_when_the_book_shows_less_than_one_order_inside_the_cap_it_is_blocked_and_says_how_far_away_the_best_is():
    blocked = closing(book=a_book(bids=("98000 x 10",)))
    assert blocked.orders == ()
    assert "the cap of 100 bps blocks it" in blocked.blocked
    assert "the best price is 98000, 200.0 bps from the index 100000" in blocked.blocked
    assert closing(book=a_book(bids=("99990 x 0.00004", "98000 x 10"))).orders == ()


def test_an_absurd_print_is_never_sold_into():
    assert closing(book=a_book(bids=("1 x 1000",))).orders == ()


def test_a_thin_book_is_read_deeper_first_and_used_inside_the_cap_then():
    thin = a_book(bids=("99990 x 0.01",))
    first = closing(book=thin)
    assert (first.orders, first.needs) == ((), {Need.DEEP_BOOK})
    (order,) = closing(book=thin, deep=True).orders
    assert (order.quantity, order.limit_price) == (D("0.01"), 99000)


@pytest.mark.parametrize("status", ["BREAK", "HALT", "CANCEL_ONLY"])
def test_a_pair_that_does_not_trade_blocks_and_names_the_word(status):
    blocked = closing(status=status)
    assert (blocked.orders, blocked.needs) == ((), frozenset())
    assert status in blocked.blocked


def test_a_pair_whose_trading_is_switched_off_for_this_account_blocks_and_says_so():
    look = a_look(replace(an_account(), trade_enabled=False))
    blocked = orders_for(Trade(Side.SELL, D("0.05"), "it is told so"), look, limits())
    assert blocked.orders == ()
    assert "switched trading off" in blocked.blocked


def test_an_empty_side_of_the_book_blocks_and_names_it():
    assert "no bids" in closing(book=a_book(bids=())).blocked
    assert "no asks" in closing(Side.BUY, book=a_book(asks=())).blocked


def test_slices_walk_on_where_the_one_before_ended():
    book = a_book(bids=("100000 x 1", "99900 x 1", "99800 x 1"))
    orders = closing(quantity="3", book=book, its_filters=filters(market_max="1")).orders
    assert [order.quantity for order in orders] == [1, 1, 1]
    assert [order.expected_price for order in orders] == [100000, 99900, 99800]
    assert [order.slippage_bps for order in orders] == [0, 10, 20]


def test_slices_stop_at_the_first_that_would_break_the_cap_and_the_rest_waits():
    book = a_book(bids=("100000 x 2", "98000 x 1"))
    orders = closing(quantity="3", book=book, its_filters=filters(market_max="1")).orders
    assert [(order.quantity, order.limit_price) for order in orders] == [(1, None), (1, None)]


def test_a_limit_order_keeps_the_largest_value_at_its_own_price():
    """10,500 / 1.05 is 10,000: 0.1 BTC at the index, but only 0.0909 at a limit of 110,000."""
    book = a_book(asks=("109999 x 0.0999", "999999 x 9"))
    (order,) = closing(Side.BUY, "0.5", cap="1000", book=book, its_filters=filters(max_value="10500")).orders
    assert (order.quantity, order.limit_price) == (D("0.0909"), 110000)
