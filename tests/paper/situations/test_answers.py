"""The exchange says what is not so: each lie is told, and for as long as it should be."""

from decimal import Decimal as D

from tests.paper.situations.paper import ACCOUNT, ORDER, Paper

LOOKUP = {"symbol": "BTCUSDT", "isIsolated": "TRUE", "origClientOrderId": "mine"}


def free(paper: Paper) -> tuple[D, D]:
    row = paper.row()
    return D(row["baseAsset"]["free"]), D(row["quoteAsset"]["free"])


def test_lagging_account():
    paper = Paper("lagging-account")
    paper.sell("0.05")
    assert free(paper.after(1_999)) == (D("0.05"), 0)
    assert free(paper.after(1)) == (0, D("4994.5005"))


def test_the_first_reads_after_a_write_can_be_stale_instead():
    paper = Paper("long")
    paper.world.config.account_stale_reads = 2
    paper.sell("0.05")
    assert [free(paper)[0] for _ in range(3)] == [D("0.05"), D("0.05"), 0]


def test_two_changes_within_the_lag_are_shown_one_after_the_other():
    paper = Paper("lagging-account")
    paper.sell("0.02")
    paper.after(1_500).sell("0.02")
    assert [free(paper.after(ms))[0] for ms in (400, 100, 1_500)] == [D("0.05"), D("0.03"), D("0.01")]


def test_half_sale():
    paper = Paper("half-sale")
    paper.sell("0.05")
    assert free(paper) == (0, 0)
    assert D(paper.row()["marginLevel"]) == 0
    assert free(paper.after(3_000)) == (0, D("4994.5005"))


def test_all_zero_once():
    paper = Paper("all-zero-once")
    first, second = paper.row(), paper.row()
    assert (first["baseAsset"]["free"], first["quoteAsset"]["borrowed"], first["marginLevel"]) == ("0", "0", "999")
    assert (second["baseAsset"]["free"], second["quoteAsset"]["borrowed"]) == ("0.05", "4000")


def test_level_999_with_debt():
    paper = Paper("level-999-with-debt")
    for _ in range(3):
        assert (paper.row()["marginLevel"], paper.row()["quoteAsset"]["borrowed"]) == ("999", "4000")


def test_odd_level():
    paper = Paper("odd-level")
    row = paper.row()
    assert D(row["indexPrice"]) * D(row["baseAsset"]["free"]) / D("4000.12") * D("0.97") - D(row["marginLevel"]) < D("1e-7")


def test_lost_order_lookup():
    paper = Paper("lost-order-lookup")
    assert paper.sell("0.05", newClientOrderId="mine") == "RemoteProtocolError"
    assert paper.ask("GET", ORDER, **LOOKUP) == -2013
    assert paper.after(2_999).ask("GET", ORDER, **LOOKUP) == -2013
    assert paper.after(1).ask("GET", ORDER, **LOOKUP)["status"] == "FILLED"


def test_late_history():
    paper = Paper("late-history")
    paper.sell("0.05")
    assert paper.repay("USDT", "4000.12") == "RemoteProtocolError"
    assert paper.sweep("USDT", "900") == "RemoteProtocolError"
    assert (paper.loans()["rows"], paper.sweeps()["total"]) == ([], 0)
    paper.after(5_000)
    assert (paper.loans()["rows"][0]["amount"], paper.sweeps()["total"]) == ("4000.12", 1)


def test_history_in_seconds():
    paper = Paper("history-in-seconds")
    paper.sell("0.05")
    assert paper.repay("USDT", "4000.12") == "RemoteProtocolError"
    assert paper.sweep("USDT", "900") == "RemoteProtocolError"
    now = paper.wall.now_ms // 1000
    assert [(row["amount"], row["timestamp"]) for row in paper.loans()["rows"]] == [
        ("20", now - 3600),
        ("4000.12", now),
        ("10", now - 7200),
    ]
    assert [row["amount"] for row in paper.sweeps()["rows"]] == ["40", "900", "30"]


def test_foreign_row():
    paper = Paper("foreign-row")
    paper.sell("0.05")
    assert paper.repay("USDT", "4000.12") == "RemoteProtocolError"
    (row,) = paper.loans()["rows"]
    assert (row["amount"], paper.wall.now_ms - row["timestamp"]) == ("4000.12", 30_000)
    assert paper.pair().quote.debt == D("4000.12")


def test_every_object_can_have_a_key_nobody_knows():
    paper = Paper("long")
    paper.world.config.extra_keys = True
    assert paper.ask("GET", ACCOUNT)["assets"][0]["baseAsset"]["paperExtraField"] == "unknown"
