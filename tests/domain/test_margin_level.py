"""Level and prices. The three positions are the examples of the exchange facts: 10x tier 1, liquidated at 1.05."""

from __future__ import annotations

from dataclasses import replace
from decimal import localcontext

import pytest

from marginbot.domain.amounts import half_up
from marginbot.domain.margin import (
    assets_value,
    danger_sign,
    deciding_level,
    distance_pct,
    equity_value,
    level_disagreement,
    liability_value,
    liquidation_price,
    margin_level,
    price_at,
)
from tests.builders import TEN_TIMES, D, a_balance, a_short, an_account, flat

LONG = an_account()
SHORT = a_short()
LONG_WITH_CASH = an_account(a_balance("0.03"), a_balance("500", borrowed="2500"))
ALL_SOLD = an_account(a_balance(), a_balance("3000", borrowed="4000"))


@pytest.mark.parametrize(
    ("account", "level", "call_price", "liquidation"),
    [
        (LONG, "1.25", "88000", "84000"),
        (SHORT, "1.25", "113636.36", "119047.62"),
        (LONG_WITH_CASH, "1.4", "75000", "70833.33"),
    ],
    ids=["long", "short", "long with cash"],
)
def test_the_published_examples_come_out_to_the_cent(account, level, call_price, liquidation):
    assert margin_level(account) == D(level)
    assert half_up(price_at(account, D("1.10")), 2) == D(call_price)
    assert half_up(liquidation_price(account, TEN_TIMES), 2) == D(liquidation)


def test_assets_debts_and_equity_are_valued_in_quote_at_the_index_or_at_a_given_price():
    assert (assets_value(LONG), liability_value(LONG), equity_value(LONG)) == (5000, 4000, 1000)
    assert (assets_value(SHORT, D(150000)), liability_value(SHORT, D(150000))) == (5000, 6000)
    assert equity_value(SHORT, D(150000)) == -1000
    assert equity_value(LONG, D(150000)) == 3500
    assert margin_level(LONG, D(84000)) == D("1.05")


def test_locked_coins_and_interest_count():
    account = an_account(a_balance("0.02", locked="0.03"), a_balance("10", locked="90", borrowed="3990", interest="10"))
    assert margin_level(account) == D("5100") / D("4000")
    assert price_at(account, D("1.1")) == 86000


def test_locked_coins_count_at_both_ends_of_the_way_a_level_can_go():
    """Q/q is 1.5 and B/b 2 with the locked half; without it they would be 0.75 and 1."""
    account = an_account(a_balance("1", locked="1", borrowed="1"), a_balance("75000", locked="75000", borrowed="100000"))
    assert price_at(account, D("1.75")) == 100000
    assert price_at(account, D("1.4")) is None
    assert price_at(account, D("2.1")) is None


def test_without_debt_there_is_no_level_no_price_and_no_division_by_zero():
    account = flat(base="1", quote="5")
    assert margin_level(account) is None
    assert deciding_level(account) is None
    assert price_at(account, D(2)) is None
    assert liquidation_price(account, TEN_TIMES) is None
    assert level_disagreement(account) == 0
    assert danger_sign(account) == 0
    assert distance_pct(account, None) is None


def test_the_lower_of_the_computed_and_the_reported_level_decides():
    assert deciding_level(an_account(reported="1.2")) == D("1.2")
    assert deciding_level(an_account(reported="1.3")) == D("1.25")
    assert deciding_level(an_account()) == D("1.25")


def test_a_placeholder_level_beside_real_debt_does_not_hide_it():
    assert deciding_level(an_account(reported="999")) == D("1.25")


def test_the_disagreement_is_a_share_of_the_computed_level():
    assert level_disagreement(an_account(reported="1.2")) == D("0.04")
    assert level_disagreement(an_account(reported="1.3")) == D("0.04")
    assert level_disagreement(an_account()) == 0
    assert level_disagreement(an_account(a_balance(), reported="1.3")) == 0


def test_a_fall_is_dangerous_for_a_long_and_a_rise_for_a_short():
    assert danger_sign(LONG) == 1
    assert danger_sign(SHORT) == -1


def test_the_danger_follows_the_ratios_and_not_the_net_base_position():
    """0.06 BTC held and 0.05 owed is net long, but the quote side is the richer one: a rise lowers the level."""
    account = an_account(a_balance("0.06", borrowed="0.05"), a_balance("2000", borrowed="1000"))
    assert danger_sign(account) == -1
    assert margin_level(account, D(200000)) < margin_level(account, D(100000))


def test_a_price_at_a_level_exists_only_strictly_between_the_two_ratios():
    account = an_account(a_balance("0.06", borrowed="0.03"), a_balance("1500", borrowed="1000"))  # B/b 2, Q/q 1.5
    for level in ("1.4", "1.5", "2", "2.1"):
        assert price_at(account, D(level)) is None
    assert half_up(price_at(account, D("1.6"))) == D("8333.33333333")


def test_a_coin_that_is_owed_by_nobody_counts_as_an_infinite_ratio():
    assert price_at(LONG, D(1000)) == 80_000_000
    assert price_at(SHORT, D("0.001")) == 125_000_000
    assert price_at(LONG, D(0)) is None


def test_when_all_base_is_sold_no_price_changes_the_level_and_nothing_divides_by_zero():
    assert price_at(ALL_SOLD, D("1.05")) is None
    assert liquidation_price(ALL_SOLD, TEN_TIMES) is None
    assert price_at(an_account(a_balance("2", borrowed="1"), a_balance()), D("2.5")) is None


def test_the_distance_is_positive_until_the_price_is_passed_for_both_directions():
    assert distance_pct(LONG, D(84000)) == 16
    assert distance_pct(LONG, D(110000)) == -10
    assert distance_pct(SHORT, D(119000)) == 19
    assert distance_pct(SHORT, D(90000)) == -10


def test_a_pair_that_owes_nothing_needs_no_tiers_and_no_word_of_the_exchange_makes_a_debt_of_it():
    account = flat(base="1")
    assert liquidation_price(account, ()) is None
    assert deciding_level(replace(account, reported_level=D(999))) is None
    assert level_disagreement(replace(account, reported_level=D(999))) == 0


def test_a_level_is_met_exactly_at_its_end_by_no_price():
    """B/b is 1.5 and Q/q is 2, so the level runs from 2 down to 1.5 and reaches neither."""
    account = an_account(a_balance("1.5", borrowed="1"), a_balance("200000", borrowed="100000"))
    assert [price_at(account, D(level)) for level in ("1.4", "1.5", "2", "2.1")] == [None] * 4
    assert price_at(account, D("1.75")) == 100000


def test_the_distance_of_a_pair_without_direction_is_counted_downwards_and_in_parts_of_a_percent():
    assert distance_pct(flat(base="1"), D(90000)) == 10
    assert distance_pct(LONG, D(87500)) == D("12.5")
    assert distance_pct(SHORT, D(100250)) == D("0.25")


def test_the_result_is_exact_under_a_careless_callers_context():
    with localcontext() as careless:
        careless.prec = 4
        assert liquidation_price(SHORT, TEN_TIMES) == liquidation_price(a_short(), TEN_TIMES)
        assert len(liquidation_price(SHORT, TEN_TIMES).as_tuple().digits) == 60
