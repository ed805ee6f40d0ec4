"""What holds for every look the planner can meet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginbot.domain.account import LevelStatus
from marginbot.domain.amounts import exact
from marginbot.domain.plan import CancelOrders, CloseOrder, Into, Plan, Repay, Side, Sweep, TopUp, Verdict
from marginbot.errors import PlanRefused
from marginbot.rules.close import next_interest
from marginbot.rules.forecast import MOST_ROUNDS, forecast
from marginbot.rules.guard import check
from marginbot.rules.repay import repayment
from marginbot.rules.sizes import slices, smallest_order
from marginbot.rules.unwind import plan
from tests.builders import PAIRS, D, a_balance, a_look, an_account, thoroughly
from tests.rules.worlds import broken_rules, equity_lost, situations, too_large_a_position


@given(situations())
@thoroughly(300)
def test_every_look_has_an_answer_with_a_reason_and_the_guard_agrees_with_it(situation):
    goal, look, limits = situation
    decided = plan(goal, look, limits)
    assert decided.because
    assert (decided.verdict is Verdict.ACT) is bool(decided.steps)
    assert decided.verdict is not Verdict.STUCK or decided.remains
    assert decided.verdict is not Verdict.DONE or not look.account.owes
    check(goal, decided, look, now=look.seen_at + 2.0)


@given(situations())
@thoroughly(150)
def test_a_plan_spends_no_balance_twice_and_repays_no_more_than_is_owed(situation):
    goal, look, limits = situation
    steps = plan(goal, look, limits).steps
    for side in (look.account.base, look.account.quote):
        spent = sum((step.amount for step in steps if isinstance(step, Repay | Sweep) and step.asset == side.asset), D(0))
        repaid = sum((step.amount for step in steps if isinstance(step, Repay) and step.asset == side.asset), D(0))
        orders = [step for step in steps if isinstance(step, CloseOrder)]
        if side is look.account.base:
            spent += sum((order.quantity for order in orders if order.side is Side.SELL), D(0))
        else:
            prices = ((order.limit_price or order.expected_price) * order.quantity for order in orders if order.side is Side.BUY)
            spent += exact(sum)(prices, D(0))
        assert spent <= side.free
        assert repaid <= side.liability


@given(situations())
@thoroughly(300)
def test_every_order_passes_the_filters_of_its_pair(situation):
    goal, look, limits = situation
    orders = [step for step in plan(goal, look, limits).steps if isinstance(step, CloseOrder)]
    assert [broken_rules(order, look.market.rules.filters) for order in orders] == [[]] * len(orders)
    assert not too_large_a_position(orders, look)


@given(situations())
@thoroughly(100)
def test_loans_and_transfers_have_eight_decimals_and_are_above_zero(situation):
    goal, look, limits = situation
    for step in plan(goal, look, limits).steps:
        if isinstance(step, Repay | Sweep | TopUp):
            assert step.amount > 0
            assert step.amount == round(step.amount, 8)


@given(situations())
@thoroughly(150)
def test_no_order_is_expected_to_be_worse_than_the_cap_and_none_has_a_limit_beyond_it(situation):
    goal, look, limits = situation
    for step in plan(goal, look, limits).steps:
        if isinstance(step, CloseOrder):
            assert step.slippage_bps <= limits.max_slippage_bps
            if step.limit_price is not None:
                worse = (step.limit_price - step.index_price) * (1 if step.side is Side.BUY else -1)
                assert worse * 10000 <= limits.max_slippage_bps * step.index_price


@given(situations())
@thoroughly(100)
def test_nothing_is_written_during_a_liquidation_or_while_a_record_is_pending_and_orders_are_cancelled_alone(situation):
    goal, look, limits = situation
    decided = plan(goal, look, limits)
    locked = look.account.base.locked + look.account.quote.locked
    if look.account.status is LevelStatus.FORCE_LIQUIDATION or look.pending:
        assert decided.verdict is Verdict.WAIT
    elif look.open_orders or locked > 0:
        assert [type(step) for step in decided.steps] == [CancelOrders]


@given(situations())
@thoroughly(100)
def test_the_order_inside_a_plan_is_cancel_then_close_then_repay_and_sweeps_stand_alone(situation):
    goal, look, limits = situation
    kinds = [type(step) for step in plan(goal, look, limits).steps]
    ranks = {CancelOrders: 0, CloseOrder: 1, Repay: 2, Sweep: 3, TopUp: 4}
    assert sorted(kinds, key=ranks.__getitem__) == kinds
    assert not (set(kinds) & {Sweep, TopUp}) or len(set(kinds)) == 1


@given(situations(quiet=True), st.sampled_from(Side), st.integers(1, 10**6))
@thoroughly(150)
def test_the_guard_refuses_every_plan_that_overshoots(situation, side, steps_too_many):
    goal, look, _ = situation
    rules = look.market.rules
    size = _too_much(goal, look, side) + rules.filters.order_step * steps_too_many
    price = look.account.index_price
    order = CloseOrder(rules.symbol, rules.base, rules.quote, side, size, None, price, D("0.00000001"), D(0), "too much")
    with pytest.raises(PlanRefused):
        check(goal, Plan(Verdict.ACT, "wrong", (order,)), look, look.seen_at)


@exact
def _too_much(goal, look, side):
    """All that a goal can ask for, with interest, fee, the least order and a step, at a price a tenth below the index."""
    base, quote, filters, index = look.account.base, look.account.quote, look.market.rules.filters, look.account.index_price
    if side is Side.SELL:
        return max(base.free - base.liability, D(0))
    if goal.into is Into.BASE and not look.account.owes:
        return quote.free / min([index, *(level.price for level in look.market.book.asks)])
    needed = (base.liability + next_interest(look, quote_side=False)) / (1 - look.market.fees.taker)
    return needed + smallest_order(filters, index * D("0.9")) + filters.order_step


@given(situations(quiet=True), st.sampled_from([Repay, Sweep, TopUp]), st.booleans())
@thoroughly(100)
def test_the_guard_refuses_every_payment_beyond_what_is_there(situation, kind, base_side):
    goal, look, _ = situation
    side = look.account.base if base_side else look.account.quote
    bound = {Repay: min(side.free, side.liability), Sweep: side.free, TopUp: side.liability}[kind]
    if kind is Sweep and look.transferable is not None:
        bound = min(bound, look.transferable[side.asset])
    value = (D(0),) if kind is TopUp else ()
    step = kind(goal.symbol, side.asset, bound + D("0.00000001"), "too much", *value)
    with pytest.raises(PlanRefused):
        check(goal, Plan(Verdict.ACT, "wrong", (step,)), look, look.seen_at)


@given(
    st.decimals(min_value=0, max_value=1000, places=8),
    st.decimals(min_value=0, max_value=1000, places=8),
    st.decimals(min_value=0, max_value=1000, places=8),
)
@thoroughly(150)
def test_more_debt_never_lowers_a_repayment_when_nothing_else_is_to_come(free, debt, more):
    def paid(borrowed):
        account = an_account(quote=a_balance(str(free), borrowed=str(borrowed)))
        step = repayment(a_look(account), account.quote, free, close_to_come=False)
        return step.amount if step else D(0)

    assert paid(debt) <= paid(debt + more) <= free


@given(st.sampled_from(sorted(PAIRS)), st.integers(1, 10**9), st.decimals(min_value="0.5", max_value=2, places=4))
@thoroughly(150)
def test_slices_add_up_and_differ_by_little_and_none_is_too_large(name, count, around):
    filters, price = PAIRS[name].filters, PAIRS[name].index * around
    largest = filters.order_max_qty or D(1000)
    quantity = min(filters.order_step * count, largest * 300 // filters.order_step * filters.order_step)
    parts = slices(filters, quantity, price)
    assert sum(parts) == quantity
    assert max(parts) <= largest or filters.order_max_qty is None
    assert max(parts) - min(parts) <= filters.order_step * len(parts)
    assert all(part > 0 and part % filters.order_step == 0 for part in parts)
    assert filters.max_notional is None or all(part * price <= filters.max_notional for part in parts)


@given(situations(quiet=True))
@thoroughly(250)
def test_a_forecast_ends_and_neither_makes_coins_nor_loses_any(situation):
    goal, look, limits = situation
    foreseen = forecast(goal, look, limits)
    assert foreseen.end.verdict is not Verdict.ACT
    assert foreseen.end.because != f"it takes more than {MOST_ROUNDS} rounds"
    assert equity_lost(look, foreseen) == 0
    for side in (foreseen.after.base, foreseen.after.quote):
        assert min(side.free, side.locked, side.borrowed, side.interest) >= 0
    if foreseen.end.verdict is Verdict.DONE:
        assert not foreseen.after.owes
        assert not goal.sweep or max(foreseen.after.base.total, foreseen.after.quote.total) < D("0.00000001")
