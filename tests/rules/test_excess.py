"""Sweeping excess: what a level above its target does not need goes home, quote first, and only what may leave."""

from __future__ import annotations

from dataclasses import replace

import pytest

from marginbot.domain.plan import AimKind, Need, Verdict
from tests.builders import BTC, USDT, D, a_balance, a_look, an_account, flat
from tests.rules.aiming import an_aim, an_order, decide

TO_TWO = an_aim(AimKind.SWEEP, target="2", trigger="2.5")
RICH = an_account(a_balance("0.1"), a_balance(borrowed="4000"))
"""10,000 / 4000 is 2.5: 2000 USDT more than a level of 2 needs."""
MAY_LEAVE = {BTC: "0.05", USDT: "0"}


def swept(aim, account, transferable=None):
    decided = decide(aim, a_look(account, transferable=transferable or MAY_LEAVE))
    return [(step.asset, step.amount) for step in decided.steps]


def test_the_excess_goes_home_and_no_more():
    assert swept(TO_TWO, RICH) == [(BTC, D("0.02"))]


def test_quote_goes_before_base():
    account = an_account(a_balance("0.09"), a_balance("1000", borrowed="4000"))
    assert swept(TO_TWO, account, {BTC: "1", USDT: "5000"}) == [(USDT, D(1000)), (BTC, D("0.01"))]


def test_no_more_leaves_than_the_exchange_lets_out_and_no_more_than_is_free():
    assert swept(TO_TWO, RICH, {BTC: "0.005"}) == [(BTC, D("0.005"))]
    locked = an_account(a_balance("0.003", locked="0.097"), a_balance(borrowed="4000"))
    assert swept(TO_TWO, locked) == [(BTC, D("0.003"))]


def test_the_exchange_is_asked_first_and_when_it_lets_nothing_out_that_is_said():
    assert decide(TO_TWO, a_look(RICH)).needs == {Need.TRANSFERABLE}
    decided = decide(TO_TWO, a_look(RICH, transferable={BTC: "0", USDT: "0"}))
    assert decided.verdict is Verdict.STUCK
    assert "lets nothing free out" in decided.because


def test_near_its_target_it_is_done():
    """A tenth of the way from 2.5 to 2 may be left: done from 2.05 down."""
    for base, verdict in (("0.0821", Verdict.ACT), ("0.082", Verdict.DONE), ("0.07", Verdict.DONE)):
        account = an_account(a_balance(base), a_balance(borrowed="4000"))
        assert decide(TO_TWO, a_look(account, transferable=MAY_LEAVE)).verdict is verdict


def test_less_than_an_orders_worth_is_left_where_it_is():
    """4.9 USDT are too much for a debt of 2."""
    small = an_account(a_balance("0.000089"), a_balance(borrowed="2"))
    assert decide(TO_TWO, a_look(small, transferable=MAY_LEAVE)).verdict is Verdict.DONE


WORTH = "the level is 2.5000: 2000.00000000 USDT are more than 2 needs"
IN_ORDERS = an_account(a_balance(locked="0.1"), a_balance(borrowed="4000"))


def test_it_says_what_is_free_and_what_may_leave():
    assert decide(TO_TWO, a_look(RICH)).verdict is Verdict.WAIT
    decided = decide(TO_TWO, a_look(an_account(a_balance("0.09", "0.01"), RICH.quote), transferable=MAY_LEAVE))
    assert decided.because == WORTH
    says = "0.09 BTC are free, 0.05 may leave, worth 2000.00000000 may be spared"
    assert [step.because for step in decided.steps] == [says]


def test_a_coin_the_exchange_does_not_name_stays():
    account = an_account(a_balance("0.095"), a_balance("500", borrowed="4000"))
    assert swept(TO_TWO, account, {BTC: "1"}) == [(BTC, D("0.02"))]


@pytest.mark.parametrize("account", [IN_ORDERS, an_account(a_balance("0.099"), a_balance(locked="100", borrowed="4000"))])
def test_what_locks_the_coins_is_read_where_nothing_else_keeps_them(account):
    decided = decide(TO_TWO, a_look(account, transferable={BTC: "0", USDT: "0"}))
    assert decided.verdict is Verdict.WAIT
    assert decided.needs == {Need.ORDERS, Need.TRANSFERABLE}
    assert decided.because.endswith("needs; reading what locks the coins")


def test_only_our_own_backstop_makes_room_for_a_sweep():
    look = a_look(IN_ORDERS, transferable={BTC: "0.1"})
    owners = an_order(1, "0.1")
    assert decide(TO_TWO, replace(look, orders=(owners,))).verdict is Verdict.STUCK
    decided = decide(TO_TWO, replace(look, orders=(owners, replace(owners, order_id="2", client_id="bs-mb-2"))))
    assert (decided.verdict, decided.needs) == (Verdict.ACT, {Need.TRANSFERABLE})
    assert decided.because == f"{WORTH}: the backstop makes room"
    assert [getattr(step, "order_id", None) for step in decided.steps] == ["2"]


def test_who_owes_nothing_has_no_aim_left():
    decided = decide(TO_TWO, a_look(flat("0.1")))
    assert (decided.verdict, decided.because) == (Verdict.DONE, "BTCUSDT owes nothing")
