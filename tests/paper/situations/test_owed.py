"""What is owed is hard: each situation is really there."""

from decimal import Decimal as D

from tests.paper.situations.paper import Paper


def test_both_owed():
    paper = Paper("both-owed")
    pair = paper.pair()
    assert (pair.base.debt, pair.quote.debt) == (D("0.01000123"), D("3500.17500001"))
    rows = [row for row in paper.account.interest if row.asset == "USDT"]
    assert len(rows) == 5
    assert sum(row.interest for row in rows) == pair.quote.interest


def test_locked_by_orders():
    paper = Paper("locked-by-orders")
    row = paper.row("SOLUSDT")
    assert (row["baseAsset"]["free"], row["baseAsset"]["locked"], row["quoteAsset"]["locked"]) == ("5", "15", "170")
    assert paper.sell("20", "SOLUSDT") == -2010
    cancelled = paper.ask("DELETE", "/sapi/v1/margin/openOrders", symbol="SOLUSDT", isIsolated="TRUE")
    assert [one.get("contingencyType", one.get("type")) for one in cancelled] == ["LIMIT", "STOP_LOSS_LIMIT", "LIMIT", "OCO"]
    assert paper.row("SOLUSDT")["baseAsset"]["free"] == "20"
    assert paper.sell("20", "SOLUSDT")["status"] == "FILLED"


def test_debt_below_notional():
    paper = Paper("debt-below-notional")
    assert paper.row()["baseAsset"] | {"borrowed": "0.00003", "free": "0"} == paper.row()["baseAsset"]
    assert paper.order("BUY", "0.00004") == -1013
    assert paper.order("BUY", "0.00006")["status"] == "FILLED"


def test_debt_below_min_repay():
    paper = Paper("debt-below-min-repay")
    assert paper.repay("USDT", "0.6") == -3016
    paper.sell("0.01")
    assert "tranId" in paper.repay("USDT", "0.9")


def test_crumbs_would_be_left_where_the_exchange_refuses_them():
    paper = Paper("debt-below-min-repay")
    paper.pair().quote.borrowed += 3
    paper.pair().quote.free += 3
    assert paper.repay("USDT", "3.4") == -3024


def test_a_whole_debt_below_the_minimum_can_be_refused_too():
    paper = Paper("debt-below-min-repay")
    paper.world.config.min_repay_binds_all = True
    paper.sell("0.01")
    assert paper.repay("USDT", "0.9") == -3016


def test_crumb_debt():
    paper = Paper("crumb-debt")
    row = paper.row()
    assert (row["baseAsset"]["interest"], row["quoteAsset"]["interest"]) == ("0.00000001", "0.00000001")
    assert (row["baseAsset"]["borrowed"], row["baseAsset"]["free"]) == ("0", "0")
    assert "tranId" in paper.repay("USDT", "0.00000001")


def test_insolvent_long():
    paper = Paper("insolvent-long")
    assert D("0.88") < (paper.level() or 0) < D("0.89")
    assert paper.row()["marginLevelStatus"] == "PRE_LIQUIDATION"
    paper.sell("0.04")
    free = paper.row()["quoteAsset"]["free"]
    assert "tranId" in paper.repay("USDT", free)
    assert paper.after(7_200_000).pair().quote.debt > 500


def test_insolvent_short():
    paper = Paper("insolvent-short")
    assert (paper.level() or 0) < 1
    assert paper.order("BUY", "0.04") == -2010
    assert paper.order("BUY", "0.034")["status"] == "FILLED"
    assert paper.after(60_000).pair().liquidating_until is None


def test_above_market_lot():
    paper = Paper("above-market-lot")
    assert paper.filters()["MARKET_LOT_SIZE"]["maxQty"] == "0.02000000"
    assert paper.sell("0.05") == -1013
    assert paper.sell("0.02")["status"] == "FILLED"


def test_above_notional_max():
    paper = Paper("above-notional-max")
    rule = paper.filters()["NOTIONAL"]
    assert (rule["maxNotional"], rule["applyMaxToMarket"]) == ("2000.00000000", True)
    assert paper.sell("0.05") == -1013
    assert paper.sell("0.0199")["status"] == "FILLED"
