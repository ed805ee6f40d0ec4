"""The world as a whole: nothing appears or vanishes, time is passed in, and a dump is the whole truth."""

import json
from contextlib import suppress
from decimal import ROUND_DOWN, localcontext
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marginbot.paper.books import trading, transfers
from marginbot.paper.books.actions import act
from marginbot.paper.books.records import Scope
from marginbot.paper.books.refusal import Refusal
from marginbot.paper.books.transfers import Move
from marginbot.paper.books.world import World
from tests.paper.books.builders import (
    EIGHT,
    HOUR,
    MINUTE,
    a_world,
    account,
    after,
    borrow,
    fund,
    market,
    order,
    pair,
    repay,
    spot,
)

TENTHS = st.integers(1, 40).map(lambda n: str(D(n) / 1000))
STEPS = st.one_of(
    st.tuples(st.just("sell"), TENTHS),
    st.tuples(st.just("buy"), TENTHS),
    st.tuples(st.just("rest"), TENTHS),
    st.tuples(st.just("bid"), TENTHS),
    st.tuples(st.just("trail"), TENTHS),
    st.tuples(st.just("cancel"), st.just("")),
    st.tuples(st.just("cross"), TENTHS),
    st.tuples(st.just("topup"), st.just("")),
    st.tuples(st.just("delist"), st.sampled_from(["1", "3000"])),
    st.tuples(st.just("borrow"), st.integers(1, 3000).map(str)),
    st.tuples(st.just("repay"), st.integers(1, 3000).map(str)),
    st.tuples(st.just("in"), st.integers(1, 900).map(str)),
    st.tuples(st.just("out"), st.integers(1, 900).map(str)),
    st.tuples(st.just("price"), st.integers(70_000, 130_000).map(str)),
    st.tuples(st.just("wait"), st.sampled_from(["300", "2000", "3600000"])),
)


def do(world: World, what: str, value: str) -> None:
    actions = {
        "sell": lambda: order(world, "SELL", value, side_effect="AUTO_REPAY"),
        "buy": lambda: order(world, "BUY", value, side_effect="MARGIN_BUY"),
        "rest": lambda: order(world, "SELL", value, "101000"),
        "bid": lambda: order(world, "BUY", value, "99000", side_effect="AUTO_BORROW_REPAY"),
        "trail": lambda: order(world, "SELL", value, type="STOP_LOSS", trailing_delta=300, side_effect="MARGIN_BUY"),
        "cancel": lambda: cancel_all(world),
        "cross": lambda: order(world, "BUY", value, scope=Scope.CROSS, side_effect="MARGIN_BUY"),
        "topup": lambda: act(world, "auto_topup", {"symbol": "BTCUSDT"}),
        "delist": lambda: act(world, "delist", {"symbol": "BTCUSDT", "in_seconds": value}),
        "borrow": lambda: borrow(world, "USDT", value),
        "repay": lambda: repay(world, "USDT", value),
        "in": lambda: move(world, Move("MAIN_ISOLATED_MARGIN", "USDT", D(value), to_symbol="BTCUSDT")),
        "out": lambda: move(world, Move("ISOLATED_MARGIN_MAIN", "USDT", D(value), "BTCUSDT")),
        "price": lambda: world.set_price("BTCUSDT", value),
        "wait": lambda: after(world, int(value)),
    }
    actions[what]()


def move(world: World, wanted: Move) -> None:
    transfers.transfer(world, account(world), wanted)


def cancel_all(world: World) -> None:
    for resting in list(account(world).open_orders.values()):
        trading.cancel(world, account(world), resting)


