"""Whoever calls, with whatever decimal context: the same sums. 0.123456789 BTC at 98,765.4321 leave a trace of every digit."""

from __future__ import annotations

from decimal import ROUND_UP, localcontext

import pytest

from marginbot.domain import book, margin
from marginbot.domain.amounts import ceil_step, floor_step, half_up
from marginbot.domain.plan import Side
from tests.builders import D, a_balance, a_book, an_account

INDEX = D("98765.4321")
BOTH = an_account(
    a_balance("0.123456789", borrowed="0.0123456789"), a_balance("1234.56789", borrowed="7890.12345"), index=str(INDEX)
)
LONG = an_account(a_balance("0.123456789"), a_balance("1.23456789", borrowed="7890.12345"), index=str(INDEX))
LEVEL_KNOWN = an_account(a_balance("0.123456789"), a_balance(borrowed="7890.12345"), index=str(INDEX), reported="1.2345678")
NEARLY_EVEN = an_account(a_balance("1.0002", borrowed="1"), a_balance("10001", borrowed="10000"))  # 10002 against 10001
BOOK = a_book(
    bids=("98765.4321 x 0.123456789", "98764.3211 x 0.987654321"), asks=("98766.5432 x 0.123456789", "98767.6543 x 0.987654321")
)
FENCE = margin.Fence(D("87654.321"), D("123456.789"))
SUMS = {
    "floor_step": lambda: floor_step(INDEX, D("0.001")),
    "ceil_step": lambda: ceil_step(INDEX, D("0.001")),
    "half_up": lambda: half_up(INDEX, 3),
    "walk": lambda: book.walk(BOOK, Side.SELL, D("0.23456789"), skip=D("0.0123456789")),
    "depth_within to sell": lambda: book.depth_within(BOOK, Side.SELL, D(1)),
    "depth_within to buy": lambda: book.depth_within(BOOK, Side.BUY, D(99999)),
    "affordable": lambda: book.affordable(BOOK, D("12345.6789")),
    "slippage_bps": lambda: book.slippage_bps(Side.SELL, D("98765.4321"), D("98766.5432")),
    "cap_price": lambda: book.cap_price(Side.BUY, INDEX, D("12.3456")),
    "assets_value": lambda: margin.assets_value(BOTH),
    "liability_value": lambda: margin.liability_value(BOTH),
    "equity_value": lambda: margin.equity_value(BOTH),
    "margin_level": lambda: margin.margin_level(BOTH),
    "level_disagreement": lambda: margin.level_disagreement(LEVEL_KNOWN),
    "danger_sign": lambda: margin.danger_sign(NEARLY_EVEN),
    "price_at": lambda: margin.price_at(LONG, D("1.1234567")),
    "distance_pct": lambda: margin.distance_pct(LONG, D("87654.321")),
    "top_up_amount": lambda: margin.top_up_amount(LONG, D("3.4567")),
    "buy_back_quantity": lambda: margin.buy_back_quantity(D("0.123456789"), D("0.00012345"), D(0), D("0.00123"), D("0.0000001")),
    "deleverage_value": lambda: margin.deleverage_value(LONG, D("1.98765"), D("0.00123"), INDEX, INDEX),
    "fence": lambda: margin.fence(LONG, (D("1.1234567"),)),
    "in_book_terms": lambda: margin.in_book_terms(FENCE, D("98760.1234"), INDEX),
}


@pytest.mark.parametrize("name", SUMS)
def test_a_caller_who_counts_with_three_digits_and_rounds_up_gets_the_same_sums(name):
    careful = SUMS[name]()
    with localcontext() as careless:
        careless.prec, careless.rounding = 3, ROUND_UP
        assert SUMS[name]() == careful
