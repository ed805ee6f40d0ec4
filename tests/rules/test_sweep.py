from __future__ import annotations

from marginbot.domain.plan import Need, Verdict
from marginbot.rules.sweep import sweep
from tests.builders import BTC, USDT, D, a_look, flat


def swept(base="0", quote="0", **transferable):
    return sweep(a_look(flat(base, quote), transferable=transferable or None))


def amounts(plan):
    return {step.asset: step.amount for step in plan.steps}


def test_an_empty_wallet_is_done():
    assert swept().verdict is Verdict.DONE


def test_before_a_sweep_it_is_asked_what_may_leave():
    plan = swept(quote="1000")
    assert (plan.verdict, plan.needs, plan.steps) == (Verdict.WAIT, {Need.TRANSFERABLE}, ())
    assert (plan.because, plan.remains) == ("asking what may leave the isolated wallet", ())


def test_both_coins_go_home_together():
    plan = swept(base="0.00004", quote="1000", BTC="1", USDT="1000")
    assert plan.verdict is Verdict.ACT
    assert amounts(plan) == {BTC: D("0.00004"), USDT: D(1000)}


def test_no_more_than_the_exchange_lets_out_is_moved():
    assert amounts(swept(quote="1000", BTC="0", USDT="400")) == {USDT: D(400)}


def test_when_nothing_may_leave_it_waits_asks_again_and_says_what_remains():
    plan = swept(base="0.1", quote="1000", BTC="0", USDT="0")
    assert (plan.verdict, plan.needs, plan.steps) == (Verdict.WAIT, {Need.TRANSFERABLE}, ())
    assert plan.remains == ("0.1 BTC", "1000 USDT")


def test_a_coin_nobody_asked_about_stays():
    assert amounts(swept(base="0.1", quote="1000", USDT="1000")) == {USDT: D(1000)}


def test_amounts_have_eight_decimals_and_what_is_below_is_not_worth_a_look():
    assert amounts(swept(quote="1.123456789", USDT="2")) == {USDT: D("1.12345678")}
    assert swept(base="0.000000009", quote="0.000000009").verdict is Verdict.DONE
    assert amounts(swept(base="0.000000009", quote="1", BTC="1", USDT="1")) == {USDT: D(1)}
    assert swept(quote="1", USDT="0.000000009").verdict is Verdict.WAIT
