"""Every value is made once and never changed; and what a value is when nobody says otherwise."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from enum import Enum
from inspect import getmembers, isclass

import pytest

from marginbot.domain import account, book, look, margin, market, message, plan, policy, records, situation
from marginbot.domain.market import Market
from marginbot.domain.plan import Goal, Into, Limits, Need, Plan, Side, Verdict
from marginbot.domain.records import OrderReport, RecordStatus
from marginbot.rules import close, forecast
from marginbot.rules.close import Closing
from tests.builders import BTC, USDT, D, a_market, an_account

ROOMS = (account, book, look, margin, market, message, plan, policy, records, situation, close, forecast)
KINDS = [
    kind
    for room in ROOMS
    for _, kind in getmembers(room, isclass)
    if kind.__module__ == room.__name__ and not issubclass(kind, Enum)
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_field_of_a_value_can_be_changed_and_none_can_be_invented(kind):
    names = [field.name for field in fields(kind)]
    value = kind(**dict.fromkeys(names))
    for name in names:
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, 1)
    assert not hasattr(value, "__dict__")
    assert value == kind(**dict.fromkeys(names))


def test_a_goal_goes_all_the_way_home_in_quote_unless_told_otherwise():
    goal = Goal(an_account().symbol)
    assert (goal.into, goal.sweep) == (Into.QUOTE, True)


def test_the_owner_allows_one_percent_of_slippage_and_no_coin_of_the_spot_wallet_unless_told_otherwise():
    assert Limits() == Limits(max_slippage_bps=D(100), topup_crumb=D(0))


def test_a_plan_of_a_verdict_and_a_reason_sends_nothing_asks_nothing_and_leaves_nothing():
    bare = Plan(Verdict.DONE, "all is well")
    assert (bare.steps, bare.needs, bare.remains) == ((), frozenset(), ())
    assert (Closing().orders, Closing().blocked, Closing().needs) == ((), None, frozenset())


def test_a_look_that_asked_only_the_account_knows_of_no_spot_coins_no_writes_and_no_deep_book():
    bare = look.Look(an_account(), a_market(), open_orders=0, seen_at=1.5)
    assert (bare.transferable, bare.spot, bare.pending, bare.shave, bare.book_is_deep) == (None, {}, (), frozenset(), False)
    assert (bare.spot_is_fresh, bare.orders, bare.topping_up, bare.brought) == (False, None, (), 0)


def test_a_market_whose_minima_and_rates_were_not_read_names_none_and_assumes_a_hundredth_of_a_percent():
    full = a_market()
    bare = Market(full.rules, full.tiers, full.fees, full.book)
    assert bare.repay_minimum(USDT) == 0
    assert bare.hourly_rate(BTC) == D("0.0001")


@pytest.mark.parametrize("word", ["NEW", "PARTIALLY_FILLED", "PENDING_NEW", "PENDING_CANCEL"])
def test_an_order_that_can_still_fill_is_not_over(word):
    assert not an_order(word).final


@pytest.mark.parametrize("word", ["FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH", "REJECTED", "A_NEW_WORD"])
def test_every_other_word_means_that_an_order_is_over(word):
    assert an_order(word).final


def an_order(status: str) -> OrderReport:
    return OrderReport(an_account().symbol, "7", "x-1", Side.SELL, status, D(1), D(0), D(0), None)


def test_a_record_of_the_exchange_is_pending_confirmed_or_failed():
    assert {status.value for status in RecordStatus} == {"PENDING", "CONFIRMED", "FAILED"}


def test_what_a_look_must_still_read_is_named_by_what_is_read():
    assert {need.value for need in Need} == {"transferable", "deep_book", "spot", "orders"}
