"""How long the paper exchange needs to replay a day of candles when nobody holds it back."""

from __future__ import annotations

import time
from decimal import Decimal as D

import pytest

from marginbot.paper.books.market_drive import Drive
from marginbot.paper.books.records import Scope
from marginbot.paper.books.scenario import Position, Scenario
from marginbot.paper.books.staging import stage
from marginbot.paper.books.world import World

# What else the machine does must not count.
pytestmark = pytest.mark.benchmark(timer=time.process_time)

BEGIN = 1_800_000_000_000
DAY_MS = 86_400_000
DAY_S = 10.0


def a_day() -> str:
    """1440 candles that swing by half a percent around a slow wave."""
    rows, price = [], 100_000
    for minute in range(1440):
        close = 100_000 + (minute * 7919 % 2000) - 1000
        low, high = min(price, close) - 137, max(price, close) + 211
        rows.append(f"{minute * 60_000},{price}.12,{high}.5,{low}.25,{close}.12,{50 + minute % 40}.125")
        price = close
    return "\n".join(rows)


def a_world(speed: str) -> World:
    """A long five times its own money on the pair that moves."""
    held = Position("BTCUSDT", base="0.05", quote_borrowed="3000")
    drive = Drive("candles", rows=a_day(), vanish="0.004", speed=speed)
    return stage("replay", Scenario(positions=(held,), drives={"BTCUSDT": drive}), BEGIN)


@pytest.mark.parametrize("speed", ["1", "1000"])
def test_a_day_of_one_pair_is_replayed_in_less_than_ten_seconds(benchmark, speed):
    def replay(world: World) -> World:
        world.advance(BEGIN + DAY_MS // int(speed))
        return world

    world = benchmark.pedantic(replay, setup=lambda: ((a_world(speed),), {}), rounds=1)
    market = world.market("BTCUSDT")
    assert market.update_id > 80_000
    assert market.index_bps == 0
    assert abs(market.mid - D("100000")) < 2_000
    assert world.account(1).balance(Scope.ISOLATED, market.listing, "USDT").borrowed == 3000
    assert benchmark.stats.stats.max < DAY_S
