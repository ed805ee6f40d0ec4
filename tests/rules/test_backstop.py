"""The backstop: where the order stands, how much it trades, and what can keep it from resting. Numbers from `policies`.

The plain long is 0.05 BTC at 100,000 against 4000 USDT: level = index / 80,000, liquidation (1.05) at 84,000, the rung CLOSE
(1.10) at 88,000, and half-way between them 86,000, where the level is 1.075.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import half_up
from marginbot.domain.look import Look
from marginbot.domain.plan import CancelOrder, Need, PlaceBackstop, Side, Verdict
from marginbot.domain.policy import Cron, DistanceBelow, Do, Ladder, PriceAbove, PriceBelow
from marginbot.domain.records import OpenOrder
from marginbot.errors import PlanRefused
from marginbot.rules.backstop import Absent, Place, Wanted, backstop_for, place_of
from marginbot.rules.backstop_plan import check_backstop, plan_backstop
from marginbot.rules.outlook import outlook
from tests.builders import (
    EIGHT,
    D,
    a_balance,
    a_book,
    a_look,
    a_market,
    a_short,
    an_account,
    filters,
    flat,
    thoroughly,
)
from tests.rules.policies import CLOSE, REPAY, WARN, a_ladder, a_rule, a_situation

LADDER = replace(a_ladder(), backstop=True)
ON_THE_INDEX = a_book(bids=("99999 x 10",), asks=("100001 x 10",))


def seen(account: IsolatedAccount | None = None, *orders: OpenOrder, **more: object) -> Look:
    market = a_market(more.pop("book", ON_THE_INDEX), **more)  # type: ignore[arg-type]
    return replace(a_look(account, market, open_orders=len(orders)), orders=orders)


def wanted(look: Look, ladder: Ladder = LADDER) -> Wanted:
    found = backstop_for(ladder, a_situation(look.account), look)
    assert isinstance(found, Wanted), found
    return found


def why_not(look: Look, ladder: Ladder = LADDER) -> str:
    found = backstop_for(ladder, a_situation(look.account), look)
    assert isinstance(found, Absent), found
    assert found.needed
    return found.because


def ours(number: int = 1, stop: str = "86000", limit: str = "83420", quantity: str = "0.05", works: bool = False) -> OpenOrder:
    return OpenOrder(
        str(number), f"bs-mb-{number}", Side.SELL, D(quantity), EIGHT, None, D(quantity), D(stop), D(limit), works=works
    )


def locked(quantity: str = "0.05") -> IsolatedAccount:
    return an_account(a_balance(str(D("0.05") - D(quantity)), locked=quantity))


def stands(ladder: Ladder, account: IsolatedAccount | None = None) -> Place:
    place = place_of(ladder, a_situation(account or an_account()))
    assert isinstance(place, Place)
    return place


class TestWhereItStands:
    def test_half_way_between_the_last_rung_and_liquidation_and_its_limit_three_percent_beyond(self):
        order = wanted(seen()).order
        assert (order.side, order.quantity, order.stop_price, order.limit_price) == (Side.SELL, D("0.05"), D(86000), D(83420))

    def test_a_short_buys_back_on_the_other_side(self):
        # 5000 USDT against 0.04 BTC: level = 125,000 / index; 1.10 at 113,636.36.., 1.05 at 119,047.61..; half-way 116,341.99.
        order = wanted(seen(a_short())).order
        assert (order.side, order.stop_price) == (Side.BUY, D("116341.99"))
        assert order.limit_price == D("119832.24"), "floor(116,341.99 x 1.03)"
        assert order.quantity == D("0.04005"), "0.04 / 0.999, rounded up to the step"

    def test_the_limit_stands_nearer_where_the_position_would_not_bear_three_percent(self):
        # The rung at 84,800 is level 1.06: stop 84,400, level 1.055; 1 - 1 / 1.055 - 0.001 is 5.1 %, so still 3 %.
        # With a fee of 4 % it is 1.21 %.
        look = seen(fee="0.04")
        order = wanted(look, replace(a_ladder(a_rule("close", "1.06", Do.UNWIND)), backstop=True)).order
        assert order.stop_price == D(84400)
        assert D("0.987") < order.limit_price / order.stop_price < D("0.989")

    def test_prices_are_those_of_the_book(self):
        look = seen(book=a_book(bids=("98999 x 10",), asks=("99001 x 10",)))
        assert wanted(look).order.stop_price == D("85140"), "1 % under the index, as the book is"

    @pytest.mark.parametrize(
        ("rules", "rung"),
        [
            ((CLOSE, a_rule("warn", "1.07")), "88000"),
            ((CLOSE, a_rule("later", Cron("0 8 * * *"), Do.UNWIND)), "88000"),
            ((a_rule("near", DistanceBelow(D(16)), Do.UNWIND),), "100000"),
            ((a_rule("price", PriceBelow(D(90000)), Do.UNWIND),), "90000"),
            ((CLOSE, a_rule("profit", PriceAbove(D(120000)), Do.UNWIND)), "88000"),
            ((CLOSE, a_rule("too deep", PriceBelow(D(80000)), Do.UNWIND)), "88000"),
        ],
        ids=["alerts do not act", "no price", "distance", "price", "the safe side", "behind liquidation"],
    )
    def test_the_last_rung_is_the_most_severe_that_acts_and_has_a_price_in_the_fall(self, rules, rung):
        assert stands(replace(a_ladder(*rules), backstop=True)).rung == D(rung)

    def test_without_such_a_rung_twice_the_least_distance_stands_in_for_it(self):
        place = stands(replace(a_ladder(WARN), backstop=True))
        assert half_up(place.rung) == D("86597.93814433"), "84,000 / 0.97"

    def test_where_prices_are_limited_the_nearest_limit_is_named_and_none_where_the_stop_is_too_far(self):
        assert wanted(seen()).nearest == D(85500), "14.5 % under the index"
        far = wanted(seen(an_account(quote=a_balance(borrowed="2000"))))
        assert (far.order.stop_price, far.nearest) == (D(43000), None)


class TestWhatKeepsItAway:
    def test_nothing_to_do_is_no_alarm(self):
        for account in (flat("0.05"), an_account(quote=a_balance("5000", borrowed="4000"))):
            found = place_of(LADDER, a_situation(account))
            assert isinstance(found, Absent)
            assert not found.needed

    def test_coins_in_the_owners_orders_are_not_ours(self):
        owners = OpenOrder("9", "web-9", Side.SELL, D("0.05"), EIGHT)
        assert "open orders lock 0.05" in why_not(seen(locked(), owners))

    def test_a_part_is_covered_when_the_owners_orders_leave_a_part(self):
        owners = OpenOrder("9", "web-9", Side.SELL, D("0.02"), EIGHT)
        assert wanted(seen(locked("0.02"), owners)).order.quantity == D("0.03")

    def test_no_tick_between_the_rung_and_liquidation(self):
        coarse = seen(its_filters=filters(tick="5000"))
        assert "no price on the tick 5000" in why_not(coarse)

    def test_a_halt_an_empty_book_one_far_from_the_index_and_a_price_that_has_passed(self):
        assert "HALT" in why_not(seen(status="HALT"))
        assert "book is empty" in why_not(seen(book=a_book(bids=(), asks=())))
        assert "too far from the index" in why_not(seen(book=a_book(bids=("90000 x 1",), asks=("90001 x 1",))))
        fallen = a_book(bids=("85999 x 10",), asks=("86001 x 10",))
        assert "has passed its stop price" in why_not(seen(an_account(index="86000"), book=fallen))

    def test_too_small_a_position(self):
        small = an_account(a_balance("0.00005"), a_balance(borrowed="4"))
        assert "less than one order" in why_not(seen(small))


class TestThePlan:
    def test_orders_are_read_first(self):
        plan = plan_backstop(LADDER, a_situation(an_account()), a_look())
        assert (plan.verdict, plan.needs) == (Verdict.WAIT, {Need.ORDERS})

    def test_absent_is_placed_present_is_left_and_what_does_not_belong_is_cancelled(self):
        def steps(*orders: OpenOrder, ladder: Ladder = LADDER) -> list[object]:
            look = seen(locked(str(sum(order.quantity for order in orders))), *orders)
            return [getattr(one, "order_id", "new") for one in plan_backstop(ladder, a_situation(look.account), look).steps]

        assert steps() == ["new"]
        assert steps(ours()) == []
        assert steps(ours(stop="86170")) == [], "0.2 % is 172"
        assert steps(ours(stop="86173")) == ["1"]
        assert steps(ours(limit="85500")) == [], "as near as the exchange may have asked for"
        assert steps(ours(quantity="0.04")) == ["1"]
        assert steps(ours(works=True)) == [], "every bid fills it: it was not triggered, whatever the answer says"
        assert steps(ours(), ladder=a_ladder()) == ["1"], "the policy wants none"
        owners = replace(ours(2, stop="90000"), client_id="bs-2")
        assert steps(ours(), owners) == [], "what another bot calls bs- is not ours"

    @pytest.mark.parametrize(
        ("bid", "ask", "side", "taken_back"),
        [
            ("83419.99", "100001", Side.SELL, True),
            ("83420", "100001", Side.SELL, False),
            ("99999", "119832.25", Side.BUY, True),
            ("99999", "119832.24", Side.BUY, False),
        ],
    )
    def test_one_that_was_triggered_is_taken_back_where_no_price_that_is_there_fills_it(self, bid, ask, side, taken_back):
        book = a_book(bids=(f"{bid} x 10",), asks=(f"{ask} x 10",))
        order = ours(works=True) if side is Side.SELL else replace(ours(limit="119832.24", works=True), side=side)
        look = seen(locked(), order, book=book)
        plan = plan_backstop(LADDER, a_situation(look.account), look)
        assert [(step.aloud, "was triggered" in step.because) for step in plan.steps] == [(True, True)] * taken_back

    def test_of_two_one_stays(self):
        look = seen(locked(), replace(ours(1), locked=D("0.02")), replace(ours(2), locked=D("0.03")))
        (cancel,) = plan_backstop(LADDER, a_situation(look.account), look).steps
        assert isinstance(cancel, CancelOrder)
        assert (cancel.order_id, "two of them" in cancel.because) == ("2", True)

    def test_one_that_rests_stays_where_none_could_be_placed_now(self):
        look = seen(locked(), ours(), status="HALT")
        assert plan_backstop(LADDER, a_situation(look.account), look).verdict is Verdict.DONE

    def test_the_exchange_that_takes_no_such_price_yet_is_waited_for(self):
        look = seen(an_account(quote=a_balance(borrowed="2000")))
        plan = plan_backstop(LADDER, a_situation(look.account), look, banded=True)
        assert (plan.verdict, plan.steps, "-3064" in plan.because) == (Verdict.DONE, (), True)


class TestTheGuard:
    @pytest.mark.parametrize(
        ("changed", "says"),
        [
            ({"quantity": D("0.06")}, "spends 0.06"),
            ({"quantity": D(0)}, "more than the position"),
            ({"limit_price": D(80000)}, "leave a debt"),
            ({"side": Side.BUY}, "spends"),
        ],
    )
    def test_an_order_that_does_not_fit_is_refused(self, changed, says):
        look = seen()
        plan = plan_backstop(LADDER, a_situation(look.account), look)
        check_backstop(plan, look, 0.0, ())
        (order,) = plan.steps
        assert isinstance(order, PlaceBackstop)
        with pytest.raises(PlanRefused, match=says):
            check_backstop(replace(plan, steps=(replace(order, **changed),)), look, 0.0, ())

    def test_a_second_one_and_an_order_of_the_owner_are_refused(self):
        alone = plan_backstop(LADDER, a_situation(an_account()), seen())
        with pytest.raises(PlanRefused, match="only when none rests"):
            check_backstop(alone, seen(None, ours()), 0.0, ())
        owners = OpenOrder("9", "web-9", Side.SELL, D("0.05"), EIGHT)
        look = seen(locked(), ours(stop="80000"), owners)
        plan = plan_backstop(LADDER, a_situation(look.account), look)
        check_backstop(plan, look, 0.0, ())
        with pytest.raises(PlanRefused, match="order 1 is not a backstop of ours"):
            check_backstop(plan, replace(look, orders=(owners,)), 0.0, ())


@st.composite
def positions(draw: st.DrawFn) -> IsolatedAccount:
    """Longs and shorts from hopeless to safe, some with coins of both sides, at 100,000."""
    owed = D(draw(st.integers(1, 99)))
    idle = D(draw(st.sampled_from(("0", "0.001", "0.5"))))
    if draw(st.booleans()):
        return an_account(a_balance("1"), a_balance(str(idle * 1000), borrowed=str(owed * 1000)))
    return an_account(a_balance(str(idle), borrowed=str(owed / 100)), a_balance("100000"))


@thoroughly(150)
@given(
    account=positions(),
    level=st.integers(1066, 1900).map(lambda number: str(D(number) / 1000)),
    basis=st.sampled_from(("0.981", "1", "1.019")),
    tick=st.sampled_from(("0", "0.01", "10", "1000")),
)
def test_it_stands_before_liquidation_is_never_larger_than_the_position_and_a_fill_at_its_limit_pays_the_debt(
    account, level, basis, tick
):
    mid = D(100000) * D(basis)
    book = a_book(bids=(f"{mid - 1} x 10",), asks=(f"{mid + 1} x 10",))
    look = seen(account, book=book, its_filters=filters(tick=tick))
    ladder = replace(a_ladder(REPAY, a_rule("close", level, Do.UNWIND)), backstop=True)
    found = backstop_for(ladder, a_situation(account), look)
    if isinstance(found, Absent):
        return
    order, place, base, quote = found.order, found.place, account.base, account.quote
    low, high = sorted((place.rung, place.liquidation))
    assert low < order.stop_price < high
    check_backstop(plan_backstop(ladder, a_situation(account), look), look, 0.0, ())
    fee, value = order.quantity * D("0.001"), order.quantity * order.limit_price
    if order.side is Side.SELL:
        assert order.quantity <= base.free - base.liability
        assert order.limit_price <= order.stop_price < mid
        base_left, quote_left = base.total - order.quantity, quote.total + value * D("0.999")
    else:
        assert value <= quote.free
        assert order.limit_price >= order.stop_price > mid
        base_left, quote_left = base.total + order.quantity - fee, quote.total - value
    assets, owed = base_left * order.limit_price + quote_left, base.liability * order.limit_price + quote.liability
    assert assets > owed, "the level after a fill at the limit is above 1"


def test_it_is_one_more_row_of_what_the_rules_would_do():
    *_, row = outlook(LADDER, a_situation(an_account()), {})
    assert (row.name, row.fires_at_price, row.armed, row.fires_now) == ("backstop", D(86000), True, False)
    assert "half-way between the last rung at 88000 and liquidation at 84000" in row.sentence
    *_, idle = outlook(LADDER, a_situation(flat("0.05")), {})
    assert (idle.fires_at_price, idle.armed) == (None, False)
