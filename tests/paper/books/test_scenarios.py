"""The worlds one can start in."""

from decimal import Decimal as D

import pytest

from marginbot.paper.books import risk
from marginbot.paper.books.scenarios import SCENARIOS, Scenario
from marginbot.paper.books.world import World
from tests.paper.books.builders import EIGHT, account, after, market, pair, spot


def level(world, symbol="BTCUSDT"):
    return risk.margin_level(pair(world, symbol), market(world, symbol).index)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_can_be_begun_and_lives_a_minute(name):
    world = World.fresh(name, EIGHT)
    before = world.totals()
    assert after(world, 60_000).totals() == before


def test_the_default_world_has_a_long_a_short_one_with_orders_and_an_empty_one():
    world = World.fresh("default", EIGHT)
    assert list(account(world).isolated) == ["BTCUSDT", "ETHUSDT", "SOLUSDT", "ADAUSDT"]
    assert D("1.24") < level(world) < D("1.26")
    assert pair(world).quote.interest == D("0.12")
    assert (pair(world, "ETHUSDT").base.debt, pair(world, "ETHUSDT").quote.free) == (D("1.00001"), D(6000))
    assert len(account(world).open_orders) == 2
    assert pair(world, "ADAUSDT").is_empty()
    assert spot(world).free == 2500


def test_the_demo_falls_from_1_26_in_legs_with_a_rest_after_each_until_the_exchange_takes_it_at_1_05():
    world = World.fresh("demo", EIGHT)
    assert (pair(world).quote.debt, level(world)) == (D("4000.12"), D(5060) / D("4000.12"))
    seen = [(market(after(world, 500)).mid, level(world)) for _ in range(60)]
    prices = [price for price, _ in seen]
    for rest in (97_000, 95_500, 93_600, 90_200, 82_900):
        assert prices.count(rest) >= 3
    assert prices[-1] == prices[-5] == 80_000
    assert D("1.03") < min(level for _, level in seen if level is not None) < D("1.05")
    assert seen[-1][1] is None
    assert len(account(world).liquidations) == 1


def test_the_plain_positions_stand_at_1_25():
    assert level(World.fresh("long", EIGHT)) == level(World.fresh("short", EIGHT)) == D("1.25")


def test_a_scenario_can_turn_the_switches_of_its_exchange(monkeypatch):
    monkeypatch.setitem(SCENARIOS, "slow", Scenario(config={"loan_pending_ms": 500, "transfer_out_level": "2.25"}))
    config = World.fresh("slow", EIGHT).config
    assert (config.loan_pending_ms, config.transfer_out_level) == (500, D("2.25"))
    monkeypatch.setitem(SCENARIOS, "wrong", Scenario(config={"lon_pending_ms": 500}))
    with pytest.raises(ValueError, match="no switch 'lon_pending_ms'"):
        World.fresh("wrong", EIGHT)


def test_an_unknown_scenario_names_the_known_ones():
    with pytest.raises(ValueError, match=r"no scenario 'nowhere'; there are default, demo"):
        World.fresh("nowhere", EIGHT)
