"""Coins that orders lock: our own backstop gives way first, then the newest of the owner's orders."""

from __future__ import annotations

from dataclasses import replace

from marginbot.domain.plan import AimKind, CancelOrder, Need, Plan, Side, Verdict
from marginbot.domain.records import OpenOrder
from marginbot.rules.locked import freeing
from tests.builders import BTCUSDT, EIGHT, D, a_balance, a_look, an_account
from tests.rules.aiming import an_aim, an_order

LACK = "0.02 BTC more are needed to lift the level, and open orders lock 0.05"


def ours(side: Side = Side.SELL) -> OpenOrder:
    return replace(an_order(1, "0.05", side), client_id="bs-mb-1")


def freed(*orders: OpenOrder, missing: str = "0.02", leave: bool = False) -> Plan:
    look = replace(a_look(an_account(a_balance(locked="0.05"))), orders=orders)
    aim = an_aim(AimKind.DELEVERAGE, leave_orders=leave)
    return freeing(aim, look, look.account.base, D(missing), "to lift the level")


def ids(plan: Plan) -> list[str]:
    return [step.order_id for step in plan.steps if isinstance(step, CancelOrder)]


def test_orders_are_read_first():
    look = a_look(an_account(a_balance(locked="0.05")))
    plan = freeing(an_aim(AimKind.DELEVERAGE), look, look.account.base, D("0.02"), "to lift the level")
    assert (plan.verdict, plan.because, plan.needs) == (Verdict.WAIT, f"{LACK}: reading them", {Need.ORDERS})


def test_the_backstop_makes_room_even_where_the_owners_orders_are_left():
    plan = freed(ours(), an_order(2, "0.05"), leave=True)
    because = f"{LACK}: the backstop 1 makes room"
    assert (plan.verdict, plan.because) == (Verdict.ACT, f"{LACK}: the backstop makes room")
    assert plan.steps == (CancelOrder(BTCUSDT.symbol, "1", None, ("bs-mb-1",), because, aloud=False),)


def test_a_backstop_that_locks_the_other_coin_makes_none():
    assert ids(freed(ours(Side.BUY), an_order(2, "0.05"))) == ["2"]


def test_the_newest_are_cancelled():
    plan = freed(an_order(1, "0.02"), an_order(2, "0.01"), an_order(3, "0.01"))
    assert (plan.verdict, plan.because, ids(plan)) == (Verdict.ACT, f"{LACK}: the newest are cancelled", ["3", "2"])


def test_a_list_locks_what_its_dearest_leg_needs_and_is_as_new_as_its_newest():
    legs = (an_order(2, "0.01", list_id="7"), an_order(9, "0.02", list_id="7"))
    plan = freed(*legs, an_order(5, "0.03"))
    (step,) = plan.steps
    assert isinstance(step, CancelOrder)
    assert (step.list_id, step.because) == ("7", f"{LACK}: the order list 7 gives 0.02 BTC back")


def test_of_one_moment_the_higher_number_is_the_newer_of_a_list_its_last():
    legs = (an_order(10, "0.02", list_id="7"), an_order(12, "0.02", list_id="7"))
    plan = freed(*(replace(order, placed_at=EIGHT) for order in (*legs, an_order(11, "0.02"))))
    assert ids(plan) == ["10"], "the list, by its first leg"
