from __future__ import annotations

from marginbot.rules.crumb import crumb_from_spot
from tests.builders import BTC, NO_RULES, USDT, D, a_balance, a_look, a_market, a_short, an_account, limits


def crumb(account, allowed="10", its_filters=None, **spot):
    look = a_look(account, a_market(its_filters=its_filters), spot=spot)
    return crumb_from_spot(look, limits(crumb=allowed))


def lacking(usdt: str):
    return an_account(a_balance(), a_balance("1000", borrowed=str(1000 + D(usdt))))


def test_without_the_owners_word_nothing_comes_from_spot():
    assert crumb(lacking("1"), allowed="0", USDT="100") is None


def test_exactly_what_is_missing_is_brought_in():
    step = crumb(lacking("1.5"), USDT="100")
    assert (step.symbol, step.asset, step.amount) == ("BTCUSDT", USDT, D("1.5"))
    assert "as `unwind.topup_crumb` allows" in step.because


def test_a_base_debt_is_weighed_at_the_index():
    step = crumb(a_short(free="0", borrowed="0.00009999"), BTC="1")
    assert (step.asset, step.amount) == (BTC, D("0.00009999"))
    assert crumb(a_short(free="0", borrowed="0.00010001"), BTC="1") is None


def test_neither_more_than_allowed_nor_more_than_twice_the_smallest_order():
    assert crumb(lacking("3"), allowed="3", USDT="100").amount == 3
    assert crumb(lacking("3.01"), allowed="3", USDT="100") is None
    assert crumb(lacking("10"), allowed="500", USDT="100").amount == 10
    assert crumb(lacking("10.01"), allowed="500", USDT="100") is None


def test_without_a_least_order_the_owners_word_alone_counts():
    assert crumb(lacking("7"), allowed="7", its_filters=NO_RULES, USDT="100").amount == 7
    assert crumb(lacking("8"), allowed="7", its_filters=NO_RULES, USDT="100") is None


def test_spot_must_have_it():
    assert crumb(lacking("2"), USDT="1.99") is None
    assert crumb(lacking("2"), BTC="5") is None


def test_the_amount_is_rounded_up_to_eight_decimals_so_that_the_debt_ends():
    assert crumb(lacking("0.000000001"), USDT="1").amount == D("0.00000001")


def test_of_two_crumbs_the_base_comes_first_and_both_together_keep_the_limit():
    both = an_account(a_balance(borrowed="0.00004"), a_balance(borrowed="5"))
    assert crumb(both, allowed="9", BTC="1", USDT="100").asset == BTC
    assert crumb(both, allowed="8.99", BTC="1", USDT="100") is None


def test_no_crumb_is_brought_beside_a_debt_that_would_swallow_it():
    """The 5 USDT would be spent on the base that is owed as well, and be missing again."""
    both = an_account(a_balance(borrowed="1"), a_balance(borrowed="5"))
    assert crumb(both, BTC="100", USDT="100") is None


def test_a_debt_that_its_own_coins_cover_lacks_nothing():
    assert crumb(an_account(a_balance(), a_balance("4000", borrowed="4000")), USDT="100") is None
