"""Where one more digit, one more level of the book or one more step would tip a close the other way."""

from __future__ import annotations

import pytest

from marginbot.domain.plan import Into, Need, Side
from marginbot.rules.close import Closing, Trade, orders_for, trade_for
from tests.builders import (
    DOGEUSDT,
    NO_RULES,
    D,
    a_balance,
    a_book,
    a_look,
    a_market,
    a_short,
    an_account,
    filters,
    flat,
    limits,
    to_flat,
)

AT_INDEX = a_book(bids=("100000 x 10",), asks=("100000 x 10",))
FINE = filters(step="0.00000001", min_qty="0")


def trade(account, into=Into.QUOTE, book=AT_INDEX, fee="0", **market):
    return trade_for(to_flat(into), a_look(account, a_market(book, fee=fee, **market)))


def closing(quantity, bids, cap="100", deep=False, **market) -> Closing:
    look = a_look(market=a_market(a_book(bids=bids), **market), deep=deep)
    return orders_for(Trade(Side.SELL, D(quantity), "it is told so"), look, limits(cap))


def test_a_buy_back_of_just_the_smallest_order_is_not_called_raised():
    """5.25 USDT at 100,000 is 0.0000525 BTC, 0.00006 on the step."""
    assert trade(a_short(borrowed="0.00006")).because == "0.00006 BTC are owed and 0 held; fee and next interest included"


def test_room_for_all_of_a_buy_back_or_for_more_is_not_mentioned():
    for most in ("0.04", "1"):
        bought = trade(a_short(), its_filters=filters(max_position=most))
        assert (bought.quantity, bought.because) == (D("0.04"), "0.04 BTC are owed and 0 held; fee and next interest included")


def test_in_a_thin_book_coins_for_all_it_shows_are_no_reason_to_believe_the_rest_affordable():
    """0.01 BTC cost 1000 there; with just 1000, a thousandth of headroom leaves 0.00999."""
    thin = a_book(asks=("100000 x 0.01",))
    assert trade(a_short(free="1000"), book=thin).quantity == D("0.00999")
    assert trade(a_short(free="1001"), book=thin).quantity == D("0.04")
    locked = an_account(a_balance(borrowed="0.04"), a_balance("1000", locked="9000"))
    assert trade(locked, book=thin).quantity == D("0.00999")


def test_in_a_thin_book_that_costs_more_than_there_is_only_what_can_be_paid_is_bought():
    assert trade(a_short(free="1001"), book=a_book(asks=("100000 x 0.03",))).quantity == D("0.01")


@pytest.mark.parametrize(
    ("free", "rules", "reach"), [("20020", filters(), "0.2"), ("2002.5005", FINE, "0.020005"), ("2002.9", filters(), "0.02")]
)
def test_the_headroom_is_a_thousandth_and_the_reach_is_rounded_down_to_the_step(free, rules, reach):
    """20020 / 1.001 = 20,000; 2002.5005 / 1.001 = 2000.5; 2002.9 / 1.001 = 2000.899."""
    assert trade(a_short(free=free, borrowed="1"), its_filters=rules).quantity == D(reach)


def test_into_base_the_headroom_is_a_thousandth_too():
    assert trade(flat(quote="2002.5005"), Into.BASE, its_filters=FINE).quantity == D("0.020005")


@pytest.mark.parametrize(("spent", "bought"), [("5.254249", None), ("5.256251", "0.00005251")])
def test_into_base_an_order_is_worth_five_percent_more_than_the_least_value(spent, bought):
    """0.00005249 and 0.00005251 BTC: 5.249 and 5.251 USDT around 5 x 1.05."""
    order = trade(flat(quote=spent), Into.BASE, its_filters=FINE)
    assert (order and order.quantity) == (bought and D(bought))


def test_into_base_an_order_is_valued_at_its_best_ask_when_that_is_below_the_index():
    """4.95495 / 1.001 / 90,000 = 0.000055 BTC: 5.50 at the index and only 4.95 at the ask."""
    cheap = a_book(asks=("90000 x 10", "110000 x 10"))
    assert trade(flat(quote="4.95495"), Into.BASE, cheap, its_filters=FINE) is None


def test_into_base_asks_alone_are_enough():
    assert trade(flat(quote="10010"), Into.BASE, a_book(bids=(), asks=("100000 x 10",))).quantity == D("0.1")


def test_coins_worth_a_tenth_of_a_dollar_are_valued_in_parts_of_it():
    """100 USDT of headroom 100.1 buy 1000 DOGE; 1000 DOGE are worth 100 and sold."""
    book = a_book(bids=("0.1 x 99999",), asks=("0.1 x 99999",))
    for into, base, quote, side in ((Into.BASE, "0", "100.1", Side.BUY), (Into.QUOTE, "1000", "0", Side.SELL)):
        account = an_account(a_balance(base), a_balance(quote), pair=DOGEUSDT)
        order = trade_for(to_flat(into), a_look(account, a_market(book, DOGEUSDT)))
        assert (order.side, order.quantity) == (side, 1000)


def test_the_expected_price_keeps_its_parts_and_the_cap_is_measured_with_them():
    """2 at 100,000 and 98,001 average 99,000.5: 99.95 basis points."""
    (order,) = closing("2", ("100000 x 1", "98001 x 1"), cap="99.95").orders
    assert (order.limit_price, order.expected_price, order.slippage_bps) == (None, D("99000.5"), D("99.95"))
    (limited,) = closing("3", ("100000 x 1", "99999 x 1", "1 x 9"), cap="50").orders
    assert (limited.limit_price, limited.expected_price) == (99500, D("99999.5"))


def test_after_a_slice_that_would_break_the_cap_no_smaller_one_slips_through():
    """92 steps in orders of at most 10: two of 1 coin come first, and the first of them would average 95,000."""
    rules = filters(step="0.1", min_qty="0.1", max_qty="1", min_value="0")
    (order,) = closing("9.2", ("100000 x 0.9", "50000 x 99"), its_filters=rules).orders
    assert (order.quantity, order.limit_price) == (D("0.9"), 99000)


def test_a_limit_sell_is_valued_at_its_limit_where_it_may_fill():
    """0.00005 BTC are 5 USDT at the bid and 4.95 at the limit of 99,000."""
    assert closing("1", ("100000 x 0.00005", "1 x 9")).orders == ()
    assert closing("1", ("100000 x 0.00006", "1 x 9")).orders[0].limit_price == 99000


def test_a_book_too_thin_asks_for_more_of_it_and_blocks_nothing():
    assert closing("1", ("100000 x 0.5",)) == Closing(needs=frozenset({Need.DEEP_BOOK}))


def test_with_no_least_value_the_last_digit_of_a_coin_is_sold():
    assert trade(flat(base="0.00000001"), its_filters=NO_RULES).quantity == D("0.00000001")
