"""Buying back a base debt, and buying base with what is left."""

from __future__ import annotations

from marginbot.domain.plan import Into, Need, Side
from marginbot.rules.close import orders_for, trade_for
from tests.builders import (
    BTC,
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


def buy(account, goal=None, deep=False, book=AT_INDEX, **market):
    return trade_for(goal or to_flat(), a_look(account, a_market(book, **market), deep=deep))


def test_a_short_buys_its_debt_back_with_the_fee_on_top_rounded_up():
    """0.04000193 / 0.999 = 0.0400419...: a fee taken in BTC leaves enough."""
    trade = buy(a_short(borrowed="0.04", interest="0.00000193"))
    assert (trade.side, trade.quantity) == (Side.BUY, D("0.04005"))
    assert trade.quantity * D("0.999") >= D("0.04000193")


def test_base_already_there_is_not_bought_again():
    assert buy(a_short(borrowed="0.04", base_free="0.03"), fee="0").quantity == D("0.01")
    assert buy(a_short(borrowed="0.04", base_free="0.04")) is None


def test_the_next_hours_interest_is_bought_along():
    assert buy(a_short(borrowed="0.04"), fee="0", hourly={BTC: "0.001"}).quantity == D("0.04004")


def test_a_short_is_bought_back_for_every_goal():
    for into in Into:
        assert buy(a_short(), to_flat(into)).quantity == D("0.04005")


def test_a_missing_crumb_is_raised_to_the_smallest_order_and_the_plan_says_so():
    """5.25 USDT at 100,000 is 0.0000525 BTC."""
    trade = buy(a_short(borrowed="0.04", base_free="0.03999"))
    assert trade.quantity == D("0.00006")
    assert "raised from 0.00002 to the smallest order" in trade.because


def test_an_absurd_bid_does_not_blow_up_the_smallest_order():
    trade = buy(a_short(), book=a_book(bids=("1 x 10",), asks=("100000 x 10",)))
    assert trade.quantity == D("0.04005")


def test_an_insolvent_short_buys_what_it_can_pay_for_and_says_so():
    """2002 / 1.001 = 2000 USDT buy 0.02 BTC."""
    trade = buy(a_short(free="2002"))
    assert trade.quantity == D("0.02")
    assert "2002 USDT pay for no more than 0.02" in trade.because


def test_a_short_that_can_just_pay_for_all_of_it_buys_all_of_it():
    assert buy(a_short(free="4000"), fee="0").quantity == D("0.04")


def test_a_short_that_cannot_pay_one_order_buys_nothing():
    assert buy(a_short(free="4")) is None
    assert buy(a_short(free="0")) is None


def test_when_the_pair_allows_no_larger_position_only_what_fits_is_bought():
    trade = buy(a_short(base_free="0.01"), its_filters=filters(max_position="0.03"))
    assert trade.quantity == D("0.02")
    assert "leaves room for 0.02" in trade.because
    assert buy(a_short(base_free="0.03"), its_filters=filters(max_position="0.03")) is None


def test_without_any_rule_the_buy_back_still_has_eight_decimals():
    assert buy(a_short(borrowed="0.04000193"), its_filters=NO_RULES).quantity == D("0.04004198")


def test_a_book_too_thin_for_the_buy_back_is_read_deeper_before_anything_is_bought():
    thin = a_book(asks=("100000 x 0.01",))
    look = a_look(a_short(), a_market(thin))
    assert orders_for(trade_for(to_flat(), look), look, limits()).needs == {Need.DEEP_BOOK}


def test_when_even_the_deep_book_is_too_thin_the_rest_is_bought_inside_the_cap_at_a_limit():
    thin = a_book(asks=("100000 x 0.01",))
    look = a_look(a_short(), a_market(thin), deep=True)
    (order,) = orders_for(trade_for(to_flat(), look), look, limits()).orders
    assert (order.quantity, order.limit_price, order.expected_price) == (D("0.01"), 101000, 100000)


def test_a_limit_buy_is_no_larger_than_what_its_limit_price_locks():
    """0.039 BTC cost 3900 there, but at a limit of 101,000 they lock 3939."""
    look = a_look(a_short(free="3905", borrowed="0.05"), a_market(a_book(asks=("100000 x 0.039",))), deep=True)
    (order,) = orders_for(trade_for(to_flat(), look), look, limits()).orders
    assert order.quantity == D("0.03866")
    assert order.quantity * order.limit_price <= 3905


def test_an_empty_ask_side_blocks_a_short_that_could_pay_and_does_not_make_a_residue_of_it():
    for deep in (False, True):
        look = a_look(a_short(), a_market(a_book(asks=())), deep=deep)
        closing = orders_for(trade_for(to_flat(), look), look, limits())
        assert closing.orders == ()
        assert closing.blocked == "the order book of BTCUSDT has no asks"


def test_into_base_the_rest_is_spent_with_a_little_headroom():
    """10010 / 1.001 = 10,000 USDT."""
    trade = buy(flat(quote="10010"), to_flat(Into.BASE))
    assert (trade.side, trade.quantity) == (Side.BUY, D("0.1"))


def test_into_base_waits_for_the_debts():
    assert buy(an_account(a_balance("0.05"), a_balance("5000", borrowed="4000")), to_flat(Into.BASE)) is None


def test_into_base_leaves_less_than_an_order_as_it_is():
    assert buy(flat(quote="5.2"), to_flat(Into.BASE)) is None
    assert buy(flat(quote="7"), to_flat(Into.BASE)).quantity == D("0.00006")
    assert buy(flat(quote="5000"), to_flat(Into.BASE), book=a_book(asks=())) is None


def test_into_base_keeps_within_the_largest_position():
    rules = filters(max_position="0.03")
    assert buy(flat(base="0.01", quote="10010"), to_flat(Into.BASE), its_filters=rules).quantity == D("0.02")
