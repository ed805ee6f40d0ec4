"""Deleveraging: just enough is sold or bought back for the level to reach its target; the owner's newest orders go first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from marginbot.domain.plan import AimKind, CancelOrder, Need, Side, Verdict
from tests.builders import BTC, BTCUSDT, USDT, D, a_balance, a_book, a_look, a_market, a_short, an_account, filters
from tests.rules.aiming import an_aim, an_order, decide, frictionless, steps

TO_ONE_AND_A_HALF = an_aim(AimKind.DELEVERAGE)
WITHOUT_FRICTION = frictionless()


def look_at(account=None, market=None, **fields):
    return replace(a_look(account, market or WITHOUT_FRICTION), **fields)


def test_a_long_sells_what_lifts_its_level_once_repaid():
    """(1.5 x 4000 - 5000) / (1.5 - 1) = 2000 USDT are 0.02 BTC; 3000 / 2000 is 1.5 then."""
    decided = decide(TO_ONE_AND_A_HALF, look_at())
    assert (decided.verdict, steps(decided)) == (Verdict.ACT, [("CloseOrder", D("0.02"))])
    assert decided.steps[0].side is Side.SELL
    assert "from 1.2500 to 1.5" in decided.because


def test_a_short_buys_back_what_lifts_its_level_once_repaid():
    decided = decide(TO_ONE_AND_A_HALF, look_at(a_short()))
    assert steps(decided) == [("CloseOrder", D("0.02"))]
    assert decided.steps[0].side is Side.BUY


def test_fee_and_slippage_make_it_more_and_the_quantity_is_rounded_up_to_the_step():
    """0.1 % fee and 1 bp: c = 1 - 0.999 x 0.9999 = 0.0010999; 1000 / (1.5 x 0.9989001 - 1) = 2006.6209... USDT."""
    decided = decide(TO_ONE_AND_A_HALF, look_at(market=a_market()))
    assert steps(decided) == [("CloseOrder", D("0.02007"))]


def test_what_came_in_is_repaid_and_then_it_is_done():
    sold = an_account(a_balance("0.03"), a_balance("2000", borrowed="4000"))
    decided = decide(TO_ONE_AND_A_HALF, look_at(sold))
    assert steps(decided) == [("Repay", D(2000))]
    repaid = an_account(a_balance("0.03"), a_balance(borrowed="2000"))
    assert decide(TO_ONE_AND_A_HALF, look_at(repaid)).verdict is Verdict.DONE


def test_idle_coins_pay_first_and_the_trade_is_as_much_smaller():
    """400 idle: 5000 / 3600; (1.5 x 3600 - 5000) / 0.5 = 800 USDT."""
    idle = an_account(quote=a_balance("400", borrowed="4000"))
    assert steps(decide(TO_ONE_AND_A_HALF, look_at(idle))) == [("CloseOrder", D("0.008")), ("Repay", D(400))]


def test_of_more_idle_coins_than_the_target_needs_only_that_is_paid():
    """(1.3 x 4000 - 5000) / 0.3 = 666.66666667 of 1000."""
    idle = an_account(a_balance("0.04"), a_balance("1000", borrowed="4000"))
    assert steps(decide(an_aim(AimKind.DELEVERAGE, "1.3"), look_at(idle))) == [("Repay", D("666.66666667"))]


@pytest.mark.parametrize(("base", "done"), [("0.0591", False), ("0.0592", True)])
def test_it_is_done_when_a_tenth_of_the_way_is_left(base, done):
    """Target 1.5, trigger 1.3: from 1.48 on, which are 5920 USDT."""
    near = an_account(a_balance(base))
    decided = decide(an_aim(AimKind.DELEVERAGE, trigger="1.3"), look_at(near))
    assert (decided.verdict is Verdict.DONE) is done


def test_it_is_done_when_less_than_an_order_is_missing():
    """4.8 / 0.5 = 9.6 USDT are missing, 10 on the step, and an order is worth 11 at least."""
    dear = replace(WITHOUT_FRICTION, rules=replace(WITHOUT_FRICTION.rules, filters=filters(min_value="11")))
    small = an_account(a_balance("0.000552"), a_balance(borrowed="40"))
    decided = decide(TO_ONE_AND_A_HALF, look_at(small, dear))
    assert decided.verdict is Verdict.DONE
    assert "less than one order is missing" in decided.because
    cheap = replace(dear, rules=replace(dear.rules, filters=filters(min_value="9")))
    assert steps(decide(TO_ONE_AND_A_HALF, look_at(small, cheap))) == [("CloseOrder", D("0.0001"))]


@pytest.mark.parametrize("account", [an_account(a_balance("0.0399")), a_short(free="3990")], ids=["long", "short"])
def test_assets_that_do_not_cover_the_debt_are_stuck_for_the_next_rung(account):
    decided = decide(TO_ONE_AND_A_HALF, look_at(account))
    assert decided.verdict is Verdict.STUCK
    assert "the assets would not cover the debt" in decided.because


def test_of_two_debts_the_one_whose_coin_comes_in_is_paid_and_then_it_is_decided_again():
    """0.05 BTC held and 0.01 owed, 3000 USDT owed, nothing idle: orders lock all but 0.04."""
    both = an_account(a_balance("0.04", locked="0.01", borrowed="0.01"), a_balance(borrowed="3000"))
    decided = decide(an_aim(AimKind.DELEVERAGE, "1.3"), look_at(both))
    assert decided.verdict is Verdict.ACT
    assert {type(step).__name__ for step in decided.steps} <= {"CloseOrder", "Repay"}
    assert [step.asset for step in decided.steps if type(step).__name__ == "Repay"] == [BTC]


def test_a_thin_book_is_read_deeper_before_anything_is_sized():
    thin = a_market(a_book(bids=("100000 x 0.001",)), fee="0")
    assert decide(TO_ONE_AND_A_HALF, look_at(market=thin)).needs == {Need.DEEP_BOOK}


def test_a_cap_that_blocks_is_waited_for_and_told_as_such():
    far = a_market(a_book(bids=("98000 x 10",)), fee="0")
    decided = decide(TO_ONE_AND_A_HALF, look_at(market=far))
    assert (decided.verdict, decided.capped) == (Verdict.WAIT, True)
    assert "the cap of 100 bps blocks it" in decided.because
    assert decide(TO_ONE_AND_A_HALF, look_at(market=far), cap="200").steps != ()


def test_while_the_cap_blocks_idle_coins_are_paid_all_the_same():
    far = a_market(a_book(bids=("98000 x 10",)), fee="0")
    idle = an_account(quote=a_balance("400", borrowed="4000"))
    assert steps(decide(TO_ONE_AND_A_HALF, look_at(idle, far))) == [("Repay", D(400))]


LOCKED = an_account(a_balance("0.005", locked="0.045"))
ORDERS = (an_order(1, "0.02"), an_order(3, "0.01"), an_order(2, "0.015"))


def test_orders_that_lock_the_coin_are_read_and_cancelled_newest_first_until_it_is_enough():
    """0.02 are to be sold and 0.005 are free: the newest gives 0.01, the next 0.015."""
    assert decide(TO_ONE_AND_A_HALF, look_at(LOCKED, open_orders=3)).needs == {Need.ORDERS}
    decided = decide(TO_ONE_AND_A_HALF, look_at(LOCKED, open_orders=3, orders=ORDERS))
    assert [(type(step), step.order_id) for step in decided.steps] == [(CancelOrder, "3"), (CancelOrder, "2")]
    assert "0.015 BTC more are needed" in decided.steps[0].because
    assert "order 3 gives 0.01 BTC back" in decided.steps[0].because


def test_a_list_is_cancelled_whole_and_locks_what_its_dearest_leg_needs():
    legs = (an_order(4, "0.02", list_id="9"), an_order(5, "0.02", list_id="9"))
    decided = decide(TO_ONE_AND_A_HALF, look_at(LOCKED, orders=(*legs, an_order(1, "0.025"))))
    (only,) = decided.steps
    assert (only.list_id, only.client_ids) == ("9", ("owner-4", "owner-5"))
    assert "the order list 9 gives 0.02 BTC back" in only.because


def test_orders_on_the_other_coin_stay():
    decided = decide(TO_ONE_AND_A_HALF, look_at(LOCKED, orders=(an_order(9, "500", Side.BUY), an_order(1, "0.045"))))
    assert [step.order_id for step in decided.steps] == ["1"]


def test_a_rule_that_leaves_the_owners_orders_alone_is_stuck_on_them():
    aim = an_aim(AimKind.DELEVERAGE, leave_orders=True)
    decided = decide(aim, look_at(LOCKED, orders=ORDERS))
    assert decided.verdict is Verdict.STUCK
    assert "leaves the owner's orders alone" in decided.because


def test_orders_that_lock_nothing_needed_are_no_hindrance():
    roomy = an_account(a_balance("0.03", locked="0.02"))
    assert steps(decide(TO_ONE_AND_A_HALF, look_at(roomy, orders=ORDERS))) == [("CloseOrder", D("0.02"))]


def test_the_quote_a_buy_back_needs_is_freed_too():
    """2000 USDT and a thousandth are needed, 1500 are free."""
    short = an_account(a_balance(borrowed="0.04"), a_balance("1500", locked="3500"))
    decided = decide(TO_ONE_AND_A_HALF, look_at(short, orders=(an_order(1, "3000", Side.BUY), an_order(2, "502", Side.BUY))))
    assert [step.order_id for step in decided.steps] == ["2"]


def test_a_debt_whose_own_coin_is_locked_is_not_traded_for():
    """0.05 BTC owed, 0.06 held, all of it in orders: nothing is sold or bought, the coin is freed to repay with."""
    held = an_account(a_balance(locked="0.06", borrowed="0.05"), a_balance())
    decided = decide(TO_ONE_AND_A_HALF, look_at(held, orders=(an_order(1, "0.06"),)))
    assert [step.order_id for step in decided.steps] == ["1"]
    assert "to repay debt" in decided.because


def test_where_no_trading_is_possible_it_waits_with_the_reason():
    closed = replace(WITHOUT_FRICTION, rules=replace(WITHOUT_FRICTION.rules, status="BREAK"))
    decided = decide(TO_ONE_AND_A_HALF, look_at(market=closed))
    assert (decided.verdict, decided.capped) == (Verdict.WAIT, False)
    assert "BREAK" in decided.because
    assert BTCUSDT.symbol in decided.because
    assert USDT not in decided.needs
