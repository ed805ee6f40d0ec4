"""Candles, the last day, and execution rules."""

import json

import pytest

from marginbot.paper.api.endpoint import Refusal
from marginbot.paper.books.actions import act
from tests.paper.api.client import BY_PATH, call
from tests.paper.api.test_shapes import check
from tests.paper.books.builders import EIGHT, HOUR, MINUTE, SECOND, a_world, after

DAY_ROW = (
    "symbol:str priceChange:dec priceChangePercent:dec weightedAvgPrice:dec prevClosePrice:dec lastPrice:dec lastQty:dec"
    " bidPrice:dec bidQty:dec askPrice:dec askQty:dec openPrice:dec highPrice:dec lowPrice:dec volume:dec quoteVolume:dec"
    " openTime:int closeTime:int firstId:int lastId:int count:int"
)
MINI_ROW = (
    "symbol:str openPrice:dec highPrice:dec lowPrice:dec lastPrice:dec volume:dec quoteVolume:dec openTime:int closeTime:int"
    " firstId:int lastId:int count:int"
)


def klines(world, interval="1m", **params):
    return call(world, "GET", "/api/v3/klines", symbol="BTCUSDT", interval=interval, **params)


def test_candles_follow_the_price():
    world = after(a_world("demo"), MINUTE + 5 * SECOND)
    first, second = klines(world, startTime=str(EIGHT))
    assert first[:7] == [EIGHT, "100000", "100000", "80000", "80000", "0", EIGHT + MINUTE - 1]
    assert second[1:5] == ["80000"] * 4
    assert len(first) == 12


def test_candles_are_counted_from_either_end():
    world = after(a_world("demo"), 10 * MINUTE)
    assert len(klines(world)) == 500
    assert [row[0] for row in klines(world, limit="2")] == [EIGHT + 9 * MINUTE, EIGHT + 10 * MINUTE]
    assert [row[0] for row in klines(world, startTime=str(EIGHT + 1), limit="1")] == [EIGHT + MINUTE]
    assert [row[0] for row in klines(world, "1h", startTime=str(EIGHT - HOUR), endTime=str(EIGHT))] == [EIGHT - HOUR, EIGHT]
    with pytest.raises(Refusal, match=r"^-1120"):
        klines(world, "7m")


def test_the_last_day_has_its_shape_in_both_forms():
    world = after(a_world("demo"), MINUTE)
    full = call(world, "GET", "/api/v3/ticker/24hr", symbol="BTCUSDT")
    check(DAY_ROW, json.loads(json.dumps(full)))
    assert (full["openPrice"], full["lowPrice"], full["lastPrice"]) == ("100000", "80000", "80000")
    assert (full["priceChange"], full["priceChangePercent"]) == ("-20000", "-20")
    mini = call(world, "GET", "/api/v3/ticker/24hr", symbols='["BTCUSDT"]', type="MINI")
    check(MINI_ROW, mini[0])
    assert len(call(world, "GET", "/api/v3/ticker/24hr")) == len(world.markets)


def test_execution_rules_are_shown_for_pairs_that_have_one():
    world = a_world("empty")
    assert call(world, "GET", "/api/v3/executionRules") == {"symbolRules": []}
    with pytest.raises(Refusal, match=r"^-2043"):
        call(world, "GET", "/api/v3/referencePrice", symbol="BTCUSDT")
    act(world, "set_range", {"symbol": "BTCUSDT", "reference": "100000", "up": "1.02", "down": "0.98"})
    (found,) = call(world, "GET", "/api/v3/executionRules")["symbolRules"]
    check("ruleType:str bidLimitMultUp:dec bidLimitMultDown:dec askLimitMultUp:dec askLimitMultDown:dec", found["rules"][0])
    assert call(world, "GET", "/api/v3/executionRules", symbol="ETHUSDT") == {"symbolRules": [{"symbol": "ETHUSDT", "rules": []}]}
    assert call(world, "GET", "/api/v3/referencePrice/calculation", symbol="BTCUSDT")["calculationType"] == "EXTERNAL"
    act(world, "set_range", {"symbol": "BTCUSDT", "reference": None})
    assert call(world, "GET", "/api/v3/referencePrice", symbol="BTCUSDT")["referencePrice"] is None


@pytest.mark.parametrize(
    ("path", "params", "weight"),
    [
        ("ticker/24hr", {"symbol": "BTCUSDT"}, 2),
        ("ticker/24hr", {"symbols": '["BTCUSDT","ETHUSDT"]'}, 2),
        ("ticker/24hr", {"symbols": json.dumps([str(n) for n in range(21)])}, 40),
        ("ticker/24hr", {"symbols": "odd"}, 80),
        ("ticker/24hr", {}, 80),
        ("executionRules", {"symbol": "BTCUSDT"}, 2),
        ("executionRules", {"symbols": '["BTCUSDT","ETHUSDT"]'}, 4),
        ("executionRules", {"symbols": "odd"}, 40),
        ("executionRules", {}, 40),
    ],
)
def test_weights_grow_with_what_is_asked(path, params, weight):
    assert BY_PATH["GET", f"/api/v3/{path}"].weight(params) == weight