@given(st.lists(STEPS, max_size=25), st.booleans(), st.booleans(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_whatever_happens_no_asset_appears_or_vanishes_and_no_balance_is_negative(steps, slow, late, bnb):
    world = a_world("long")
    fund(world, "USDT", "1000", Scope.CROSS)
    fund(world, "BNB", "1", Scope.SPOT)
    account(world).interest_bnb_burn = account(world).spot_bnb_burn = bnb
    world.config.isolated_interest_in_bnb = world.config.isolated_fees_in_bnb = bnb
    if slow:
        world.config.loan_pending_ms = world.config.transfer_pending_ms = 500
    if late:
        world.config.margin_buy_borrows, world.config.loans_serial = "execution", "pair"
        world.config.liquidation_cancels_first = False
    before = world.totals()
    for what, value in steps:
        with suppress(Refusal):
            do(world, what, value)
        assert world.totals() == before
        for balance in (pair(world).base, pair(world).quote, spot(world), spot(world, "BNB"), *account(world).cross.values()):
            assert min(balance.free, balance.locked, balance.borrowed, balance.interest) >= 0
    assert World.load(json.loads(json.dumps(world.dump())), world.now_ms).dump() == world.dump()


def test_what_is_locked_is_what_open_orders_hold():
    world = a_world("open-orders")
    assert pair(world, "SOLUSDT").base.locked == 5
    assert pair(world, "SOLUSDT").quote.locked == 180


def test_time_does_not_go_back():
    world = a_world()
    world.advance(EIGHT - 5)
    assert world.now_ms == EIGHT


def test_the_books_reckon_in_their_own_context():
    world = a_world("long")
    with localcontext() as context:
        context.prec, context.rounding = 3, ROUND_DOWN
        after(world, HOUR)
    assert pair(world).quote.debt == D("4000.04")


def test_while_no_process_ran_there_was_no_interest_and_no_market():
    world = World.fresh("demo", EIGHT)
    world.config.liquidates = False
    after(world, 19_000)
    half_way = market(world).mid
    later = EIGHT + 10 * HOUR + MINUTE
    reborn = World.load(json.loads(json.dumps(world.dump())), later)
    reborn.advance(later)
    assert (reborn.now_ms, market(reborn).mid) == (later, half_way)
    assert pair(reborn).quote.interest == D("0.12")
    reborn.advance(later + 10_000)
    assert market(reborn).mid == 80_000
    reborn.advance(later + HOUR)
    assert pair(reborn).quote.interest == D("0.16")


def test_a_world_read_back_between_two_moves_shows_the_price_it_showed_before():
    """A script moves four times a second: at 10.1 s the price is that of 10.0 s, half-way from 95,500 to 93,600."""
    world = after(World.fresh("demo", EIGHT), 10_100)
    reborn = World.load(json.loads(json.dumps(world.dump())), world.now_ms)
    after(reborn, 0)
    assert market(reborn).mid == market(world).mid == 94_550
    assert market(after(reborn, 150)).mid == market(after(world, 150)).mid < 94_550


def test_a_loaded_world_goes_on_with_open_orders_and_pending_records():
    world = a_world("open-orders")
    world.config.transfer_pending_ms = 1000
    move(world, Move("MAIN_ISOLATED_MARGIN", "USDT", D(100), to_symbol="SOLUSDT"))
    reborn = World.load(json.loads(json.dumps(world.dump())), EIGHT + HOUR)
    assert account(reborn).transfers[0].status == "PENDING"
    after(reborn, 1000)
    assert account(reborn).transfers[0].status == "CONFIRMED"
    reborn.set_price("SOLUSDT", "231")
    assert [o.side for o in account(reborn).open_orders.values()] == ["BUY"]
    trading.cancel(reborn, account(reborn), next(iter(account(reborn).open_orders.values())))
    assert pair(reborn, "SOLUSDT").quote.locked == 0


def test_a_world_of_another_version_is_not_loaded():
    data = a_world().dump() | {"version": 99}
    with pytest.raises(ValueError, match="another version"):
        World.load(data, EIGHT)


def test_fund_is_the_only_way_in():
    world = a_world()
    world.fund(1, Scope.SPOT, "USDT", D(5))
    assert world.totals()["USDT"] == 10_005
