"""How near liquidation is, of whatever tiers; and that a debt of interest alone is a debt."""

from __future__ import annotations

from marginbot.domain.margin import danger_sign, price_at, safety
from tests.builders import TEN_TIMES, D, a_balance, a_short, an_account, flat


def test_safety_is_how_many_times_the_liquidation_level_it_is():
    at_105 = an_account(index="84000")
    assert safety(at_105, TEN_TIMES) == 1
    assert safety(an_account(index="126000"), TEN_TIMES) == D("1.5")


def test_without_debt_there_is_no_end_to_it_and_without_tiers_it_is_the_level():
    assert safety(flat("0.05"), TEN_TIMES) == D("Infinity")
    assert safety(flat("0.05"), ()) == D("Infinity")
    assert safety(an_account(), ()) == D("1.25")


def test_interest_alone_makes_a_price_dangerous():
    assert price_at(an_account(quote=a_balance(interest="4000")), D("1.05")) == 84000
    assert danger_sign(an_account(a_balance(interest="0.04"), a_balance("5000"))) == -1
    assert price_at(a_short(borrowed="0.03", interest="0.01"), D("1.25")) == 100000
