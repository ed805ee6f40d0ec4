"""What drives prices: walks from a seed, recorded candles, scripts, the index behind them, and the speed of it all."""

from __future__ import annotations

from decimal import Decimal as D
from itertools import pairwise

import pytest

from marginbot.paper.books import actions
from marginbot.paper.books.events import at
from marginbot.paper.books.market import Candles, Walk
from marginbot.paper.books.market_drive import Drive
from marginbot.paper.books.records import Scope
from marginbot.paper.books.scenario import Position, Scenario
from marginbot.paper.books.staging import stage
from marginbot.paper.books.world import World
from tests.paper.books.builders import BTCUSDT, EIGHT, HOUR, MINUTE, SECOND, a_world, account, after, market, order

ROWS = """open_time_ms,open,high,low,close,volume
60000,100,110,90,105,6000
120000,105,106,70,71,600
240000,80,81,79,80,0
"""
# Of seed 7 from 100000, after 0 s, 1 s, 2 s, an hour and a day.
PINNED = ["100000.00", "100020.86", "100015.23", "100535.55", "103203.19"]
WALK = Drive("walk", price="100000", seed=7)


def walking(**terms: object) -> World:
    world = a_world()
    actions.drive_price(world, BTCUSDT, **({"kind": "walk", "price": "100000", "seed": 7} | terms))
    return world


def replaying(**terms: object) -> World:
    world = a_world()
    actions.drive_price(world, BTCUSDT, **({"kind": "candles", "rows": ROWS} | terms))
    return world


def seen(world: World, seconds: int) -> list[D]:
    return [market(after(world, SECOND)).mid for _ in range(seconds)]


def test_the_same_seed_walks_the_same_way_and_another_does_not():
    assert seen(walking(), 120) == seen(walking(), 120) != seen(walking(seed=8), 120)


def test_a_walk_is_the_same_number_by_number_on_every_machine():
    walk = Walk(D(100_000), 7)
    assert [format(walk.at(second * SECOND).quantize(D("0.01")), "f") for second in (0, 1, 2, 3600, 86_400)] == PINNED


