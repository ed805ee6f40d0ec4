"""The planner, row by row of the table in the design: what a look shows, and what is done about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from marginbot.domain.account import LevelStatus
from marginbot.domain.plan import CancelOrders, CloseOrder, Into, Need, Repay, Side, Sweep, TopUp, Verdict
from marginbot.rules.unwind import plan
from tests.builders import (
    BTC,
    USDT,
    D,
    a_balance,
    a_book,
    a_look,
    a_market,
    a_short,
    an_account,
    flat,
    limits,
    to_flat,
)

AT_INDEX = a_book(bids=("100000 x 10",), asks=("100000 x 10",))


def decide(account=None, into=Into.QUOTE, sweep=True, crumb="0", cap="100", market=None, **look):
    return plan(to_flat(into, sweep), a_look(account, market, **look), limits(cap, crumb))


def kinds(decided):
    return [type(step) for step in decided.steps]


def test_while_the_exchange_liquidates_nothing_is_written():
    for orders in (0, 2):
        decided = decide(an_account(status=LevelStatus.FORCE_LIQUIDATION), open_orders=orders)
        assert (decided.verdict, decided.steps) == (Verdict.WAIT, ())
        assert "liquidating BTCUSDT" in decided.because


@pytest.mark.parametrize("status", [status for status in LevelStatus if status is not LevelStatus.FORCE_LIQUIDATION])
def test_any_other_status_an_unknown_one_included_is_judged_by_the_numbers(status):
    assert decide(an_account(status=status)).steps == decide().steps != ()


def test_while_our_own_record_is_pending_nothing_new_is_sent_not_even_a_cancel():
    decided = decide(flat(quote="1000"), pending=("a transfer of 500 USDT", "a repayment of 1 BTC"), open_orders=1)
    assert (decided.verdict, decided.steps) == (Verdict.WAIT, ())
    assert "a transfer of 500 USDT, a repayment of 1 BTC" in decided.because


def test_open_orders_are_cancelled_before_anything_is_sized():
    decided = decide(an_account(a_balance("0.01", locked="0.04"), a_balance("5", locked="7", borrowed="4000")), open_orders=2)
    assert (decided.verdict, kinds(decided)) == (Verdict.ACT, [CancelOrders])
    assert "2 open orders lock 0.04 BTC and 7 USDT" in decided.steps[0].because


def test_locked_coins_are_cancelled_for_even_when_no_order_is_listed_yet():
    assert kinds(decide(an_account(a_balance("0.01", locked="0.04")))) == [CancelOrders]
    assert kinds(decide(an_account(quote=a_balance(locked="1", borrowed="4000")))) == [CancelOrders]


def test_an_open_order_that_locks_nothing_is_cancelled_too():
    decided = decide(flat(), open_orders=1)
    assert kinds(decided) == [CancelOrders]
    assert "lock no coins" in decided.because or "lock no coins" in decided.steps[0].because


def test_the_plain_long_is_sold_at_market_and_the_repayment_waits_for_the_next_look():
    decided = decide()
    assert kinds(decided) == [CloseOrder]
    assert (decided.steps[0].side, decided.steps[0].quantity) == (Side.SELL, D("0.05"))
    assert decided.because == "owes 4000 USDT, holds 0.05 BTC"
    assert decided.needs == frozenset()


def test_after_the_sale_the_debt_is_repaid_and_the_next_look_asks_what_may_leave():
    decided = decide(an_account(a_balance(), a_balance("4995", borrowed="3999", interest="1")))
    assert decided.steps == (Repay("BTCUSDT", USDT, D(4000), decided.steps[0].because),)
    assert decided.needs == {Need.TRANSFERABLE}


def test_a_part_filled_sale_goes_round_again_and_its_proceeds_wait_for_the_rest():
    decided = decide(an_account(a_balance("0.02"), a_balance("2995", borrowed="4000")))
    assert kinds(decided) == [CloseOrder]
    assert decided.steps[0].quantity == D("0.02")


def test_a_debt_that_the_quote_covers_is_repaid_beside_the_sale():
    decided = decide(an_account(a_balance("0.05"), a_balance("4500", borrowed="4000")))
    assert kinds(decided) == [CloseOrder, Repay]
    assert decided.needs == frozenset()


def test_the_short_is_bought_back_first_and_repaid_after_the_look():
    decided = decide(a_short())
    assert [(step.side, step.quantity) for step in decided.steps] == [(Side.BUY, D("0.04005"))]
    decided = decide(a_short(free="995", base_free="0.04000995"))
    assert [(type(step), step.asset, step.amount) for step in decided.steps] == [(Repay, BTC, D("0.04"))]


def test_both_debts_are_repaid_in_one_plan_each_with_its_own_interest():
    account = an_account(a_balance("0.02", borrowed="0.0199", interest="0.0001"), a_balance("900", borrowed="700", interest="3"))
    decided = decide(account)
    assert [(step.asset, step.amount) for step in decided.steps] == [(BTC, D("0.02")), (USDT, D(703))]


def test_with_both_owed_the_base_that_is_free_of_debt_is_sold_and_its_own_debt_repaid_at_once():
    decided = decide(an_account(a_balance("0.05", borrowed="0.01"), a_balance("10", borrowed="3000")))
    sale, base = decided.steps
    assert (sale.quantity, base.asset, base.amount) == (D("0.04"), BTC, D("0.01"))


def test_quote_that_a_buy_back_will_spend_repays_no_quote_debt_beside_it():
    decided = decide(an_account(a_balance(borrowed="0.04"), a_balance("5000", borrowed="100")))
    assert kinds(decided) == [CloseOrder]


def test_an_insolvent_long_repays_what_it_has_and_then_says_what_remains():
    decided = decide(an_account(a_balance(), a_balance("3900", borrowed="4000")))
    assert [(type(step), step.amount) for step in decided.steps] == [(Repay, D(3900))]
    assert decided.needs == frozenset()
    stuck = decide(an_account(a_balance(), a_balance("0", borrowed="100")))
    assert (stuck.verdict, stuck.remains) == (Verdict.STUCK, ("100 USDT",))
    assert "100 USDT remain owed" in stuck.because
    assert "run the same command again" in stuck.because


def test_an_insolvent_short_buys_what_it_can_repays_it_and_says_what_remains():
    assert decide(a_short(free="2002"), market=a_market(AT_INDEX)).steps[0].quantity == D("0.02")
    part = decide(a_short(free="2", base_free="0.01998"))
    assert [(step.asset, step.amount) for step in part.steps] == [(BTC, D("0.01998"))]
    stuck = decide(a_short(free="2", borrowed="0.02002"))
    assert (stuck.verdict, stuck.remains) == (Verdict.STUCK, ("0.02002 BTC",))


def test_debts_of_both_coins_that_nothing_can_pay_are_both_named():
    stuck = decide(an_account(a_balance(borrowed="0.01"), a_balance(borrowed="100")))
    assert stuck.remains == ("0.01 BTC", "100 USDT")


def test_a_part_below_the_least_repayment_stays_and_the_rest_is_named():
    account = an_account(a_balance(), a_balance("0.5", borrowed="100"))
    stuck = decide(account, market=a_market(min_repay={USDT: "1"}))
    assert (stuck.verdict, stuck.remains) == (Verdict.STUCK, ("99.5 USDT",))


def test_a_debt_below_the_last_digit_is_named_and_not_an_empty_word():
    stuck = decide(an_account(a_balance(), a_balance("10", interest="0.000000005", borrowed="0")))
    assert (stuck.verdict, stuck.remains) == (Verdict.STUCK, ("0.000000005 USDT",))


def test_a_debt_shaved_to_its_last_digit_is_not_stuck_there():
    account = an_account(a_balance(), a_balance("10", borrowed="0.00000001"))
    assert [step.amount for step in decide(account, shave=frozenset({USDT})).steps] == [D("0.00000001")]


def test_a_crumb_comes_from_spot_only_when_the_owner_allows_it():
    account = an_account(a_balance(), a_balance(borrowed="3"))
    assert decide(account, spot={USDT: "50"}).verdict is Verdict.STUCK
    decided = decide(account, spot={USDT: "50"}, crumb="5")
    assert [(type(step), step.asset, step.amount) for step in decided.steps] == [(TopUp, USDT, D(3))]


def test_a_crumb_is_not_brought_while_there_is_still_something_to_sell_or_to_pay_with():
    assert kinds(decide(crumb="1000000", spot={USDT: "100000"})) == [CloseOrder]
    part = decide(an_account(a_balance(), a_balance("1", borrowed="3")), crumb="5", spot={USDT: "50"})
    assert kinds(part) == [Repay]


def test_without_debt_both_coins_go_home_dust_included():
    decided = decide(flat(base="0.00004", quote="995"), transferable={BTC: "0.00004", USDT: "995"})
    assert [(type(step), step.asset, step.amount) for step in decided.steps] == [
        (Sweep, BTC, D("0.00004")),
        (Sweep, USDT, D(995)),
    ]


def test_before_the_sweep_it_is_asked_what_may_leave():
    decided = decide(flat(quote="995"))
    assert (decided.verdict, decided.needs) == (Verdict.WAIT, {Need.TRANSFERABLE})


def test_nothing_owed_nothing_held_no_orders_is_done():
    assert decide(flat()).verdict is Verdict.DONE
    assert decide(an_account(a_balance(), a_balance(), reported="999")).verdict is Verdict.DONE


def test_without_a_sweep_it_is_done_when_closed_and_free_of_debt():
    assert decide(flat(quote="995"), sweep=False).verdict is Verdict.DONE
    assert kinds(decide(flat(base="0.05"), sweep=False)) == [CloseOrder]


def test_coins_without_debt_are_sold_first_and_swept_after():
    assert kinds(decide(flat(base="0.05", quote="5"), transferable={BTC: "1", USDT: "5"})) == [CloseOrder]


def test_kept_coins_are_swept_as_they_are():
    decided = decide(flat(base="0.05", quote="5"), into=Into.KEEP, transferable={BTC: "1", USDT: "5"})
    assert kinds(decided) == [Sweep, Sweep]


def test_into_base_repays_first_and_buys_with_the_rest():
    owing = an_account(a_balance("0.01"), a_balance("5000", borrowed="4000"))
    assert kinds(decide(owing, into=Into.BASE)) == [Repay]
    rest = decide(flat(base="0.01", quote="1000"), into=Into.BASE)
    assert [(step.side, step.quantity) for step in rest.steps] == [(Side.BUY, D("0.00998"))]


def test_a_book_too_thin_is_read_deeper_and_nothing_is_sent_before():
    decided = decide(market=a_market(a_book(bids=("99990 x 0.01",))))
    assert (decided.verdict, decided.needs, decided.steps) == (Verdict.WAIT, {Need.DEEP_BOOK}, ())
    assert decided.because == "the book read so far does not hold the size"


@pytest.mark.parametrize(
    ("account", "book"),
    [
        (an_account(), a_book(bids=())),
        (an_account(), a_book(bids=("1 x 1000",))),
        (a_short(), a_book(asks=())),
        (a_short(), a_book(asks=("999999 x 1000",))),
    ],
    ids=["no bids", "absurd bid", "no asks", "absurd ask"],
)
def test_an_exit_that_is_blocked_waits_for_the_book_and_is_no_residue(account, book):
    decided = decide(account, market=a_market(book))
    assert (decided.verdict, decided.steps) == (Verdict.WAIT, ())
    assert decided.remains


def test_a_halted_pair_waits_and_names_the_word_and_repays_what_needs_no_trade():
    halted = a_market(status="HALT")
    assert "HALT" in decide(market=halted).because
    whole = decide(an_account(a_balance("0.05"), a_balance("4000", borrowed="4000")), market=halted)
    assert kinds(whole) == [Repay]


def test_no_look_asks_for_more_than_the_last_one_to_decide_the_same():
    look = a_look()
    assert plan(to_flat(), look, limits()) == plan(to_flat(), replace(look, seen_at=99.0), limits())
