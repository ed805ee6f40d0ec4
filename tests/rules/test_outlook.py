"""The outlook: every rule in words, with the price at which it fires."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from marginbot.domain.account import LevelStatus
from marginbot.domain.amounts import half_up
from marginbot.domain.plan import Into
from marginbot.domain.policy import (
    AgeAbove,
    Budget,
    Cron,
    DelistingWithin,
    DistanceBelow,
    Do,
    InterestPaidAbove,
    LevelAbove,
    OpenOrders,
    PriceAbove,
    PriceBelow,
    RateAbove,
    StatusAtLeast,
    Then,
    TrailingLevel,
)
from marginbot.domain.situation import RuleMemory
from marginbot.rules.outlook import RuleOutlook, in_words, outlook
from tests.builders import EIGHT, D, a_balance, a_short, an_account, flat
from tests.rules.policies import CLOSE, REPAY, SELL, WARN, a_ladder, a_rule, a_situation

CAP = ", at first no more than 100 bps off the index"


def test_each_rule_tells_its_price_and_how_far_that_is():
    warn, repay, sell, close = outlook(a_ladder(), a_situation("1.25"), {})
    assert [rule.fires_at_price for rule in (warn, repay, sell, close)] == [112000, 104000, 92000, 88000]
    assert [rule.fires_now for rule in (warn, repay, sell, close)] == [True, True, False, False]
    assert warn.sentence == "warn: now, since the margin level is below 1.4: tell you"
    assert sell.sentence == (
        "sell: at 92000 (8 % lower), when the margin level is below 1.15: trade just enough to lift the level to 1.25" + CAP
    )


def test_the_prices_of_a_short_lie_above():
    (close,) = outlook(a_ladder(CLOSE), a_situation(a_short()), {})
    assert half_up(close.fires_at_price or D(0), 2) == D("113636.36")
    assert close.sentence.startswith("close: at 113636.4 (13.64 % higher), when the margin level is below 1.1")


def test_the_distance_of_a_short_is_counted_from_below_its_liquidation():
    """119,047.62 / 1.1: from there it is 10 % up to liquidation."""
    (near,) = outlook(a_ladder(a_rule(when=DistanceBelow(D(10)))), a_situation(a_short()), {})
    assert half_up(near.fires_at_price or D(0), 2) == D("108225.11")


def test_each_row_names_its_rule_and_its_deed_and_the_backstop_comes_last():
    rows = outlook(replace(a_ladder(WARN, CLOSE), backstop=True), a_situation("1.25"), {})
    assert [(row.name, row.do) for row in rows] == [("warn", Do.ALERT), ("close", Do.UNWIND), ("backstop", Do.UNWIND)]
    assert all(row.armed for row in rows)


def test_the_backstop_of_a_short_in_prices_of_seven_digits():
    *_, row = outlook(replace(a_ladder(CLOSE), backstop=True), a_situation(a_short()), {})
    assert row.sentence == (
        "backstop: at 116342, half-way between the last rung at 113636.4 and liquidation at 119047.6, "
        "a stop order at the exchange closes the position"
    )


def test_a_backstop_with_nothing_to_do_is_a_row_that_says_why():
    *_, row = outlook(replace(a_ladder(), backstop=True), a_situation(flat("1")), {})
    assert row == RuleOutlook("backstop", Do.UNWIND, None, False, False, "backstop: rests nowhere, since BTCUSDT owes nothing")


def test_a_coin_at_one_dollar_tells_how_far_it_is_and_one_without_an_index_does_not():
    """100 coins against 50 owed: 1.5 is at 0.75."""
    cheap = an_account(a_balance("100"), a_balance(borrowed="50"), index="1")
    (row,) = outlook(a_ladder(a_rule(when="1.5")), a_situation(cheap), {})
    assert row.sentence == "warn: at 0.75 (25 % lower), when the margin level is below 1.5: tell you"
    high = a_rule(when=LevelAbove(D(3)))
    (row,) = outlook(a_ladder(high), a_situation(an_account(index="0")), {})
    assert (row.fires_at_price, row.sentence) == (240000, in_words(high))


def test_a_rule_that_fired_says_so_and_does_not_fire_now():
    memory = {"warn": RuleMemory(armed=False, fired_at=EIGHT), "repay": RuleMemory(armed=False, fired_at=EIGHT, failed=True)}
    warn, repay = outlook(a_ladder(WARN, REPAY), a_situation("1.25"), memory)
    assert (warn.armed, warn.fires_now) == (False, False)
    assert warn.sentence.endswith("tell you (has fired and is not armed again yet)")
    assert repay.sentence.endswith("(has failed and is not armed again yet)")


def test_what_no_price_fires_has_none():
    rules = (a_rule("dear", RateAbove(D("0.1"))), a_rule("monday", Cron("0 8 * * mon")), a_rule("high", LevelAbove(D(3))))
    dear, monday, high = outlook(a_ladder(*rules), a_situation("1.25"), {})
    assert (dear.fires_at_price, monday.fires_at_price, high.fires_at_price) == (None, None, 240000)
    assert dear.sentence == "dear: when interest costs more than 0.1 % a day, tell you"


def test_without_debt_nothing_has_a_price_and_the_levels_are_told():
    (sell,) = outlook(a_ladder(SELL), a_situation(flat("1", "1")), {})
    assert (sell.fires_at_price, sell.fires_now) == (None, False)
    assert sell.sentence == in_words(SELL)


@pytest.mark.parametrize(
    ("when", "price", "words"),
    [
        (DistanceBelow(D(16)), 100000, "less than 16 % of price is left to liquidation"),
        (StatusAtLeast(LevelStatus.MARGIN_CALL), 88000, "the exchange says MARGIN_CALL or worse"),
        (PriceBelow(D(90000)), 90000, "the index price is below 90000"),
        (PriceAbove(D(110000)), 110000, "the index price is above 110000"),
        (TrailingLevel(D("0.05")), 96000, "the margin level fell by more than 0.05 from its highest"),
        (DelistingWithin(timedelta(days=3)), None, "the pair leaves isolated margin within 3d"),
        (InterestPaidAbove(D(50)), None, "interest since the debt began is worth more than 50 in quote"),
        (AgeAbove(timedelta(hours=36)), None, "the debt is older than 36h"),
        (Cron("0 8 * * mon"), None, "the clock says 0 8 * * mon (UTC)"),
    ],
)
def test_every_condition_in_words_and_with_its_price(when, price, words):
    rule = a_rule(when=when)
    (found,) = outlook(a_ladder(rule), a_situation("1.25"), {})
    assert found.fires_at_price == price
    assert words in found.sentence
    assert in_words(rule) == f"warn: when {words}, tell you"


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (a_rule(do=Do.REPAY), "repay with idle coins of what is owed"),
        (a_rule(do=Do.REPAY, target_level="1.5"), "repay with idle coins of what is owed, no further than a level of 1.5"),
        (a_rule(do=Do.TOP_UP, target_level="1.5"), "bring coins from spot and repay with them until the level is 1.5"),
        (
            a_rule(do=Do.TOP_UP, target_level="1.5", then=Then.HOLD, budget=Budget(D(20), D(50), D(200), D(10))),
            "bring coins from spot and hold them until the level is 1.5 "
            "(at most 20 at a time, at most 50 a day, at most 200 in all, spot keeps 10)",
        ),
        (
            a_rule(do=Do.DELEVERAGE, target_level="1.5", open_orders=OpenOrders.LEAVE),
            f"trade just enough to lift the level to 1.5{CAP}, leaving your own orders alone",
        ),
        (a_rule(do=Do.UNWIND), f"close everything, repay all debt and send what is left to spot as quote{CAP}"),
        (
            a_rule(do=Do.UNWIND, into=Into.KEEP, sweep_home=False, max_slippage_bps=D("12.5")),
            "close everything, repay all debt and leave what is left in the isolated wallet as both coins, "
            "at first no more than 12.5 bps off the index",
        ),
        (a_rule(do=Do.SWEEP, target_level="2.5"), "send to spot what is more than a level of 2.5 needs"),
    ],
)
def test_every_deed_in_words_says_each_of_its_options(rule, words):
    assert in_words(rule) == f"warn: when the margin level is below 1.25, {words}"
