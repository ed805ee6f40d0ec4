"""Keeping the backstop, step by step, and the guard over it. Numbers from `test_backstop`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from marginbot.domain.account import IsolatedAccount, LevelStatus
from marginbot.domain.look import Look
from marginbot.domain.plan import CancelOrder, Need, PlaceBackstop, Plan, Repay, Side, Step, Verdict
from marginbot.domain.policy import Ladder
from marginbot.domain.records import OpenOrder
from marginbot.errors import PlanRefused
from marginbot.rules.backstop_plan import check_backstop, plan_backstop
from marginbot.rules.unwind import unconfirmed
from tests.builders import BTC, BTCUSDT, EIGHT, USDT, D, a_balance, a_book, a_short, an_account, flat
from tests.rules.policies import a_ladder, a_situation
from tests.rules.test_backstop import LADDER, locked, ours, seen

OWNERS = OpenOrder("9", "web-9", Side.SELL, D("0.02"), EIGHT)


def planned(look: Look, ladder: Ladder = LADDER, banded: bool = False) -> Plan:
    return plan_backstop(ladder, a_situation(look.account), look, banded=banded)


def an_order(quantity: str, limit: str = "83420", side: Side = Side.SELL) -> PlaceBackstop:
    return PlaceBackstop(BTCUSDT.symbol, BTC, USDT, side, D(quantity), D(86000), D(limit), "")


def check(look: Look, *steps: Step) -> None:
    check_backstop(Plan(Verdict.ACT, "", steps), look, 0.0, ())


def refused(look: Look, *steps: Step) -> str:
    with pytest.raises(PlanRefused) as error:
        check(look, *steps)
    return str(error.value)


class TestThePlan:
    def test_one_order_is_placed_and_the_orders_are_read_after_it(self):
        plan = planned(seen())
        (order,) = plan.steps
        assert isinstance(order, PlaceBackstop)
        assert (plan.verdict, plan.needs, order.limit_price) == (Verdict.ACT, {Need.ORDERS}, D(83420))
        assert plan.because == order.because

    def test_where_prices_are_limited_its_limit_is_the_nearest(self):
        (order,) = planned(seen(), banded=True).steps
        assert isinstance(order, PlaceBackstop)
        assert order.limit_price == D(85500)

    def test_nothing_is_touched_while_the_exchange_liquidates(self):
        plan = planned(seen(replace(locked(), status=LevelStatus.FORCE_LIQUIDATION), ours(stop="80000")))
        assert (plan.verdict, plan.because, plan.steps) == (Verdict.STUCK, "the exchange is liquidating BTCUSDT", ())

    def test_what_is_not_confirmed_is_waited_for(self):
        assert planned(replace(seen(), pending=("a repayment",))) == unconfirmed(("a repayment",))

    def test_what_keeps_it_away_is_an_alarm_and_nothing_to_do_is_none(self):
        halted = planned(seen(status="HALT"))
        assert (halted.verdict, halted.because) == (Verdict.STUCK, "BTCUSDT is HALT: the exchange takes no orders")
        calm = planned(seen(flat("0.05")))
        assert (calm.verdict, calm.because) == (Verdict.DONE, "BTCUSDT owes nothing")
        unwanted = planned(seen(), a_ladder())
        assert (unwanted.verdict, unwanted.because) == (Verdict.DONE, "the policy wants none")


class TestWhyOneIsTakenBack:
    def because(self, look: Look, ladder: Ladder = LADDER) -> list[str]:
        plan = planned(look, ladder)
        assert (plan.verdict, plan.needs, plan.because) == (Verdict.ACT, {Need.ORDERS}, plan.steps[0].because)
        return [step.because.removeprefix("backstop order ") for step in plan.steps]

    def test_the_policy_wants_none_any_more(self):
        look = seen(locked(), replace(ours(1), locked=D("0.02")), replace(ours(2), locked=D("0.03")))
        assert self.because(look, a_ladder()) == [f"{number} is taken back: the policy wants none" for number in (1, 2)]

    def test_there_are_two(self):
        look = seen(locked(), replace(ours(1), locked=D("0.02")), replace(ours(2), locked=D("0.03")))
        assert self.because(look) == ["2 is taken back: there are two of them"]

    def test_it_lies_elsewhere(self):
        says = "1 is taken back: SELL 0.05 at 80000, where SELL 0.05 at 86000 belongs"
        assert self.because(seen(locked(), ours(stop="80000"))) == [says]

    def test_only_one_that_hangs_is_told_aloud(self):
        (quiet,) = planned(seen(locked(), ours(stop="80000"))).steps
        assert quiet == CancelOrder(BTCUSDT.symbol, "1", None, ("bs-mb-1",), quiet.because, aloud=False)

    def test_one_that_was_not_triggered_hangs_below_no_price_and_none_hangs_where_the_book_is_empty(self):
        fallen = a_book(bids=("83000 x 10",), asks=("100001 x 10",))
        assert planned(seen(locked(), ours(), book=fallen)).verdict is Verdict.DONE
        empty = a_book(bids=(), asks=())
        assert planned(seen(locked(), ours(works=True), book=empty)).verdict is Verdict.DONE


class TestTheGuard:
    def test_a_plan_without_steps_needs_no_ground(self):
        check_backstop(Plan(Verdict.DONE, "it rests"), seen(), 99.0, ("a repayment",))

    def test_other_steps_have_no_place(self):
        indebted = an_account(quote=a_balance("100", borrowed="4000"))
        says = "a Repay has no place in keeping a backstop"
        assert says in refused(seen(indebted), Repay(BTCUSDT.symbol, USDT, D(1), ""))

    def test_an_order_of_the_owner_is_neither_ours_nor_in_the_way(self):
        look = seen(locked("0.02"), OWNERS)
        check(look, an_order("0.03"))
        cancel = CancelOrder(BTCUSDT.symbol, "9", None, ("web-9",), "")
        assert "order 9 is not a backstop of ours" in refused(look, cancel)
        assert "order 9 is not a backstop of ours" in refused(replace(look, orders=None), cancel)

    def test_a_list_of_orders_is_never_ours(self):
        cancel = CancelOrder(BTCUSDT.symbol, "1", "77", ("bs-mb-1",), "")
        assert "order 1 is not a backstop of ours" in refused(seen(locked(), ours()), cancel)
        check(seen(locked(), ours()), replace(cancel, list_id=None))

    def test_it_is_placed_alone(self):
        assert "placed alone" in refused(seen(), an_order("0.02"), an_order("0.03"))
        assert "placed alone" in refused(seen(an_account(), ours()), an_order("0.02"))

    def test_a_long_sells_no_more_than_what_is_its_own(self):
        # 0.05 BTC are free and 0.01 of them owed.
        look = seen(an_account(a_balance("0.05", borrowed="0.01"), a_balance(borrowed="1000")))
        check(look, an_order("0.04"))
        assert "a backstop of 0.04001 BTC is more than the position needs" in refused(look, an_order("0.04001"))

    @pytest.mark.parametrize("account", [a_short(), a_short(borrowed="0.03", interest="0.01")])
    def test_a_short_buys_its_debt_two_fees_the_interest_of_an_hour_and_a_step(self, account: IsolatedAccount):
        # 0.04 x 1.002 + 0.04 x 0.001 + 0.00001
        look = seen(account, hourly={BTC: "0.001"})
        check(look, an_order("0.04013", "119832", Side.BUY))
        assert "0.04014 BTC is more than the position needs" in refused(look, an_order("0.04014", "119832", Side.BUY))

    def test_a_long_that_could_pay_for_it_buys_nothing(self):
        rich = an_account(quote=a_balance("6000", borrowed="8000"))
        assert "more than the position needs" in refused(seen(rich), an_order("0.05", side=Side.BUY))

    @pytest.mark.parametrize("quantity", ["0", "-0.01"])
    def test_less_than_something_is_refused(self, quantity):
        assert "more than the position needs" in refused(seen(), an_order(quantity))

    def test_a_fill_leaves_no_debt_after_its_fee(self):
        # 0.04995 x 80,080.08 is 3,999.999996.
        check(seen(), an_order("0.05", "80080.09"))
        assert "filled at 80080.08 would leave a debt of 0.000004" in refused(seen(), an_order("0.05", "80080.08"))

    def test_a_fill_that_leaves_nothing_at_all_is_refused(self):
        # 0.04995 x 80,000 is 3996.
        assert "a debt of 0" in refused(seen(an_account(quote=a_balance(borrowed="3996"))), an_order("0.05", "80000"))
