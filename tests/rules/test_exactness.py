"""Whoever calls the rules, with whatever decimal context: the same plans to the last digit."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_UP, localcontext

import pytest

from marginbot.domain.account import LevelStatus
from marginbot.domain.plan import AimKind, Into, Plan, Side, Sweep, Verdict
from marginbot.domain.policy import DistanceBelow, Do
from marginbot.domain.situation import Situation
from marginbot.rules.close import Trade, orders_for, trade_for
from marginbot.rules.crumb import crumb_from_spot
from marginbot.rules.forecast import forecast
from marginbot.rules.guard import check
from marginbot.rules.margin_call import margin_call_level, status_level
from marginbot.rules.marks import trigger_marks, trigger_price, way_back_marks
from marginbot.rules.outlook import outlook
from marginbot.rules.repay import repayment
from marginbot.rules.sizes import is_tradable, largest_order, order_price, slices, smallest_order
from marginbot.rules.soundness import problems
from marginbot.rules.target import level_text, near_target
from marginbot.rules.unwind import plan
from tests.builders import (
    EIGHT,
    TEN_TIMES,
    USDT,
    D,
    a_balance,
    a_book,
    a_look,
    a_market,
    a_short,
    an_account,
    filters,
    flat,
    limits,
    to_flat,
)
from tests.rules.aiming import an_aim
from tests.rules.policies import SELL, a_ladder, a_rule

LONG = a_look(an_account(a_balance("0.123456789"), a_balance("12.3456789", borrowed="7890.12345", interest="1.23456789")))
SHORT = a_look(a_short(free="98765.4321", borrowed="0.123456789"))
CRUMB = a_look(an_account(a_balance(), a_balance("1000.00001", borrowed="1001.23456")), spot={USDT: "1.2345678"})
THIN = a_look(market=a_market(a_book(bids=("99987.6543 x 0.0123456", "1 x 9"))), deep=True)
SHAVED = a_look(an_account(quote=a_balance("5000", borrowed="4000")), shave=frozenset({USDT}))
LITTLE = an_account(a_balance(), a_balance("0.51234", borrowed="100.98765"))
STUCK = a_look(LITTLE, a_market(min_repay={USDT: "1000"}))
HOME = a_look(flat(quote="1234.5678"), transferable={USDT: "1234.5678"})
RULES = filters(max_value="98765.4321", market_max="1.2345")
NO_BID = a_look(market=a_market(a_book(bids=("1 x 1",))), account=an_account(index="98765.4321"))
UNEVEN = replace(TEN_TIMES[0], liquidation_level=D("1.0512345"))
DISTANT = a_rule("near", DistanceBelow(D("12.345")), Do.UNWIND, rearm_level="1.5678")
MOMENT = Situation(replace(LONG.account, index_price=D("98765.4321"), reported_level=D("1.2345678")), (UNEVEN,), EIGHT)
SUMS = {
    "margin_call_level": lambda: margin_call_level(UNEVEN, (UNEVEN,)),
    "status_level": lambda: status_level(LevelStatus.PRE_LIQUIDATION, UNEVEN, (UNEVEN,)),
    "near_target": lambda: near_target(an_aim(AimKind.REPAY, "1.98765", "1.23456")),
    "level_text": lambda: level_text(LONG.account),
    "trigger_price": lambda: trigger_price(DISTANT, MOMENT),
    "trigger_marks": lambda: trigger_marks(DISTANT, MOMENT),
    "way_back_marks": lambda: way_back_marks(DISTANT, MOMENT),
    "problems": lambda: problems(a_ladder(a_rule(when="1.0671"), DISTANT), UNEVEN),
    "outlook": lambda: outlook(replace(a_ladder(SELL, DISTANT), backstop=True), MOMENT, {}),
    "trade_for a long": lambda: trade_for(to_flat(), LONG),
    "trade_for a long that keeps its base": lambda: trade_for(to_flat(Into.KEEP), LONG),
    "trade_for a short": lambda: trade_for(to_flat(), SHORT),
    "trade_for the rest": lambda: trade_for(to_flat(Into.BASE), HOME),
    "orders_for": lambda: orders_for(Trade(Side.SELL, D("0.12345"), "told so"), LONG, limits()),
    "orders_for inside the cap": lambda: orders_for(Trade(Side.SELL, D("0.12345"), "told so"), THIN, limits("12.345")),
    "crumb_from_spot": lambda: crumb_from_spot(CRUMB, limits(crumb="5")),
    "forecast": lambda: forecast(to_flat(), LONG, limits()),
    "repayment": lambda: repayment(CRUMB, CRUMB.account.quote, D("1000.00001"), close_to_come=False),
    "repayment of all but the last digit": lambda: repayment(SHAVED, SHAVED.account.quote, D(5000), close_to_come=False),
    "order_price": lambda: order_price(NO_BID),
    "smallest_order": lambda: smallest_order(filters(step="0.00000001"), D("98765.4321")),
    "is_tradable": lambda: is_tradable(filters(min_value="12345.678"), D("0.12345678"), D("99999.99")),
    "slices": lambda: slices(RULES, D("3.45678"), D("76543.21")),
    "largest_order": lambda: largest_order(RULES, D("1.2345"), D("76543.21")),
    "plan": lambda: plan(to_flat(), LONG, limits()),
    "plan of what remains": lambda: plan(to_flat(), STUCK, limits()),
    "check": lambda: check(to_flat(), Plan(Verdict.ACT, "told so", _halves("617.2839")), HOME, 0.0),
}


def _halves(amount):
    return (Sweep(HOME.account.symbol, USDT, D(amount), "told so"),) * 2


@pytest.mark.parametrize("name", SUMS)
def test_a_caller_who_counts_with_three_digits_and_rounds_up_gets_the_same_plans(name):
    careful = SUMS[name]()
    with localcontext() as careless:
        careless.prec, careless.rounding = 3, ROUND_UP
        assert SUMS[name]() == careful


def test_what_is_not_tradable_by_a_hair_is_not_rounded_to_be():
    with localcontext() as careless:
        careless.prec, careless.rounding = 3, ROUND_UP
        assert not is_tradable(filters(min_value="12345.678"), D("0.12345"), D("99999.99"))
