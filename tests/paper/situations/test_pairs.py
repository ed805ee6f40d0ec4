"""The pair is unlike BTCUSDT: each situation is really there."""

from decimal import Decimal as D

import pytest

from marginbot.paper.books.amounts import is_multiple
from tests.paper.situations.paper import ACCOUNT, Paper

LEVERED = ["doge-long", "shib-long", "pepe-short", "bnbbtc-long", "ethbtc-short", "btcjpy-long"]


@pytest.mark.parametrize("name", LEVERED)
def test_positions_on_other_pairs_are_solvent_and_above_their_liquidation(name):
    paper = Paper(name)
    (symbol,) = paper.account.isolated
    row = paper.row(symbol)
    assert D("1.2") < D(row["marginLevel"]) < D("1.7")
    assert row["marginLevelStatus"] == "NORMAL"
    assert D(row["baseAsset"]["netAssetOfBtc"]) + D(row["quoteAsset"]["netAssetOfBtc"]) > 0


@pytest.mark.parametrize(
    ("name", "symbol", "tick", "step", "least"),
    [
        ("doge-long", "DOGEUSDT", "0.00001000", "1.00000000", "1.00000000"),
        ("shib-long", "SHIBUSDT", "0.00000001", "1.00", "1.00000000"),
        ("pepe-short", "PEPEUSDT", "0.00000001", "1.00", "1.00000000"),
        ("bnbbtc-long", "BNBBTC", "0.00000100", "0.00100000", "0.00010000"),
        ("ethbtc-short", "ETHBTC", "0.00001000", "0.00010000", "0.00010000"),
        ("btcjpy-long", "BTCJPY", "1.00000000", "0.00000100", "100.00000000"),
    ],
)
def test_their_filters_are_the_real_ones(name, symbol, tick, step, least):
    filters = Paper(name).filters(symbol)
    assert (filters["PRICE_FILTER"]["tickSize"], filters["LOT_SIZE"]["stepSize"]) == (tick, step)
    assert filters["NOTIONAL"]["minNotional"] == least
    assert D(filters["MARKET_LOT_SIZE"]["stepSize"]) == 0


@pytest.mark.parametrize("name", ["doge-long", "shib-long", "bnbbtc-long", "btcjpy-long"])
def test_longs_hold_a_crumb_that_no_order_can_sell(name):
    paper = Paper(name)
    (symbol,) = paper.account.isolated
    assert not is_multiple(paper.pair(symbol).base.free, paper.world.market(symbol).listing.step)


def test_a_position_in_yen_has_a_value_in_btc():
    paper = Paper("btcjpy-long")
    assert paper.world.usdt_price("JPY") * 150 == 1
    assert D(paper.ask("GET", ACCOUNT)["totalAssetOfBtc"]) == D("0.0500005")


def test_zero_steps():
    paper = Paper("zero-steps")
    numbers = [
        value for row in paper.filters().values() for name, value in row.items() if name[:3] in ("min", "max", "tic", "ste")
    ]
    assert D(paper.filters()["LOT_SIZE"]["stepSize"]) == D(paper.filters()["LOT_SIZE"]["maxQty"]) == 0
    assert "0.00000000" in numbers
    assert paper.sell("0.05123457")["status"] == "FILLED"


def test_min_notional_2021():
    paper = Paper("min-notional-2021")
    filters = paper.filters()
    assert list(filters)[2] == "LOT_SIZE"
    assert "NOTIONAL" not in filters
    assert (filters["MIN_NOTIONAL"]["minNotional"], filters["LOT_SIZE"]["stepSize"]) == ("10.00000000", "0.00000100")
    assert paper.sell("0.00009") == -1013
    assert paper.sell("0.051234")["status"] == "FILLED"


def test_changing_steps():
    paper = Paper("changing-steps")
    assert paper.filters()["LOT_SIZE"]["stepSize"] == "0.00001000"
    assert paper.sell("0.05123") == -1013
    assert paper.filters()["LOT_SIZE"]["stepSize"] == "0.00100000"
    assert paper.sell("0.051")["status"] == "FILLED"


def test_halted():
    paper = Paper("halted")
    assert paper.sell("0.05") == -1013
    assert paper.ask("GET", "/api/v3/exchangeInfo", symbol="BTCUSDT")["symbols"][0]["status"] == "BREAK"


def test_cancel_only():
    paper = Paper("cancel-only")
    assert paper.sell("0.03") == -1013
    assert len(paper.ask("DELETE", "/sapi/v1/margin/openOrders", symbol="BTCUSDT", isIsolated="TRUE")) == 1
    assert paper.row()["baseAsset"]["locked"] == "0"


def test_delisting():
    paper = Paper("delisting")
    (notice,) = paper.ask("GET", "/sapi/v1/margin/delist-schedule")
    assert notice["isolatedMarginSymbols"] == ["BTCUSDT"]
    assert notice["delistTime"] == paper.wall.now_ms + 12 * 3_600_000
    move = {"type": "MAIN_ISOLATED_MARGIN", "asset": "BTC", "amount": "0.001", "toSymbol": "BTCUSDT"}
    paper.account.spot["USDT"].free += 9000
    assert paper.ask("POST", "/sapi/v1/asset/transfer", **(move | {"asset": "USDT", "amount": "5000"})) == -3065


def test_disabled():
    paper = Paper("disabled")
    row = paper.row()
    assert (row["isolatedCreated"], row["enabled"], row["tradeEnabled"]) == (True, False, False)
    assert row["quoteAsset"]["borrowed"] == "4000"
    assert paper.sell("0.05") == -3021


def test_never_opened():
    paper = Paper("never-opened")
    assert [row["symbol"] for row in paper.ask("GET", ACCOUNT)["assets"]] == ["ADAUSDT"]
    (row,) = paper.ask("GET", ACCOUNT, symbols="BTCUSDT")["assets"]
    assert (row["isolatedCreated"], row["enabled"], row["marginLevel"]) == (False, False, "999")
    assert paper.sell("0.05") == -11001


def test_no_enabled_key():
    row = Paper("no-enabled-key").row()
    assert "enabled" not in row
    assert row["isolatedCreated"] is True


def test_wrong_row_first():
    rows = Paper("wrong-row-first").ask("GET", ACCOUNT)["assets"]
    assert (rows[0]["isolatedCreated"], rows[0]["marginLevel"]) == (False, "999")
    assert [row["symbol"] for row in rows if row["isolatedCreated"]] == ["SOLUSDT", "ETHUSDT", "BTCUSDT"]


def test_twenty_pairs():
    paper = Paper("twenty-pairs")
    rows = paper.ask("GET", ACCOUNT)["assets"]
    owing = [row for row in rows if row["marginLevel"] != "999"]
    assert (len(rows), len(owing)) == (20, 10)
    assert {row["marginLevelStatus"] for row in owing} == {"NORMAL"}
    assert paper.ask("GET", "/sapi/v1/margin/isolated/accountLimit") == {"enabledAccount": 20, "maxAccount": 20}
