"""A level that is not higher for what was done to lift it is an alarm, unless only the price took it down."""

from __future__ import annotations

import pytest

from marginbot.domain.plan import CloseOrder, Repay, Side
from marginbot.engine.lifted import not_lifted
from marginbot.engine.report import StepReport, StepStatus
from tests.builders import BTC, BTCUSDT, USDT, D, a_balance, an_account

BEFORE = an_account()
"""0.05 BTC at 100,000 against 4000 USDT: 1.25; at 94,000 the same is 1.175."""
SOLD = CloseOrder(BTCUSDT.symbol, BTC, USDT, Side.SELL, D("0.01"), None, D(100000), D(100000), D(0), "told so")
PAID = Repay(BTCUSDT.symbol, USDT, D(1000), "told so")


def done(*steps, status=StepStatus.DONE):
    return [StepReport(step, status) for step in steps]


@pytest.mark.parametrize(
    ("owed", "index", "wrong"),
    [("3000", "94000", False), ("3000", "100000", False), ("3300", "100000", True), ("3300", "94000", True)],
)
def test_both_levels_are_taken_at_one_price(owed, index, wrong):
    """0.04 BTC against 3000: 1.33 or 1.25. Against 3300: 1.21 or 1.14."""
    after = an_account(a_balance("0.04"), a_balance(borrowed=owed), index=index)
    assert (not_lifted(BEFORE, after, done(SOLD, PAID)) is not None) is wrong


def test_it_says_how_much_was_done_and_both_levels():
    after = an_account(a_balance("0.04"), a_balance(borrowed="3200"))
    assert (not_lifted(BEFORE, after, done(SOLD, PAID)) or "").startswith(
        "2 steps were done to lift the level, and at the same price it went from 1.25 to 1.25"
    )


@pytest.mark.parametrize("steps", [(), done(SOLD, status=StepStatus.REJECTED)])
def test_where_nothing_was_done_nothing_is_wrong(steps):
    assert not_lifted(BEFORE, an_account(index="90000"), steps) is None


def test_where_nothing_is_owed_any_more_there_is_no_level_to_complain_of():
    assert not_lifted(BEFORE, an_account(a_balance("0.04"), a_balance("1")), done(SOLD, PAID)) is None
