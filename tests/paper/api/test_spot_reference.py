"""Reference data of spot: the rules that bind an account, and pairs that leave."""

from marginbot.paper.books.actions import act
from tests.paper.api.client import call
from tests.paper.books.builders import EIGHT, HOUR, a_world, after, market


def test_the_rules_that_bind_an_account_are_those_of_the_pair():
    world = a_world()
    mine = call(world, "GET", "/api/v3/myFilters", symbol="BTCUSDT")
    public = call(world, "GET", "/api/v3/exchangeInfo", symbol="BTCUSDT")
    assert mine == {"exchangeFilters": [], "symbolFilters": public["symbols"][0]["filters"], "assetFilters": []}


def test_a_pair_that_leaves_spot_is_announced_and_then_does_not_trade():
    world = a_world()
    assert call(world, "GET", "spot/delist-schedule") == []
    act(world, "delist_spot", {"symbol": "BTCUSDT", "in_hours": 2})
    assert call(world, "GET", "spot/delist-schedule") == [{"delistTime": EIGHT + 2 * HOUR, "symbols": ["BTCUSDT"]}]
    assert call(world, "GET", "margin/delist-schedule") == []
    assert market(after(world, 2 * HOUR - 1)).status == "TRADING"
    assert market(after(world, 1)).status == "BREAK"


def test_what_leaves_margin_alone_stays_on_spot():
    world = a_world()
    act(world, "delist", {"symbol": "BTCUSDT", "in_hours": 2})
    assert call(world, "GET", "spot/delist-schedule") == []
