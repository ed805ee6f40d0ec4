"""The market is hard: each situation is really there."""

from decimal import Decimal as D

from tests.paper.situations.paper import Paper


def test_thin_book():
    paper = Paper("thin-book")
    bids = paper.depth()["bids"]
    assert sum(D(quantity) for _, quantity in bids) == D("0.012") < paper.pair().base.free
    assert D(bids[1][0]) < D(bids[0][0]) * D("0.991")
    sold = paper.sell("0.05")
    assert (sold["status"], sold["executedQty"], sold["expiryReason"]) == ("EXPIRED", "0.012", "INSUFFICIENT_LIQUIDITY")
    assert sum(D(quantity) for _, quantity in paper.after(1000).depth()["bids"]) == D("0.012")


def test_book_returns():
    paper = Paper("book-returns")
    assert (paper.depth()["bids"], len(paper.depth()["asks"])) == ([], 100)
    ticker = paper.ask("GET", "/api/v3/ticker/bookTicker", symbol="BTCUSDT")
    assert (ticker["bidPrice"], ticker["bidQty"]) == ("0", "0")
    assert paper.sell("0.05")["executedQty"] == "0"
    assert paper.after(10_000).sell("0.05")["status"] == "FILLED"


def test_price_range():
    paper = Paper("price-range")
    rules = paper.ask("GET", "/api/v3/executionRules", symbol="BTCUSDT")["symbolRules"][0]["rules"]
    assert rules[0]["askLimitMultDown"] == "0.9995"
    assert paper.ask("GET", "/api/v3/referencePrice", symbol="BTCUSDT")["referencePrice"] == "100000"
    sold = paper.sell("0.05")
    assert (sold["status"], sold["expiryReason"]) == ("EXPIRED", "EXECUTION_RULE_PRICE_RANGE_EXCEEDED")
    assert (sold["executedQty"], min(D(fill["price"]) for fill in sold["fills"])) == ("0.025", D(99950))
    assert paper.row()["baseAsset"] | {"free": "0.025", "locked": "0"} == paper.row()["baseAsset"]


def test_order_limit():
    paper = Paper("order-limit")
    assert paper.sell("0.01") == -1015
    assert paper.exchange.log[-1].status == 429
    rows = paper.ask("GET", "/sapi/v1/margin/rateLimit/order", isIsolated="TRUE", symbol="BTCUSDT")
    assert [(row["limit"], row["count"]) for row in rows] == [(2, 2), (200_000, 2)]
    paper.after(10_000)
    assert [paper.sell("0.01")["status"] for _ in range(4)] == ["FILLED"] * 4


def test_max_position():
    paper = Paper("max-position")
    assert paper.filters()["MAX_POSITION"]["maxPosition"] == "0.01500000"
    assert paper.order("BUY", "0.04") == -1013
    assert paper.order("BUY", "0.015")["status"] == "FILLED"
    assert paper.order("BUY", "0.015") == -1013
    paper.repay("BTC", paper.row()["baseAsset"]["free"])
    assert paper.order("BUY", "0.015")["status"] == "FILLED"


def test_fees_in_bnb():
    paper = Paper("fees-in-bnb")
    (fill,) = paper.order("BUY", "0.04")["fills"]
    assert fill["commissionAsset"] == "BNB"
    assert paper.pair().base.free == D("0.04")
    assert paper.account.spot["BNB"].free < D("0.5")


def test_tax():
    paper = Paper("tax")
    rates = paper.ask("GET", "/api/v3/account/commission", symbol="BTCUSDT")
    assert (rates["taxCommission"]["buyer"], rates["specialCommission"]["taker"]) == ("0.0005", "0.0002")
    (fill,) = paper.order("BUY", "0.04")["fills"]
    assert (fill["commissionAsset"], D(fill["commission"])) == ("BTC", D("0.04") * D("0.0017"))
    (fill,) = paper.sell("1", "ETHUSDT")["fills"]
    assert D(fill["commission"]) == D(fill["price"]) * D("0.0017")
