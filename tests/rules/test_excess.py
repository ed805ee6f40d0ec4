"""Sweeping excess: what a level above its target does not need goes home, quote first, and only what may leave."""

from __future__ import annotations

from marginbot.domain.plan import AimKind, Need, Verdict
from tests.builders import BTC, USDT, D, a_balance, a_look, an_account
from tests.rules.aiming import an_aim, decide

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
