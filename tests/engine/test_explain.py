"""A look counts only when it explains our own done steps. Plain long: 0.05 BTC at 100,000, 4000 USDT owed, fee 0.1 %."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

import pytest

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import Asset
from marginbot.domain.plan import CloseOrder, Side
from marginbot.domain.records import Fill, OrderReport
from marginbot.engine.explain import OwnSteps, same_balances
from tests.builders import BTC, BTCUSDT, USDT, a_balance, a_market, an_account, flat

BNB = Asset("BNB")
CALM = a_market()
HOURLY = a_market(hourly={USDT: "0.00001"})  # 4000 USDT cost 0.04 an hour


def a_close(side: Side = Side.SELL, quantity: str = "0.05") -> CloseOrder:
    price = D(100000)
    return CloseOrder(BTCUSDT.symbol, BTC, USDT, side, D(quantity), None, price, price, D(0), "the test says so")


def an_answer(executed: str = "0.05", value: str = "5000", fee: str | None = "5", fee_asset: Asset = USDT) -> OrderReport:
    fills = None if fee is None else (Fill(D(100000), D(executed), D(fee), fee_asset),)
    return OrderReport(BTCUSDT.symbol, "1", "mb-1", Side.SELL, "FILLED", D(executed), D(executed), D(value), fills)


def sold(**answer: str | Asset | None) -> OwnSteps:
    steps = OwnSteps()
    steps.traded(a_close(), an_answer(**answer))
    return steps


def long(base: str = "0.05", quote: str = "0", borrowed: str = "4000", interest: str = "0") -> IsolatedAccount:
    return an_account(a_balance(base), a_balance(quote, borrowed=borrowed, interest=interest))


def short(base: str, quote: str) -> IsolatedAccount:
    return an_account(a_balance(base, borrowed="0.04"), a_balance(quote))


def test_without_steps_every_look_is_explained():
    assert OwnSteps().unexplained(long(), flat(), CALM) is None


def test_a_sale_is_explained_by_base_gone_and_quote_come_less_the_fee():
    assert sold().unexplained(long(), long("0", "4995"), CALM) is None


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        (long("0.05", "0"), "0.05 BTC are shown where our own steps leave 0"),
        (long("0", "0"), "0 USDT are shown where our own steps bring 4995"),
        (long("0.05", "4995"), "0.05 BTC are shown where our own steps leave 0"),
        (long("0", "4994.99999998"), "4994.99999998 USDT are shown where our own steps bring 4995"),
        (flat(), "0 USDT are shown where our own steps bring 4995"),
    ],
    ids=["nothing moved", "quote not yet there", "base still there", "a crumb too little", "all zero"],
)
def test_a_sale_that_does_not_show_makes_the_look_stale(seen, says):
    assert sold().unexplained(long(), seen, CALM) == says


def test_more_than_our_sale_brought_is_not_stale_but_foreign():
    richer = long("0", "5095")
    assert sold().unexplained(long(), richer, CALM) is None
    assert sold().foreign(long(), richer, CALM) == ("USDT moved by 100 without us",)


def test_a_part_fill_moves_only_what_was_executed():
    steps = sold(executed="0.02", value="2000", fee="2")
    assert steps.unexplained(long(), long("0.03", "1998"), CALM) is None
    assert steps.unexplained(long(), long("0.05", "0"), CALM) is not None


def test_an_order_that_filled_nothing_moves_nothing():
    steps = sold(executed="0", value="0", fee=None)
    assert steps.unexplained(long(), long(), CALM) is None


def test_a_buy_with_its_fee_in_base_brings_less_base():
    steps = OwnSteps()
    steps.traded(a_close(Side.BUY, "0.04004"), an_answer("0.04004", "4004", "0.00004004", BTC))
    before = short("0", "5000")
    assert steps.unexplained(before, short("0.03999996", "996"), CALM) is None
    assert steps.unexplained(before, short("0.03999994", "996"), CALM) is not None
    assert steps.unexplained(before, short("0.03999996", "5000"), CALM) is not None


def test_a_fee_in_a_third_asset_takes_nothing_from_the_pair():
    steps = sold(fee="0.0075", fee_asset=BNB)
    assert steps.unexplained(long(), long("0", "5000"), CALM) is None
    assert steps.unexplained(long(), long("0", "4995"), CALM) is not None


@pytest.mark.parametrize(("quote", "explained"), [("5000", True), ("4990", True), ("4989.9", False)])
def test_an_order_whose_fills_nobody_tells_has_a_slack_of_two_thousandths(quote, explained):
    why = sold(fee=None).unexplained(long(), long("0", quote), CALM)
    assert (why is None) is explained


def repaid(amount: str) -> OwnSteps:
    steps = OwnSteps()
    steps.repaid(USDT, D(amount))
    return steps


def test_a_repayment_shows_in_free_and_in_the_debt():
    before = long("0", "4995", "4000", "0.12")
    assert repaid("4000.12").unexplained(before, long("0", "994.88", "0"), CALM) is None
    assert repaid("4000.12").unexplained(before, long("0", "994.88", "4000", "0.12"), CALM) == (
        "4000.12 USDT are shown as owed where our own repayment leaves 0"
    )
    assert repaid("4000.12").unexplained(before, before, CALM) == "4995 USDT are shown where our own steps leave 994.88"


@pytest.mark.parametrize(("interest", "explained"), [("0.04", True), ("0.04000001", True), ("0.05", False)])
def test_one_hour_of_interest_may_be_posted_after_a_repayment_and_no_more(interest, explained):
    seen = long("0", "995", "0", interest)
    assert (repaid("4000").unexplained(long("0", "4995"), seen, HOURLY) is None) is explained
    assert (repaid("4000").foreign(long("0", "4995"), seen, HOURLY) == ()) is explained


def test_a_sale_and_a_repayment_of_one_batch_are_judged_together():
    before = long("0.05", "1000")
    steps = sold()
    steps.repaid(USDT, D(1000))
    assert steps.unexplained(before, long("0", "4995", "3000"), CALM) is None
    assert steps.unexplained(before, long("0", "5995", "4000"), CALM) is not None, "the repayment is missing"
    assert steps.unexplained(before, long("0", "0", "3000"), CALM) is not None, "the proceeds are missing"


def test_transfers_show_in_the_coin_they_move():
    out, into = OwnSteps(), OwnSteps()
    out.moved(USDT, D(-995))
    into.moved(USDT, D(10))
    assert out.unexplained(flat(quote="995"), flat(), CALM) is None
    assert out.unexplained(flat(quote="995"), flat(quote="995"), CALM) is not None
    assert into.unexplained(long(), long(quote="10"), CALM) is None
    assert into.unexplained(long(), long(), CALM) is not None


def test_an_empty_wallet_is_ours_only_when_our_steps_sum_to_it():
    steps = OwnSteps()
    steps.moved(USDT, D(-995))
    assert steps.sum_to_zero(flat(quote="995"))
    assert not steps.sum_to_zero(flat(quote="996"))
    assert not steps.sum_to_zero(flat("0.001", "995"))
    assert not repaid("4000").sum_to_zero(long("0", "4995"))
    assert repaid("4000").sum_to_zero(long("0", "4000"))
    assert not OwnSteps().sum_to_zero(long())
    assert OwnSteps().sum_to_zero(flat())


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (long("0.06"), ("BTC moved by 0.01 without us",)),
        (long(borrowed="3000"), ("the USDT debt moved by -1000 without us",)),
        (long(borrowed="5000", quote="1000"), ("USDT moved by 1000 without us", "the USDT debt moved by 1000 without us")),
        (long(interest="0.04"), ()),
        (long(), ()),
    ],
    ids=["a deposit", "a repayment", "a loan", "an hour of interest", "nothing"],
)
def test_what_somebody_else_did_is_told_in_words(now, says):
    assert OwnSteps().foreign(long(), now, HOURLY) == says


def test_a_debt_that_went_without_us_is_told_as_what_it_may_be_a_liquidation():
    over = "nothing is owed any more: the exchange has liquidated the pair, or its owner closed it"
    assert OwnSteps().foreign(long(), flat(quote="300"), HOURLY)[-1] == over
    assert over not in repaid("4000").foreign(long(quote="4000"), flat("0.06"), HOURLY)


def test_accepted_steps_are_forgotten():
    steps = sold()
    steps.forget()
    assert steps.unexplained(long(), long(), CALM) is None


def test_two_looks_are_the_same_whatever_the_price_did():
    assert same_balances(long(), replace(long(), index_price=D(90000)))
    assert not same_balances(long(), long(interest="0.04"))
    assert not same_balances(long(), long("0.04"))


def test_our_own_steps_are_laid_upon_the_look_they_rest_on():
    steps = sold(executed="0.02", value="2000", fee="2")
    steps.repaid(USDT, D("1500"))
    was = long(quote="10", interest="1")
    now = steps.upon(was)
    assert (now.base.free, now.quote.free) == (D("0.03"), D("508"))  # 10 + 2000 - 2 - 1500
    assert (now.quote.borrowed, now.quote.interest) == (D("2501"), 0)  # the interest of 1 first
    assert OwnSteps().upon(was) == was
