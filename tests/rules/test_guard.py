"""The guard sees a plan that the planner would never make, and refuses it."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import get_args

import pytest

from marginbot.domain.amounts import Asset, Symbol
from marginbot.domain.plan import (
    CancelOrder,
    CancelOrders,
    CloseOrder,
    Into,
    PlaceBackstop,
    Plan,
    Repay,
    Side,
    Step,
    Sweep,
    TopUp,
    Verdict,
)
from marginbot.errors import PlanRefused
from marginbot.rules.guard import check
from marginbot.rules.unwind import plan
from tests.builders import (
    BTC,
    BTCUSDT,
    USDT,
    D,
    a_balance,
    a_book,
    a_look,
    a_market,
    a_short,
    an_account,
    flat,
    limits,
    to_flat,
)

LONG = a_look(market=a_market(a_book(bids=("100000 x 10",), asks=("100000 x 10",)), fee="0"))
AFTER_SALE = a_look(an_account(a_balance(), a_balance("5000", borrowed="4000")))


def order(quantity, side=Side.SELL, limit=None, symbol=BTCUSDT.symbol, base=BTC):
    price = None if limit is None else D(limit)
    return CloseOrder(symbol, base, USDT, side, D(quantity), price, D(100000), D(100000), D(0), "told so")


def repay(amount, asset=USDT):
    return Repay(BTCUSDT.symbol, asset, D(amount), "told so")


def sweep(amount, asset=USDT):
    return Sweep(BTCUSDT.symbol, asset, D(amount), "told so")


def top_up(amount, asset=USDT):
    return TopUp(BTCUSDT.symbol, asset, D(amount), "told so", D(amount))


def judge(*steps, look=LONG, goal=None, now=0.0, unresolved=()):
    check(goal or to_flat(), Plan(Verdict.ACT, "told so", steps), look, now, unresolved)


def refused(*steps, saying="does not fit", **world):
    with pytest.raises(PlanRefused, match=saying) as caught:
        judge(*steps, **world)
    assert "BTCUSDT" in str(caught.value)


def test_there_is_no_way_to_say_borrow():
    """No step type borrows, and an order has no side effect that could be set to borrow."""
    assert set(get_args(Step)) == {CancelOrders, CancelOrder, CloseOrder, PlaceBackstop, Repay, Sweep, TopUp}
    names = {field.name for step in get_args(Step) for field in fields(step)}
    assert not {name for name in names if "borrow" in name or "effect" in name or "loan" in name}


def test_the_planners_own_plan_passes():
    for look in (LONG, AFTER_SALE, a_look(a_short()), a_look(flat(quote="5"), transferable={USDT: "5"})):
        check(to_flat(), plan(to_flat(), look, limits()), look, look.seen_at)


def test_an_answer_of_two_seconds_is_fresh_and_an_older_one_is_not():
    judge(order("0.05"), now=2.0)
    refused(order("0.05"), now=2.001, saying=r"old, more than 2 s")


def test_the_age_is_counted_from_the_answer_and_named():
    refused(order("0.05"), look=replace(LONG, seen_at=10.0), now=13.5, saying=r"is 3\.5 s old")
    judge(order("0.05"), look=replace(LONG, seen_at=10.0), now=11.0)


def test_a_plan_without_steps_may_rest_on_anything():
    judge(now=1000.0, unresolved=("a close",))


def test_nothing_is_sent_beside_a_write_whose_outcome_nobody_knows():
    for step in (order("0.01"), repay("1"), CancelOrders(BTCUSDT.symbol, "told so")):
        refused(step, unresolved=("a close of 0.05 BTC",), saying="outcome of a close of 0.05 BTC is unknown")


def test_a_step_for_another_pair_or_another_coin_has_no_place_here():
    refused(order("0.01", symbol=Symbol("ETHUSDT")), saying="ETHUSDT")
    refused(CancelOrders(Symbol("ETHUSDT"), "told so"), saying="ETHUSDT")
    refused(order("0.01", base=Asset("ETH")), saying="ETH")
    refused(repay("1", Asset("BNB")), saying="BNB")


def test_no_more_base_is_sold_than_is_free_of_debt():
    judge(order("0.05"))
    refused(order("0.05001"), saying="sell|spends")
    owing = a_look(an_account(a_balance("0.05", borrowed="0.01")))
    judge(order("0.04"), look=owing)
    refused(order("0.04001"), look=owing, saying="the goal needs at most 0.04")


def test_halves_of_a_sale_count_together():
    judge(order("0.02"), order("0.03"))
    refused(order("0.03"), order("0.03"), saying=r"spends 0\.06 BTC and 0\.05 are free")


def test_keeping_the_base_sells_what_the_debt_lacks_plus_one_step():
    """4000 USDT at 100,000 without a fee are 0.04 BTC."""
    judge(order("0.04001"), goal=to_flat(Into.KEEP))
    refused(order("0.04002"), goal=to_flat(Into.KEEP), saying=r"at most 0\.04001")


def test_keeping_the_base_sells_nothing_when_the_quote_is_there():
    covered = a_look(an_account(quote=a_balance("4000", borrowed="4000")))
    refused(order("0.00006"), look=covered, goal=to_flat(Into.KEEP), saying="at most 0")


def test_no_more_is_bought_back_than_is_owed_plus_one_step():
    short = a_look(a_short(), a_market(fee="0"))
    judge(order("0.04001", Side.BUY), look=short)
    refused(order("0.04002", Side.BUY), look=short, saying="the goal needs at most 0.04001")


def test_of_a_missing_crumb_the_smallest_order_may_be_bought_plus_one_step():
    """5.25 / 99,990 is 0.00006 on the step."""
    short = a_look(a_short(base_free="0.03999"), a_market(fee="0"))
    judge(order("0.00007", Side.BUY), look=short)
    refused(order("0.00008", Side.BUY), look=short, saying="at most 0.00007")


def test_nothing_is_bought_when_no_base_is_missing():
    refused(order("0.00006", Side.BUY), look=AFTER_SALE, saying="at most 0")
    refused(order("0.00006", Side.BUY), look=a_look(a_short(base_free="0.04")), saying="at most 0")


def test_an_absurd_bid_widens_nothing():
    crazy = a_look(a_short(base_free="0.03999"), a_market(a_book(bids=("0.01 x 1",))))
    refused(order("0.001", Side.BUY), look=crazy, saying="the goal needs at most")


def test_a_buy_costs_its_expected_price_and_a_limit_buy_locks_its_limit():
    short = a_look(a_short(free="4000"))
    judge(order("0.04", Side.BUY), look=short)
    refused(order("0.04", Side.BUY, limit="101000"), look=short, saying="spends 4040 USDT and 4000 are free")


def test_a_plan_trades_one_way_and_by_more_than_nothing():
    both = a_look(an_account(a_balance("0.05"), a_balance("5000")))
    refused(order("0.01"), order("0.01", Side.BUY), look=both, saying="trades one way")
    refused(order("0"), saying="above zero")
    refused(order("-0.01"), saying="above zero")


def test_a_repayment_is_no_more_than_owed_no_more_than_free_and_more_than_nothing():
    judge(repay("4000"), look=AFTER_SALE)
    refused(repay("4000.00000001"), look=AFTER_SALE, saying="a repayment of 4000.00000001 USDT does not fit")
    poor = a_look(an_account(a_balance(), a_balance("3000", borrowed="4000")))
    refused(repay("3000.1"), look=poor, saying="spends")
    refused(repay("0"), look=AFTER_SALE)
    refused(repay("-1"), look=AFTER_SALE)


def test_two_repayments_may_not_do_what_one_may_not():
    refused(repay("2500"), repay("2500"), look=AFTER_SALE, saying="a repayment of 5000 USDT does not fit")


def test_coins_sold_are_not_repaid_as_well():
    owing = a_look(an_account(a_balance("0.05", borrowed="0.02")))
    judge(order("0.03"), repay("0.02", BTC), look=owing)
    refused(order("0.03"), repay("0.02", BTC), sweep("0.01", BTC), look=owing, saying="spends 0.06 BTC")


def test_a_sweep_is_no_more_than_free_and_no_more_than_may_leave():
    look = a_look(flat(quote="100"), transferable={USDT: "60"})
    judge(sweep("60"), look=look)
    refused(sweep("60.00000001"), look=look, saying="a sweep of 60.00000001 USDT does not fit")
    refused(sweep("40"), sweep("40"), look=look, saying="a sweep of 80 USDT")
    refused(sweep("101"), look=a_look(flat(quote="100"), transferable={USDT: "500"}), saying="spends")
    refused(sweep("0"), look=look)


def test_nothing_is_swept_when_nobody_asked_what_may_leave():
    refused(sweep("1"), look=a_look(flat(quote="100")), saying="0 may leave")


def test_a_top_up_is_no_more_than_is_missing_and_no_more_than_spot_has():
    short_of_ten = an_account(a_balance(), a_balance("3990", borrowed="4000"))
    rich, poor = (a_look(short_of_ten, spot={USDT: there}) for there in ("500", "9"))
    judge(top_up("10"), look=rich)
    refused(top_up("10.00000001"), look=rich, saying="a top-up of 10.00000001 USDT")
    refused(top_up("10"), look=poor, saying="9 lie in spot")
    refused(top_up("1"), look=a_look(flat(quote="1"), spot={USDT: "500"}))
