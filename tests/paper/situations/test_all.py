"""What holds in every situation: money is conserved whatever a customer tries, and a saved world is the whole world."""

import json

import pytest

from marginbot.paper.books.scenarios import SCENARIOS, scenarios
from marginbot.paper.books.world import World
from tests.paper.situations.paper import Paper


def live_through(paper: Paper) -> None:
    """Cancel, trade, repay and sweep on the first pair, refused or not, with time between."""
    symbol = next(iter(paper.account.isolated), "BTCUSDT")
    listing = paper.world.market(symbol).listing
    paper.ask("DELETE", "/sapi/v1/margin/openOrders", symbol=symbol, isIsolated="TRUE")
    for _ in range(3):
        pair = paper.account.isolated.get(symbol)
        if pair is None:
            return
        paper.sell(format(pair.base.free / 2, ".3f"), symbol)
        paper.order("BUY", format(pair.base.debt / 2, ".5f"), symbol)
        for asset, balance in ((listing.base, pair.base), (listing.quote, pair.quote)):
            paper.repay(asset, format(min(balance.free, balance.debt), "f"), symbol)
            paper.sweep(asset, format(balance.free, "f"), symbol)
        paper.after(4_000)


@pytest.mark.parametrize("name", SCENARIOS)
def test_money_is_conserved_no_balance_is_negative_and_a_saved_world_is_the_whole_world(name):
    paper = Paper(name)
    before = paper.world.totals()
    live_through(paper)
    saved = json.loads(json.dumps(paper.world.dump()))
    assert World.load(saved, paper.world.now_ms).dump() == paper.world.dump()
    paper.after(3_600_000)
    assert paper.world.totals() == before
    for pair in paper.account.isolated.values():
        for balance in (pair.base, pair.quote):
            assert min(balance.free, balance.locked, balance.borrowed, balance.interest) >= 0


def test_every_scenario_says_in_one_line_what_it_is_about():
    for name, about in scenarios().items():
        assert about, name
        assert "\n" not in about
        assert name == name.lower().replace("_", "-")


def test_events_that_happened_and_faults_that_struck_do_not_come_again_after_a_save():
    paper = Paper("interest-between")
    paper.repay("USDT", "1")
    again = Paper("", World.load(json.loads(json.dumps(paper.world.dump())), paper.wall.now_ms))
    before = again.pair().quote.interest
    again.repay("USDT", "1")
    assert again.pair().quote.interest == before
    struck = Paper("all-zero-once")
    assert struck.row()["marginLevel"] == "999"
    again = Paper("", World.load(json.loads(json.dumps(struck.world.dump())), struck.wall.now_ms))
    assert again.row()["marginLevel"] != "999"


def test_events_and_faults_still_to_come_survive_a_save():
    paper = Paper("book-returns").after(6_000)
    again = Paper("", World.load(json.loads(json.dumps(paper.world.dump())), paper.wall.now_ms))
    assert again.depth()["bids"] == []
    assert len(again.after(4_000).depth()["bids"]) == 100
    lost = Paper("lost-order-lookup")
    again = Paper("", World.load(json.loads(json.dumps(lost.world.dump())), lost.wall.now_ms))
    assert again.sell("0.05") == "RemoteProtocolError"
