"""What an open order locks is not there to spend, and a debt is what was borrowed with its interest. In every rule."""

from __future__ import annotations

import pytest

from marginbot.domain.plan import Into, Repay, Side
from marginbot.rules.close import next_interest, orders_for, trade_for
from marginbot.rules.crumb import crumb_from_spot
from marginbot.rules.repay import repayment
from marginbot.rules.sweep import sweep
from marginbot.rules.unwind import plan
from tests.builders import BTC, USDT, D, a_balance, a_book, a_look, a_market, an_account, filters, flat, limits, to_flat

AT_INDEX = a_book(bids=("100000 x 10",), asks=("100000 x 10",))


def look_at(base, quote, fee="0", **market):
    return a_look(an_account(base, quote), a_market(AT_INDEX, fee=fee, **market))


def traded(base, quote, into=Into.QUOTE, **market):
    trade = trade_for(to_flat(into), look_at(base, quote, **market))
    return None if trade is None else (trade.side, trade.quantity)


def test_locked_base_is_not_sold():
    assert traded(a_balance("0.05", locked="0.01"), a_balance(borrowed="4000")) == (Side.SELL, D("0.05"))


def test_locked_base_buys_nothing_off_its_debt():
    assert traded(a_balance("0.01", locked="0.05", borrowed="0.04"), a_balance("5000")) == (Side.BUY, D("0.03"))
    words = trade_for(to_flat(), look_at(a_balance("0.01", locked="0.05", borrowed="0.04"), a_balance("5000"))).because
    assert words.startswith("0.04 BTC are owed and 0.01 held")


def test_interest_alone_that_no_coin_covers_is_bought_back():
    """0.04 held and 0.041 owed."""
    assert traded(a_balance("0.04", borrowed="0.04", interest="0.001"), a_balance("5000")) == (Side.BUY, D("0.001"))
    words = trade_for(to_flat(), look_at(a_balance("0.04", borrowed="0.04", interest="0.001"), a_balance("5000"))).because
    assert words == "0.041 BTC are owed and 0.04 held; fee and next interest included"


def test_locked_quote_pays_for_no_buy_back_and_is_not_named():
    trade = trade_for(to_flat(), look_at(a_balance(borrowed="0.04"), a_balance("2002", locked="5000")))
    assert trade.quantity == D("0.02")
    assert "; 2002 USDT pay for no more than 0.02" in trade.because


def test_locked_quote_turns_into_no_base_and_is_not_named():
    look = look_at(a_balance(), a_balance("10010", locked="10010"))
    trade = trade_for(to_flat(Into.BASE), look)
    assert (trade.quantity, trade.because) == (D("0.1"), "the debts are gone: 10010 USDT become BTC")


def test_locked_quote_backs_no_limit_order():
    """3905 / 101,000 is 0.03866."""
    account = an_account(a_balance(borrowed="0.05"), a_balance("3905", locked="5000"))
    look = a_look(account, a_market(a_book(asks=("100000 x 0.039",))), deep=True)
    (order,) = orders_for(trade_for(to_flat(), look), look, limits()).orders
    assert (order.quantity, order.limit_price) == (D("0.03866"), 101000)


@pytest.mark.parametrize(
    ("quote", "sold"),
    [
        (a_balance("3000", locked="2000", borrowed="4000"), "0.01"),
        (a_balance("4000", borrowed="4000", interest="10"), "0.0001"),
        (a_balance("3000", borrowed="3990", interest="10"), "0.01"),
    ],
    ids=["locked quote", "interest alone", "interest with the rest"],
)
def test_keeping_the_base_what_free_quote_lacks_of_the_whole_debt_is_sold(quote, sold):
    assert traded(a_balance("0.05"), quote, Into.KEEP) == (Side.SELL, D(sold))


def test_keeping_the_base_only_free_base_beyond_its_own_whole_debt_is_sold_and_on_the_step():
    owing = a_balance(borrowed="4000")
    assert traded(a_balance("0.02", locked="0.05"), owing, Into.KEEP) == (Side.SELL, D("0.02"))
    assert traded(a_balance("0.05", borrowed="0.02", interest="0.01"), owing, Into.KEEP) == (Side.SELL, D("0.02"))
    assert traded(a_balance("0.020019"), owing, Into.KEEP) == (Side.SELL, D("0.02001"))


