"""What holds for every position, not for chosen ones."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from marginbot.domain.amounts import ceil_step, exact
from marginbot.domain.margin import (
    danger_sign,
    deleverage_value,
    equity_value,
    fence,
    margin_level,
    price_at,
    top_up_amount,
)
from tests.builders import D, a_balance, an_account, thoroughly

amounts = st.one_of(st.just(D(0)), st.decimals(min_value="0.00000001", max_value=10**6, places=8))
prices = st.decimals(min_value="0.00000001", max_value=10**6, places=8)
targets = st.decimals(min_value="1.01", max_value=5, places=2)


@st.composite
def accounts(draw):
    base, quote = ([str(draw(amounts)) for _ in range(4)] for _ in range(2))
    return an_account(a_balance(*base), a_balance(*quote), index=str(draw(prices)))


@given(accounts(), targets)
@thoroughly(200)
def test_at_the_price_of_a_level_the_level_is_that_level(account, target):
    price = price_at(account, target)
    if price is not None:
        assert price > 0
        assert abs(margin_level(account, price) - target) < D("1e-30")


@given(accounts(), targets, prices)
@thoroughly(200)
def test_where_no_price_gives_a_level_none_of_many_prices_does(account, target, price):
    assume(price_at(account, target) is None and danger_sign(account) != 0)
    near, far = (margin_level(account, at) for at in (price, price * 1000))
    assert (near > target) is (far > target)


@given(accounts(), prices)
@thoroughly(150)
def test_the_sign_of_danger_tells_where_the_level_goes(account, price):
    before, after = margin_level(account, price), margin_level(account, price * 2)
    sign = danger_sign(account)
    if before is None or sign == 0:
        assert before == after or abs(before - after) < D("1e-40") * before
    else:
        assert (after > before) is (sign > 0)


@given(accounts(), targets)
@thoroughly(100)
def test_equity_is_positive_exactly_when_the_level_is_above_one(account, target):
    level = margin_level(account)
    if level is not None:
        assert (equity_value(account) > 0) is (level > 1)


@given(accounts(), st.lists(targets, max_size=4), st.lists(prices, max_size=3))
@thoroughly(150)
def test_nothing_that_waits_lies_between_the_fence_and_the_index(account, levels, triggers):
    around = fence(account, tuple(levels), tuple(triggers))
    marks = [mark for mark in (*(price_at(account, level) for level in levels), *triggers) if mark is not None]
    low, high = around.below or D(0), around.above or D("1e99")
    assert low <= account.index_price < high
    assert not any(low < mark < high for mark in marks)


@exact
def _after_selling(owned, owed, price, quantity, cost):
    proceeds = quantity * price * (1 - cost)
    return (owned - quantity) * price / (owed - proceeds) if owed > proceeds else None


@given(
    owned=st.decimals(min_value="0.01", max_value=100, places=5),
    share=st.decimals(min_value="0.30", max_value="1.05", places=4),
    price=st.decimals(min_value=10, max_value=100_000, places=2),
    cost=st.decimals(min_value=0, max_value="0.03", places=4),
    target=targets,
)
@thoroughly(200)
def test_a_deleverage_ends_at_its_target_within_one_step_or_says_unwind(owned, share, price, cost, target):
    step, owed = D("0.00001"), (owned * price * share).quantize(D("0.00000001"))
    account = an_account(a_balance(str(owned)), a_balance(borrowed=str(owed)), index=str(price))
    verdict = deleverage_value(account, target, cost, owned * price, owed)
    if verdict.value is None:
        assert verdict.because
        return
    quantity = ceil_step(verdict.value / price, step)
    level = _after_selling(owned, owed, price, quantity, cost)
    assert level is None or level >= target
    if verdict.value > 0:
        assert _after_selling(owned, owed, price, quantity - step, cost) < target


@given(accounts(), targets)
@thoroughly(200)
def test_a_top_up_lifts_the_level_to_its_target_either_way(account, target):
    level = margin_level(account)
    assume(level is not None and 0 < level < target)
    assets, owed = _sums(account)
    assert abs(assets / (owed - top_up_amount(account, target)) - target) < D("1e-15")
    assert abs((assets + top_up_amount(account, target, then_repay=False)) / owed - target) < D("1e-15")


def _sums(account):
    return (
        account.base.total * account.index_price + account.quote.total,
        account.base.liability * account.index_price + account.quote.liability,
    )