def test_a_walk_asked_from_the_end_first_says_what_it_says_from_the_beginning():
    forwards, backwards = Walk(D(100), 3), Walk(D(100), 3)
    moments = [hour * HOUR // 2 for hour in range(6)]
    there = [forwards.at(moment) for moment in moments]
    assert there == [backwards.at(moment) for moment in reversed(moments)][::-1]


def test_an_hour_of_a_walk_moves_about_as_far_as_its_volatility_says():
    ends = [Walk(D(100), seed, daily_volatility=D("0.5"), jumps=D(0)).at(HOUR - SECOND) for seed in range(60)]
    spread = sum((end / 100 - 1) ** 2 for end in ends) / len(ends)
    # Half a day's worth, over the root of 24, is a tenth an hour.
    assert D("0.08") ** 2 < spread < D("0.125") ** 2


def test_jumps_come_about_as_often_as_wanted_and_half_to_one_and_a_half_times_as_far():
    walk = Walk(D(100), 5, daily_volatility=D(0), jumps=D(240), jump_size=D("0.02"))
    prices = [walk.at(second * SECOND) for second in range(6 * 3600)]
    moves = [abs(late / early - 1) for early, late in pairwise(prices) if late != early]
    assert 35 <= len(moves) <= 90
    assert min(moves) >= D("0.0099")
    assert max(moves) <= D("0.0301")


def test_a_walk_never_falls_to_zero():
    walk = Walk(D("0.00000002"), 1, daily_volatility=D(10), jumps=D(86_400), jump_size=D("0.5"), drift=D(-10))
    assert all(walk.at(second * SECOND) >= D("0.00000001") for second in range(600))


@pytest.mark.parametrize(
    "wrong", [{"daily_volatility": "11"}, {"jump_size": "0.6"}, {"price": "0"}, {"seed": None}, {"rows": "x"}]
)
def test_a_walk_without_a_seed_or_with_senseless_figures_is_refused(wrong):
    with pytest.raises(ValueError):  # noqa: PT011
        walking(**wrong)


def test_inside_a_bar_the_price_goes_to_the_low_first_for_a_long():
    world = replaying()
    prices = seen(world, 61)
    assert [prices[second - 1] for second in (10, 20, 30, 40, 59, 60)] == [95, 90, 100, 110, 105, 105]
    assert prices[0] == D("99.5")


def test_and_to_the_high_first_for_a_short():
    prices = seen(replaying(against="short"), 40)
    assert (prices[19], prices[39]) == (110, 90)


def test_missing_bars_are_calm_and_so_is_the_time_after_the_last():
    world = replaying()
    assert {market(after(world, SECOND)).mid for _ in range(179)} >= {D(70), D(71)}
    assert [market(after(world, 0)).mid, market(after(world, SECOND)).mid] == [71, 80]
    assert market(after(world, HOUR)).mid == 80
    assert world.due_ms == world.next_hour_ms


def test_between_two_ticks_a_jump_in_time_meets_every_extreme():
    world = replaying()
    world.fund(1, Scope.ISOLATED, "BTC", D(1), BTCUSDT)
    order(world, "SELL", "1", "108")
    order_id = next(iter(account(world).open_orders))
    after(world, HOUR)
    assert account(world).orders[order_id].status == "FILLED"


def test_each_side_of_the_book_holds_a_second_of_the_bars_volume():
    world = replaying()
    assert sum(left for _, _, left in market(after(world, SECOND)).depth("SELL")) == 100
    after(world, MINUTE)
    assert sum(left for _, _, left in market(world).depth("BUY")) == 10
    assert list(market(after(world, 2 * MINUTE)).depth("BUY")) == []


def test_very_little_volume_leaves_fewer_levels_than_usual():
    rows = "0,100,101,99,100,0.0024"
    assert [left for _, _, left in market(after(replaying(rows=rows), SECOND)).depth("BUY")] == [D("0.00001")] * 4


def test_in_a_crash_the_side_that_is_run_over_vanishes_until_the_low():
    world = replaying(vanish="0.2")
    assert not market(after(world, 10 * SECOND)).is_empty("SELL")
    after(world, 65 * SECOND)
    assert (market(world).is_empty("SELL"), market(world).is_empty("BUY")) == (True, False)
    assert not market(after(world, 10 * SECOND)).is_empty("SELL")


@pytest.mark.parametrize("rows", ["", "header", "0,100,90,99,100,1", "0,1,1,1,1,1\n0,1,1,1,1,1", "0,1,1", "0,x,1,1,1,1"])
def test_what_is_no_candle_is_refused(rows):
    with pytest.raises(ValueError, match="candle"):
        Candles(rows)


def test_the_index_is_the_mean_of_ten_seconds_and_at_most_a_twentieth_off_the_book():
    world = walking(daily_volatility="1")
    prices = seen(world, 40)
    assert market(world).index == (sum(prices[-10:]) / 10).quantize(D("1E-8"))
    actions.drive_price(world, BTCUSDT, kind="script", points=[(0, "100"), (20, "100"), (21, "80")])
    after(world, 21 * SECOND)
    assert (market(world).mid, market(world).index) == (80, 84)
    after(world, 5 * SECOND)
    assert market(world).index == 84
    assert market(after(world, 15 * SECOND)).index == 80


def test_a_frozen_market_stands_still_and_a_fast_one_lives_a_thousand_seconds_in_one():
    world = walking()
    reference = market(after(walking(), 1_010 * SECOND)).mid
    after(world, 10 * SECOND)
    actions.set_speed(world, "0", BTCUSDT)
    stood = market(world).mid
    assert market(after(world, HOUR)).mid == stood
    actions.set_speed(world, "1000")
    assert market(after(world, SECOND)).mid == reference


def test_the_past_of_a_market_does_not_change_with_its_speed():
    world = replaying()
    after(world, 30 * SECOND)
    before = market(world).between(0, 30 * SECOND)
    actions.set_speed(world, "5")
    assert market(world).between(0, 30 * SECOND)[:-1] == before[:-1]
    assert market(after(world, 2 * SECOND)).mid == 110


@pytest.mark.parametrize("speed", ["-1", "1001"])
def test_other_speeds_are_refused(speed):
    with pytest.raises(ValueError, match="speed"):
        actions.set_speed(a_world(), speed)


@pytest.mark.parametrize("terms", [{}, {"vanish": "0.2", "speed": "3"}])
def test_a_stored_market_goes_on_where_it_stopped(terms):
    world, other = (replaying(**terms) if terms else walking() for _ in range(2))
    for one in (world, other):
        after(one, 45 * SECOND)
    loaded = World.load(world.dump(), EIGHT + HOUR)  # type: ignore[arg-type]
    assert seen(loaded, 90) == seen(other, 90)
    assert market(loaded).index == market(other).index


def test_a_scenario_says_what_drives_a_pair_and_events_change_it():
    events = (at(30, "set_speed", speed="0"), at(60, "drive_price", symbol=BTCUSDT, kind="constant", price="5"))
    world = stage("mine", Scenario(drives={BTCUSDT: WALK}, events=events), EIGHT)
    prices = seen(world, 60)
    assert prices[:30] == seen(walking(), 30)
    assert set(prices[29:59]) == {prices[29]}
    assert prices[59] == 5


def test_under_random_prices_money_is_conserved_through_orders_and_liquidation():
    held = Position(BTCUSDT, base="0.05", quote="100", quote_borrowed="4000")
    drive = Drive("walk", price="100000", seed=11, daily_volatility="2.5", jumps="400", jump_size="0.03")
    world = stage("random", Scenario(spot={"USDT": "9"}, positions=(held,), drives={BTCUSDT: drive}), EIGHT)
    before = world.totals()
    for number in range(10):
        after(world, HOUR)
        pair = account(world).isolated[BTCUSDT]
        if pair.liquidating_until is None and pair.base.free > D("0.002"):
            order(world, "SELL", "0.001", str(market(world).last + number), scope=Scope.ISOLATED)
        assert world.totals() == before
    assert account(world).liquidations
