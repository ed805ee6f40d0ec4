"""How much the guard lets through at most, to the step, and what it says when it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from marginbot.domain.amounts import Asset, Symbol
from marginbot.domain.plan import CloseOrder, Into, Plan, Repay, Side, Sweep, TopUp, Verdict
from marginbot.errors import PlanRefused
from marginbot.rules.guard import check
from marginbot.rules.unwind import plan
from tests.builders import (
    BTC,
    BTCUSDT,
    PAIRS,
    USDT,
    D,
    a_balance,
    a_book,
    a_look,
    a_market,
    an_account,
    flat,
    limits,
    to_flat,
)

AT_INDEX = a_book(bids=("100000 x 10",), asks=("100000 x 10",))
SELL, BUY = Side.SELL, Side.BUY


def order(quantity, side=SELL, price="100000", symbol=BTCUSDT.symbol, base=BTC, quote=USDT):
    return CloseOrder(symbol, base, quote, side, D(quantity), None, D(100000), D(price), D(0), "told so")


def judge(*steps, look, into=Into.QUOTE):
    check(to_flat(into), Plan(Verdict.ACT, "told so", steps), look, look.seen_at)


def refusal(*steps, look, into=Into.QUOTE):
    with pytest.raises(PlanRefused) as caught:
        judge(*steps, look=look, into=into)
    return str(caught.value)


def look_at(base, quote, fee="0", book=AT_INDEX, **look):
    return a_look(an_account(base, quote), a_market(book, fee=fee, hourly=look.pop("hourly", None)), **look)


@pytest.mark.parametrize(
    ("quote", "fee", "hourly", "most"),
    [
        (a_balance(borrowed="4000"), "0", "0.01", "0.04041"),
        (a_balance(borrowed="4000"), "0.2", "0", "0.05001"),
        (a_balance("1000", borrowed="4000"), "0", "0", "0.03001"),
        (a_balance("1000", locked="3000", borrowed="4000"), "0", "0", "0.03001"),
        (a_balance("4000", locked="1000", borrowed="4000", interest="1000"), "0", "0", "0.01001"),
        (a_balance("4000", locked="9000", borrowed="3000", interest="2000"), "0", "0", "0.01001"),
    ],
    ids=["interest to come", "fee", "quote there", "quote locked", "interest", "all of it"],
)
def test_keeping_the_base_as_much_is_sold_as_the_free_quote_lacks_of_the_whole_debt_and_one_step(quote, fee, hourly, most):
    look = look_at(a_balance("0.08"), quote, fee, hourly={USDT: hourly})
    judge(order(most), look=look, into=Into.KEEP)
    assert f"at most {most}" in refusal(order(D(most) + D("0.00001")), look=look, into=Into.KEEP)


def test_keeping_the_base_nothing_is_sold_beside_more_quote_than_is_owed():
    look = look_at(a_balance("0.08"), a_balance("5000", borrowed="4000"))
    assert "the plan would sell 0.00006 BTC, the goal needs at most 0" in refusal(order("0.00006"), look=look, into=Into.KEEP)


@pytest.mark.parametrize(
    ("base", "fee", "hourly", "most"),
    [
        (a_balance(borrowed="0.04"), "0", "0.01", "0.04041"),
        (a_balance(borrowed="0.04"), "0.2", "0", "0.05001"),
        (a_balance("0.01", borrowed="0.04"), "0", "0", "0.03001"),
        (a_balance("0.01", locked="0.05", borrowed="0.04"), "0", "0", "0.03001"),
        (a_balance("0.04", borrowed="0.04", interest="0.01"), "0", "0", "0.01001"),
        (a_balance("0.04", borrowed="0.03", interest="0.02"), "0", "0", "0.01001"),
    ],
    ids=["interest to come", "fee", "base there", "base locked", "interest", "all of it"],
)
def test_as_much_is_bought_back_as_the_free_base_lacks_of_the_whole_debt_and_one_step(base, fee, hourly, most):
    look = look_at(base, a_balance("9000"), fee, hourly={BTC: hourly})
    judge(order(most, BUY), look=look)
    assert f"at most {most}" in refusal(order(D(most) + D("0.00001"), BUY), look=look)


def test_base_beyond_its_debt_is_never_bought_back():
    look = look_at(a_balance("0.05", borrowed="0.04"), a_balance("9000"))
    assert "the plan would buy 0.00006 BTC, the goal needs at most 0" in refusal(order("0.00006", BUY), look=look)


def test_only_free_base_beyond_the_whole_debt_is_sold():
    look = look_at(a_balance("0.05", locked="0.02", borrowed="0.01", interest="0.01"), a_balance(borrowed="4000"))
    judge(order("0.03"), look=look)
    assert "at most 0.03" in refusal(order("0.03001"), look=look)


def test_into_base_the_rest_buys_what_it_pays_for_at_the_better_of_index_and_best_ask():
    """9900 USDT at 90,000 are 0.11; at an ask above the index they are 0.099."""
    cheap = a_book(bids=("80000 x 1",), asks=("90000 x 1", "95000 x 1"))
    look = a_look(flat(quote="9900"), a_market(cheap))
    judge(order("0.11", BUY, price="90000"), look=look, into=Into.BASE)
    assert "at most 0.11" in refusal(order("0.11001", BUY, price="1"), look=look, into=Into.BASE)
    dear = a_look(flat(quote="9900"), a_market(a_book(asks=("110000 x 1",))))
    judge(order("0.099", BUY), look=dear, into=Into.BASE)
    assert "at most 0.099" in refusal(order("0.09901", BUY, price="1"), look=dear, into=Into.BASE)


def test_into_base_only_the_free_rest_counts():
    look = a_look(an_account(a_balance(), a_balance("9900", locked="9900")), a_market(AT_INDEX))
    assert "at most 0.099" in refusal(order("0.1", BUY, price="1"), look=look, into=Into.BASE)


@pytest.mark.parametrize("into", [Into.QUOTE, Into.KEEP])
def test_without_a_debt_no_other_goal_buys(into):
    assert "at most 0" in refusal(order("0.001", BUY), look=a_look(flat(quote="9900"), a_market(AT_INDEX)), into=into)


def test_into_base_nothing_is_bought_while_something_is_owed():
    look = look_at(a_balance(), a_balance("9900", borrowed="10"))
    assert "at most 0" in refusal(order("0.001", BUY), look=look, into=Into.BASE)


def test_a_market_buy_spends_its_expected_price_and_not_the_index():
    look = look_at(a_balance(borrowed="0.04"), a_balance("4000"))
    judge(order("0.04", BUY), look=look)
    assert "the plan spends 4040 USDT and 4000 are free" in refusal(order("0.04", BUY, price="101000"), look=look)


def test_locked_coins_are_not_spent_and_not_named_as_free():
    look = look_at(a_balance("0.05", locked="0.05"), a_balance(borrowed="4000"))
    assert "the plan spends 0.06 BTC and 0.05 are free" in refusal(order("0.06"), look=look)


def test_one_order_of_nothing_beside_a_good_one_is_refused():
    assert "by quantities above zero" in refusal(order("0.01"), order("0"), look=look_at(a_balance("0.05"), a_balance()))


def test_an_order_against_another_quote_coin_or_for_a_pair_earlier_in_the_alphabet_has_no_place_here():
    look = look_at(a_balance("0.05"), a_balance(borrowed="4000"))
    foreign = order("0.01", quote=Asset("FDUSD"))
    assert refusal(foreign, look=look) == "BTCUSDT: a step for BTCUSDT BTC and FDUSD has no place in this plan"
    assert "ADAUSDT BTC and USDT has no place" in refusal(order("0.01", symbol=Symbol("ADAUSDT")), look=look)


@pytest.mark.parametrize(
    ("base", "quote"),
    [(a_balance("5"), a_balance(borrowed="0.1")), (a_balance(borrowed="1"), a_balance("0.1"))],
    ids=["long", "short"],
)
def test_what_an_order_spends_is_told_by_the_coin_and_not_by_its_place_in_the_alphabet(base, quote):
    """ETH is the base and BTC the quote: 5 ETH are sold where no BTC is free, 1 ETH bought where none is."""
    pair = PAIRS["ETHBTC"]
    goal = replace(to_flat(), symbol=pair.symbol)
    look = a_look(an_account(base, quote, pair=pair), a_market(a_book(("0.042 x 99",), ("0.042 x 99",)), pair))
    decided = plan(goal, look, limits())
    assert decided.steps
    check(goal, decided, look, look.seen_at)


def test_a_refused_payment_names_what_is_free_owed_may_leave_and_lies_in_spot():
    look = look_at(
        a_balance(), a_balance("100", locked="5", borrowed="6", interest="1"), transferable={USDT: "60"}, spot={USDT: "9"}
    )
    words = refusal(Repay(BTCUSDT.symbol, USDT, D(8), "told so"), look=look)
    assert words == "BTCUSDT: a repayment of 8 USDT does not fit: 100 are free, 7 owed, 60 may leave, 9 lie in spot"
    nobody_asked = replace(look, transferable=None, spot={})
    words = refusal(Sweep(BTCUSDT.symbol, USDT, D(8), "told so"), look=nobody_asked)
    assert words == "BTCUSDT: a sweep of 8 USDT does not fit: 100 are free, 7 owed, 0 may leave, 0 lie in spot"


@pytest.mark.parametrize(
    ("quote", "most"),
    [
        (a_balance("3990", locked="10", borrowed="4000"), "10"),
        (a_balance("4000", borrowed="4000", interest="3"), "3"),
        (a_balance("0", borrowed="1.000000001"), "1.00000001"),
    ],
    ids=["locked", "interest", "rounded up"],
)
def test_a_top_up_brings_what_free_coins_lack_of_the_whole_debt_rounded_up(quote, most):
    look = look_at(a_balance(), quote, spot={USDT: "500"})
    judge(TopUp(BTCUSDT.symbol, USDT, D(most), "told so", D(most)), look=look)
    assert "a top-up of" in refusal(TopUp(BTCUSDT.symbol, USDT, D(most) + D("0.00000001"), "told so", D(most)), look=look)
