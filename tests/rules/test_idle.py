"""Idle coins: what lies there of an owed coin is repaid, as much as there is unless the target needs less."""

from __future__ import annotations

from dataclasses import replace

from marginbot.domain.account import LevelStatus
from marginbot.domain.plan import AimKind, Need, Side, Verdict
from tests.builders import BTC, USDT, D, a_balance, a_look, a_market, a_short, an_account, flat
from tests.rules.aiming import an_aim, an_order, decide, steps

REPAY = an_aim(AimKind.REPAY)
ALL_THERE_IS = an_aim(AimKind.REPAY, target="1260")


def long_with(idle: str, base: str = "0.05", locked: str = "0"):
    return an_account(a_balance(base), a_balance(idle, locked, borrowed="4000"))


def test_all_of_it_is_paid_when_the_target_needs_more():
    assert steps(decide(REPAY, a_look(long_with("400")))) == [("Repay", D(400))]
    assert steps(decide(ALL_THERE_IS, a_look(long_with("3999", "0.01")))) == [("Repay", D(3999))]


def test_only_what_the_target_needs_is_paid_when_there_is_more():
    """(1.3 x 4000 - 5000) / 0.3, rounded up to the last digit."""
    decided = decide(an_aim(AimKind.REPAY, "1.3"), a_look(long_with("1000", "0.04")))
    assert steps(decided) == [("Repay", D("666.66666667"))]
    assert "666.66666667 lift the level to 1.3" in decided.steps[0].because


def test_a_short_pays_with_idle_base():
    account = a_short(free="4500", base_free="0.004")
    assert [(step.asset, step.amount) for step in decide(REPAY, a_look(account)).steps] == [(BTC, D("0.004"))]


def test_of_two_debts_both_are_paid():
    """7000 / 5600 is 1.25: 0.01 BTC and 1000 USDT lie idle beside 0.05 locked."""
    account = an_account(a_balance("0.01", "0.05", borrowed="0.016"), a_balance("1000", borrowed="4000"))
    assert [(step.asset, step.amount) for step in decide(ALL_THERE_IS, a_look(account)).steps] == [
        (BTC, D("0.01")),
        (USDT, D(1000)),
    ]


def test_a_part_below_the_least_repayment_waits_and_what_the_target_needs_is_raised_to_it():
    dear = a_market(min_repay={USDT: "700"})
    assert decide(REPAY, a_look(long_with("400"), dear)).verdict is Verdict.DONE
    assert steps(decide(an_aim(AimKind.REPAY, "1.3"), a_look(long_with("1000", "0.04"), dear))) == [("Repay", D(700))]


def test_without_idle_coins_its_deed_is_done_whatever_the_level():
    decided = decide(REPAY, a_look())
    assert decided.verdict is Verdict.DONE
    assert "no idle coin" in decided.because


def test_at_the_target_nothing_is_paid():
    assert decide(an_aim(AimKind.REPAY, "1.24"), a_look(long_with("10"))).verdict is Verdict.DONE


def test_where_the_assets_do_not_cover_the_debt_a_repayment_would_lower_the_level():
    decided = decide(REPAY, a_look(long_with("100", "0.038")))
    assert decided.verdict is Verdict.STUCK
    assert "do not cover" in decided.because


def test_coins_of_the_debt_in_the_owners_orders_are_freed_or_left_as_the_rule_says():
    locked = replace(a_look(long_with("0", locked="300")), orders=(an_order(1, "200", Side.BUY), an_order(2, "100", Side.BUY)))
    assert [step.order_id for step in decide(ALL_THERE_IS, locked).steps] == ["2", "1"]
    assert decide(ALL_THERE_IS, replace(locked, orders=None)).needs == {Need.ORDERS}
    assert decide(an_aim(AimKind.REPAY, leave_orders=True), locked).verdict is Verdict.STUCK


def test_locked_coins_that_no_order_explains_are_looked_at_again():
    decided = decide(ALL_THERE_IS, replace(a_look(long_with("0", locked="300")), orders=()))
    assert (decided.verdict, decided.needs) == (Verdict.WAIT, {Need.ORDERS})


def test_nothing_owed_is_done_and_an_account_in_liquidation_or_with_open_records_is_waited_for():
    assert decide(REPAY, a_look(flat(quote="5"))).verdict is Verdict.DONE
    seized = replace(long_with("400"), status=LevelStatus.FORCE_LIQUIDATION)
    assert decide(REPAY, a_look(seized)).verdict is Verdict.WAIT
    assert decide(REPAY, a_look(long_with("400"), pending=("the repay of 5 USDT (PENDING)",))).verdict is Verdict.WAIT


def test_without_an_index_nothing_is_valued():
    assert decide(REPAY, a_look(replace(long_with("400"), index_price=D(0)))).verdict is Verdict.WAIT
