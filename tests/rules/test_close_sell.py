"""What there is to sell: all of it, or only what the debt lacks."""

from __future__ import annotations

import pytest

from marginbot.domain.plan import Into, Side
from marginbot.rules.close import trade_for
from tests.builders import NO_RULES, USDT, D, a_balance, a_book, a_look, a_market, an_account, filters, flat, to_flat

AT_INDEX = a_book(bids=("100000 x 10",), asks=("100000 x 10",))


def look_at(base, quote, **market):
    return a_look(an_account(base, quote), a_market(market.pop("book", AT_INDEX), **market))


def test_the_plain_long_sells_all_of_its_base():
    trade = trade_for(to_flat(), a_look())
    assert (trade.side, trade.quantity) == (Side.SELL, D("0.05"))
    assert "0.05 BTC are free of debt" in trade.because


def test_what_is_below_the_step_stays():
    assert trade_for(to_flat(), look_at(a_balance("0.050009"), a_balance(borrowed="4000"))).quantity == D("0.05")


def test_base_that_is_owed_is_kept_for_its_own_debt():
    trade = trade_for(to_flat(), look_at(a_balance("0.05", borrowed="0.01", interest="0.001"), a_balance(borrowed="4000")))
    assert trade.quantity == D("0.039")


def test_base_that_just_covers_its_own_debt_is_not_sold():
    assert trade_for(to_flat(), look_at(a_balance("0.05", borrowed="0.05"), a_balance(borrowed="10"))) is None


def test_base_worth_less_than_an_order_is_dust():
    assert trade_for(to_flat(), look_at(a_balance("0.00004"), a_balance(borrowed="4"))) is None
    assert trade_for(to_flat(), look_at(a_balance("0.00005"), a_balance(borrowed="4"))) is not None


def test_without_debt_dust_begins_five_percent_above_the_least_value():
    assert trade_for(to_flat(), a_look(flat(base="0.00005"), a_market(AT_INDEX))) is None
    assert trade_for(to_flat(), a_look(flat(base="0.00006"), a_market(AT_INDEX))).quantity == D("0.00006")


def test_an_absurd_bid_does_not_make_dust_of_a_position():
    trade = trade_for(to_flat(), look_at(a_balance("0.05"), a_balance(borrowed="4000"), book=a_book(bids=("1 x 10",))))
    assert trade.quantity == D("0.05")


def test_with_no_rules_at_all_every_coin_is_sold_to_the_eighth_decimal():
    trade = trade_for(to_flat(), look_at(a_balance("0.050000019"), a_balance(borrowed="4000"), its_filters=NO_RULES))
    assert trade.quantity == D("0.05000001")


@pytest.mark.parametrize("into", [Into.KEEP, Into.BASE])
def test_keeping_the_base_sells_only_what_the_repayment_lacks_with_the_fee_on_top(into):
    """3996 / (100,000 x 0.999) = 0.04."""
    trade = trade_for(to_flat(into), look_at(a_balance("0.05"), a_balance("4", borrowed="4000")))
    assert (trade.side, trade.quantity) == (Side.SELL, D("0.04"))
    assert "lacks 3996 USDT" in trade.because


def test_keeping_the_base_rounds_the_sale_up_so_that_the_debt_is_covered():
    trade = trade_for(to_flat(Into.KEEP), look_at(a_balance("0.05"), a_balance("3.9", borrowed="4000")))
    assert trade.quantity == D("0.04001")


def test_keeping_the_base_also_sells_for_the_next_hours_interest():
    market = {"hourly": {USDT: "0.01"}, "fee": "0"}
    trade = trade_for(to_flat(Into.KEEP), look_at(a_balance("0.05"), a_balance(borrowed="4000"), **market))
    assert trade.quantity == D("0.0404")


def test_keeping_the_base_sells_the_smallest_order_when_less_is_missing():
    trade = trade_for(to_flat(Into.KEEP), look_at(a_balance("0.05"), a_balance("3999", borrowed="4000")))
    assert trade.quantity == D("0.00006")


def test_keeping_the_base_never_sells_more_than_is_free_of_debt():
    trade = trade_for(to_flat(Into.KEEP), look_at(a_balance("0.05", borrowed="0.02"), a_balance(borrowed="4000")))
    assert trade.quantity == D("0.03")


@pytest.mark.parametrize("into", [Into.KEEP, Into.BASE])
def test_keeping_the_base_sells_nothing_when_the_quote_is_there(into):
    assert trade_for(to_flat(into), look_at(a_balance("0.05"), a_balance("4000", borrowed="4000"))) is None


def test_kept_coins_without_debt_are_not_traded():
    assert trade_for(to_flat(Into.KEEP), a_look(flat(base="1", quote="100000"))) is None


def test_dust_that_cannot_pay_the_debt_is_not_sold_for_it():
    assert trade_for(to_flat(Into.KEEP), look_at(a_balance("0.00004"), a_balance(borrowed="4000"))) is None


def test_a_step_of_the_market_lot_filter_counts_too():
    look = look_at(a_balance("0.0567"), a_balance(borrowed="4000"), its_filters=filters(market_step="0.01"))
    assert trade_for(to_flat(), look).quantity == D("0.05")