def test_the_largest_position_counts_locked_coins_and_its_room_is_a_number_of_steps():
    """0.03 less 0.005 free and 0.005 locked; 0.030019 less 0.005."""
    rest = a_balance("10010")
    least = {"its_filters": filters(max_position="0.03")}
    assert traded(a_balance("0.005", locked="0.005"), rest, Into.BASE, **least) == (Side.BUY, D("0.02"))
    least = {"its_filters": filters(max_position="0.030019")}
    assert traded(a_balance("0.005"), rest, Into.BASE, **least) == (Side.BUY, D("0.02501"))


def test_interest_grows_on_what_was_borrowed_and_not_on_interest():
    look = look_at(a_balance(borrowed="40", interest="10"), a_balance(borrowed="7"), hourly={BTC: "0.001", USDT: "0.01"})
    assert (next_interest(look, quote_side=False), next_interest(look, quote_side=True)) == (D("0.04"), D("0.07"))


def test_a_crumb_is_what_free_coins_lack_of_the_whole_debt():
    account = an_account(a_balance(), a_balance("1000", locked="5", borrowed="1000", interest="1.5"))
    step = crumb_from_spot(a_look(account, spot={USDT: "1.5"}), limits(crumb="2"))
    assert step.amount == D("1.5")
    assert step.because.startswith("1001.5 USDT are owed and 1000 free; nothing is left to trade, so the missing 1.5 comes")


def test_a_crumb_that_spot_has_to_the_last_digit_is_brought_and_from_an_empty_spot_none_is():
    account = an_account(a_balance(), a_balance("1000", borrowed="1000.5"))
    assert crumb_from_spot(a_look(account, spot={USDT: "0.5"}), limits(crumb="2")).amount == D("0.5")
    assert crumb_from_spot(a_look(account), limits(crumb="2")) is None


def test_a_debt_is_whole_only_with_its_interest():
    quote = a_balance("4000", locked="50", borrowed="4000", interest="10")
    account = an_account(quote=quote)
    assert repayment(a_look(account), account.quote, D(4000), close_to_come=True) is None
    part = repayment(a_look(account), account.quote, D(4000), close_to_come=False)
    assert part.because == "4010 USDT are owed (4000 borrowed + 10 interest); 4000 is all that can be paid"
    whole = repayment(a_look(account), account.quote, D(4010), close_to_come=False)
    assert whole.because == "4010 USDT are owed (4000 borrowed + 10 interest) and 4000 are free: the debt ends here"


def test_what_a_part_repayment_leaves_is_reckoned_with_interest():
    account = an_account(quote=a_balance("3999.9999", borrowed="3990", interest="10"))
    look = a_look(account, a_market(min_repay={USDT: "1"}))
    assert repayment(look, account.quote, D("3999.9999"), close_to_come=False).amount == 3999


def test_only_free_coins_go_home_and_only_they_are_named():
    locked = an_account(a_balance(locked="1"), a_balance("70", locked="30"))
    home = sweep(a_look(locked, transferable={USDT: "500"})).steps
    assert [(step.asset, step.amount, step.because) for step in home] == [
        (USDT, D(70), "70 USDT are free, 500 may leave, nothing is owed")
    ]
    assert sweep(a_look(locked, transferable={USDT: "0"})).remains == ("70 USDT",)


def test_while_half_a_coin_of_interest_stays_owed_nobody_asks_yet_what_may_leave():
    decided = plan(to_flat(), a_look(an_account(a_balance(), a_balance("4000", borrowed="4000", interest="0.5"))), limits())
    assert [(type(step), step.amount) for step in decided.steps] == [(Repay, 4000)]
    assert decided.needs == frozenset()


def test_a_pair_without_an_index_is_not_traded_whatever_its_rules():
    """Nothing divides by the zero that the exchange gives as index of some pairs that owe nothing."""
    anything = filters(tick="0", step="0", min_qty="0", max_qty="0", min_value="0")
    for into, account in ((Into.QUOTE, flat(base="1")), (Into.BASE, flat(quote="1"))):
        look = a_look(an_account(account.base, account.quote, index="0"), a_market(its_filters=anything))
        assert trade_for(to_flat(into), look) is None
