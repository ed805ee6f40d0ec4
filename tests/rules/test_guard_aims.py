"""The guard over aims sees plans that no planner of theirs would make, and refuses them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from marginbot.domain.plan import AimKind, CancelOrder, CancelOrders, CloseOrder, Plan, Repay, Side, Sweep, TopUp, Verdict
from marginbot.errors import PlanRefused
from marginbot.rules.guard import check
from marginbot.rules.guard_aims import check_aim
from tests.builders import BTC, BTCUSDT, USDT, D, a_balance, a_book, a_look, a_market, a_short, an_account, limits, to_flat
from tests.rules.aiming import an_aim, frictionless

LONG = replace(
    a_look(an_account(quote=a_balance("500", borrowed="4000")), frictionless(), transferable={BTC: "1"}, spot={USDT: "900"}),
    spot_is_fresh=True,
)
"""5500 / 4000: for a level of 1.5 500 USDT are missing, which are 0.01 BTC to sell, or 333.33333334 USDT to bring and repay."""
SYMBOL = BTCUSDT.symbol


def order(quantity, side=Side.SELL, limit=None):
    price = None if limit is None else D(limit)
    return CloseOrder(SYMBOL, BTC, USDT, side, D(quantity), price, D(100000), D(100000), D(0), "told so")


def repay(amount):
    return Repay(SYMBOL, USDT, D(amount), "told so")


def sweep(amount, asset=BTC):
    return Sweep(SYMBOL, asset, D(amount), "told so")


def top_up(amount, value=None, asset=USDT):
    return TopUp(SYMBOL, asset, D(amount), "told so", D(value or amount))


CANCEL = CancelOrder(SYMBOL, "7", None, ("owner-7",), "told so")


def judge(kind, *steps, look=LONG, now=0.0, unresolved=(), cap="100", **aim):
    wanted = an_aim(kind, **{"trigger": "1.4", **aim})
    check_aim(wanted, limits(cap), Plan(Verdict.ACT, "told so", steps), look, now, unresolved)


def refused(kind, *steps, saying, **world):
    with pytest.raises(PlanRefused, match=saying) as caught:
        judge(kind, *steps, **world)
    assert "BTCUSDT" in str(caught.value)


def test_a_plan_without_steps_may_rest_on_anything():
    judge(AimKind.REPAY, now=1000.0, unresolved=("a close",))


@pytest.mark.parametrize(
    ("kind", "step"),
    [(kind, step) for kind in AimKind for step in (order("0.001"), repay("1"), sweep("0.001"), top_up("1"), CANCEL)],
    ids=lambda value: getattr(value, "value", type(value).__name__),
)
def test_every_kind_has_its_own_steps_and_no_others(kind, step):
    allowed = {
        AimKind.REPAY: (Repay, CancelOrder),
        AimKind.TOP_UP: (Repay, TopUp),
        AimKind.DELEVERAGE: (Repay, CloseOrder, CancelOrder),
        AimKind.SWEEP: (Sweep,),
    }
    target = "1.3" if kind is AimKind.SWEEP else "1.5"
    if isinstance(step, allowed[kind]):
        judge(kind, step, target=target)
    else:
        refused(kind, step, saying="has no place in a", target=target)


def test_no_rung_cancels_everything():
    refused(AimKind.DELEVERAGE, CancelOrders(SYMBOL, "told so"), saying="has no place")


def test_orders_that_are_to_be_left_are_left():
    judge(AimKind.DELEVERAGE, CANCEL)
    refused(AimKind.DELEVERAGE, CANCEL, leave_orders=True, saying="leaves the owner's orders alone")


def test_nothing_is_sent_on_an_old_answer_or_beside_a_write_whose_outcome_nobody_knows():
    judge(AimKind.REPAY, repay("1"), now=2.0)
    refused(AimKind.REPAY, repay("1"), now=2.1, saying="old, more than 2 s")
    refused(AimKind.REPAY, repay("1"), unresolved=("a repay",), saying="outcome of a repay is unknown")


def test_no_more_is_sold_than_the_target_needs_plus_the_larger_of_a_step_and_nothing():
    judge(AimKind.DELEVERAGE, order("0.01001"))
    refused(AimKind.DELEVERAGE, order("0.01002"), saying="the goal needs at most 0.01001")
    refused(AimKind.DELEVERAGE, order("0.006"), order("0.006"), saying="the goal needs at most 0.01001")


def test_what_the_plan_repays_itself_makes_the_trade_smaller():
    """Once 500 are repaid: (1.5 x 3500 - 5000) / 0.5 = 500 USDT."""
    judge(AimKind.DELEVERAGE, order("0.00501"), repay("500"))
    refused(AimKind.DELEVERAGE, order("0.00502"), repay("500"), saying="at most 0.00501")


def test_the_smallest_order_may_be_more_than_what_is_missing():
    """At a target of 1.3751 they are 0.4 / 0.3751 = 1.07 USDT, and an order is 5.25, 0.00006 on the step."""
    judge(AimKind.DELEVERAGE, order("0.00007"), target="1.3751")
    refused(AimKind.DELEVERAGE, order("0.00008"), target="1.3751", saying="at most 0.00007")


def test_at_the_target_and_on_the_wrong_side_nothing_is_traded():
    refused(AimKind.DELEVERAGE, order("0.00001"), target="1.3", saying="at most 0")
    refused(
        AimKind.DELEVERAGE, order("0.001", Side.BUY), look=replace(LONG, account=an_account(quote=a_balance("500"))), saying="0"
    )


def test_a_short_buys_back_as_much():
    short = a_look(a_short(), frictionless())
    judge(AimKind.DELEVERAGE, order("0.02001", Side.BUY), look=short)
    refused(AimKind.DELEVERAGE, order("0.02002", Side.BUY), look=short, saying="at most 0.02001")


def test_a_worse_price_needs_more_and_a_limit_order_may_end_at_the_cap():
    """At 99,000: (1.5 x 4000 - 5500) / (1.5 x 0.99 - 1) = 1030.93 USDT."""
    far = replace(LONG, market=a_market(a_book(bids=("99000 x 10",)), fee="0"))
    judge(AimKind.DELEVERAGE, order("0.01031"), look=far)
    refused(AimKind.DELEVERAGE, order("0.01033"), look=far, saying="at most")
    judge(AimKind.DELEVERAGE, order("0.01031", limit="99000"), look=LONG)
    refused(AimKind.DELEVERAGE, order("0.01033", limit="99000"), look=LONG, saying="at most")


def test_where_a_trade_cannot_lift_the_level_none_is_made():
    poor = replace(LONG, account=an_account(a_balance("0.0399")))
    refused(AimKind.DELEVERAGE, order("0.001"), look=poor, saying="at most 0")


def test_a_repayment_is_no_more_than_what_is_owed_and_free():
    judge(AimKind.REPAY, repay("500"))
    refused(AimKind.REPAY, repay("500.00000001"), saying="spends")
    rich = replace(LONG, account=an_account(quote=a_balance("5000", borrowed="4000")))
    refused(AimKind.REPAY, repay("4000.00000001"), look=rich, saying="a repayment of 4000.00000001 USDT does not fit")


def test_a_top_up_is_no_more_than_the_target_needs():
    judge(AimKind.TOP_UP, top_up("333.33333334"))
    refused(AimKind.TOP_UP, top_up("333.33333335"), saying="a top-up of 333.33333335 USDT does not fit")
    judge(AimKind.TOP_UP, top_up("500"), hold=True)
    refused(AimKind.TOP_UP, top_up("500.00000001"), hold=True, saying="a top-up")


def test_nothing_comes_where_a_top_up_is_barred():
    refused(AimKind.TOP_UP, top_up("1"), barred="the pair leaves", saying="no place where the pair leaves")


def test_a_top_up_keeps_to_its_allowance_and_leaves_spot_what_it_keeps():
    judge(AimKind.TOP_UP, top_up("50"), allowance="50")
    refused(AimKind.TOP_UP, top_up("50.00000001"), allowance="50", saying="a top-up")
    refused(AimKind.TOP_UP, top_up("41"), allowance="50", look=replace(LONG, brought=D(10)), saying="a top-up")
    judge(AimKind.TOP_UP, top_up("300"), keep_in_spot=D(600))
    refused(AimKind.TOP_UP, top_up("300.00000001"), keep_in_spot=D(600), saying="a top-up")


def test_a_top_up_comes_alone_on_a_fresh_read_of_spot_and_in_a_coin_that_is_owed():
    refused(AimKind.TOP_UP, top_up("1"), top_up("1"), saying="one top-up at a time")
    refused(AimKind.TOP_UP, top_up("1"), look=replace(LONG, spot_is_fresh=False), saying="fresh read")
    look = replace(LONG, spot={BTC: D(1)})
    refused(AimKind.TOP_UP, top_up("0.0001", "10", BTC), look=look, saying="a top-up of 0.0001 BTC does not fit")


def test_a_top_up_says_what_it_is_worth():
    refused(AimKind.TOP_UP, top_up("100", "99"), saying="are not worth the 99 they are said to be")


def test_no_second_top_up_is_sent_while_one_is_on_its_way_but_everything_else_is():
    busy = replace(LONG, topping_up=("the top-up of 5 USDT (PENDING)",))
    refused(AimKind.TOP_UP, top_up("1"), look=busy, saying="no top-up is sent while the top-up of 5 USDT")
    judge(AimKind.DELEVERAGE, order("0.01"), repay("1"), look=busy)
    crumb = replace(busy, account=an_account(a_balance(), a_balance(borrowed="1")))
    with pytest.raises(PlanRefused, match="no top-up is sent"):
        check(to_flat(), Plan(Verdict.ACT, "told so", (top_up("1"),)), crumb, 0.0)


def test_a_sweep_takes_what_may_leave_and_never_the_level_below_its_target():
    """5500 - 1.3 x 4000 = 300 USDT are 0.003 BTC."""
    judge(AimKind.SWEEP, sweep("0.003"), target="1.3")
    refused(AimKind.SWEEP, sweep("0.00300001"), target="1.3", saying="would leave less than the level 1.3")
    refused(AimKind.SWEEP, sweep("0.001"), sweep("0.0021"), target="1.3", saying="would leave less")
    refused(AimKind.SWEEP, sweep("1", USDT), target="1.3", saying="a sweep of 1 USDT does not fit")
