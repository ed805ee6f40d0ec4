"""What can be asked without a key, and the reference data of margin."""

import pytest

from marginbot.paper.api.endpoint import Refusal
from marginbot.paper.books.listing import Delisting
from tests.paper.api.client import BY_PATH, call, market_order
from tests.paper.books.builders import EIGHT, a_world, after, market


def test_the_time_is_the_worlds():
    assert call(after(a_world(), 1234), "GET", "/api/v3/time") == {"serverTime": EIGHT + 1234}


def test_exchange_info_names_one_some_or_all_symbols():
    world = a_world()

    def symbols(**params):
        return [one["symbol"] for one in call(world, "GET", "/api/v3/exchangeInfo", **params)["symbols"]]

    assert symbols(symbol="ETHBTC") == ["ETHBTC"]
    assert symbols(symbols='["BTCUSDT","SHIBUSDT"]') == ["BTCUSDT", "SHIBUSDT"]
    assert len(symbols()) == len(world.markets) == 20
    with pytest.raises(Refusal, match=r"^-1121"):
        symbols(symbol="NOPE")
    with pytest.raises(Refusal, match=r"^-1100"):
        symbols(symbols="BTCUSDT,ETHUSDT")
    with pytest.raises(Refusal, match=r"^-1128"):
        symbols(symbol="BTCUSDT", symbols='["ETHUSDT"]')


def test_a_halted_symbol_shows_its_status():
    world = a_world()
    market(world).status = "BREAK"
    assert call(world, "GET", "/api/v3/exchangeInfo", symbol="BTCUSDT")["symbols"][0]["status"] == "BREAK"
    assert call(world, "GET", "margin/isolated/allPairs", symbol="BTCUSDT")[0]["isBuyAllowed"] is False


def test_depth_has_as_many_levels_as_asked_for_best_first():
    world = a_world()
    book = call(world, "GET", "/api/v3/depth", symbol="BTCUSDT", limit="2")
    assert book["bids"] == [["100000", "0.5"], ["99990", "0.5"]]
    assert book["asks"] == [["100000", "0.5"], ["100010", "0.5"]]


def test_depth_shows_what_fills_have_taken():
    world = a_world("long")
    before = call(world, "GET", "/api/v3/depth", symbol="BTCUSDT")["lastUpdateId"]
    market_order(world, "SELL", "0.05", symbol="BTCUSDT", isIsolated="TRUE")
    book = call(world, "GET", "/api/v3/depth", symbol="BTCUSDT", limit="1")
    assert book["bids"] == [["100000", "0.45"]]
    assert book["lastUpdateId"] > before
    ticker = call(world, "GET", "/api/v3/ticker/bookTicker", symbol="BTCUSDT")
    assert (ticker["bidQty"], ticker["askQty"]) == ("0.45", "0.5")


def test_tickers_answer_one_row_or_many():
    world = a_world()
    assert call(world, "GET", "/api/v3/ticker/price", symbol="SHIBUSDT") == {"symbol": "SHIBUSDT", "price": "0.00001"}
    assert len(call(world, "GET", "/api/v3/ticker/price")) == len(world.markets)
    assert call(world, "GET", "/api/v3/avgPrice", symbol="BTCUSDT")["price"] == "100000"


@pytest.mark.parametrize(("limit", "weight"), [("100", 5), ("101", 25), ("1000", 50), ("5000", 250), ("x", 5)])
def test_a_deeper_book_costs_more(limit, weight):
    cost = BY_PATH["GET", "/api/v3/depth"].weight
    assert callable(cost)
    assert cost({"symbol": "BTCUSDT", "limit": limit}) == weight


def test_the_index_is_not_the_price():
    world = a_world()
    world.set_price("BTCUSDT", "100000", "99500")
    assert call(world, "GET", "margin/priceIndex", symbol="BTCUSDT")["price"] == "99500"
    assert call(world, "GET", "/api/v3/ticker/price", symbol="BTCUSDT")["price"] == "100000"


def test_a_delisting_shows_in_ms_on_the_schedule_and_in_seconds_on_the_pair():
    world = a_world()
    world.delistings.append(Delisting(EIGHT, ["ADA"], ["ADAUSDT"]))
    assert call(world, "GET", "margin/delist-schedule") == [
        {"delistTime": EIGHT, "crossMarginAssets": ["ADA"], "isolatedMarginSymbols": ["ADAUSDT"]}
    ]
    assert call(world, "GET", "margin/isolated/allPairs", symbol="ADAUSDT")[0]["delistTime"] == EIGHT // 1000
    assert call(world, "GET", "margin/allAssets", asset="ADA")[0]["delistTime"] == EIGHT // 1000


def test_ids_of_cross_pairs_do_not_fit_a_float():
    pair_id = call(a_world(), "GET", "margin/allPairs", symbol="ETHUSDT")[0]["id"]
    assert int(float(pair_id)) != pair_id
