"""What a plan of the unwind says: which coins, how many, and nothing of those that play no part."""

from __future__ import annotations

from marginbot.domain.plan import Verdict
from marginbot.rules.unwind import plan
from tests.builders import USDT, a_balance, a_look, a_market, a_short, an_account, flat, limits, to_flat


def decided(account, market=None, **look):
    return plan(to_flat(), a_look(account, market, **look), limits())


def test_of_two_coins_only_the_locked_one_is_named():
    plans = decided(an_account(a_balance("0.01", locked="0.04"), a_balance("5", borrowed="4000")), open_orders=1)
    assert plans.steps[0].because == "1 open orders lock 0.04 BTC: they are cancelled before anything is sized"


def test_a_plan_says_what_is_owed_and_what_is_held_and_where_it_is_nothing():
    assert decided(a_short()).because == "owes 0.04 BTC, holds 5000 USDT"
    assert decided(flat(base="0.05")).because == "owes nothing, holds 0.05 BTC"
    bare = an_account(a_balance("0.05"), a_balance("7", interest="0.5"))
    assert decided(bare).because == "owes 0.5 USDT, holds 0.05 BTC and 7 USDT"


def test_what_remains_is_named_by_what_is_missing_of_the_whole_debt():
    """Half a coin cannot be repaid where one coin is the least."""
    stuck = decided(an_account(a_balance(), a_balance("0.5", borrowed="0.4", interest="0.3")), a_market(min_repay={USDT: "1"}))
    assert (stuck.verdict, stuck.remains) == (Verdict.STUCK, ("0.2 USDT",))
