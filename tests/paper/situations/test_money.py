"""Transfers are hard: each situation is really there."""

from decimal import Decimal as D

from tests.paper.situations.paper import Paper


def at_rest(scenario: str) -> Paper:
    """All sold and repaid: about 994 USDT are free and nothing is owed."""
    paper = Paper(scenario)
    paper.sell("0.05")
    paper.repay("USDT", str(paper.pair().quote.debt))
    return paper


def test_transfer_limit():
    paper = at_rest("transfer-limit")
    assert paper.transferable("USDT") == 400 < paper.pair().quote.free
    assert paper.sweep("USDT", "500") == -3020
    assert paper.exchange.log[-1].status == 200
    assert "tranId" in paper.sweep("USDT", "400")


def test_pending_transfer():
    paper = at_rest("pending-transfer")
    paper.sweep("USDT", "900")
    assert paper.after(179_000).sweeps()["rows"][0]["status"] == "PENDING"
    assert paper.account.spot["USDT"].free == 1000
    assert paper.after(2_000).sweeps()["rows"][0]["status"] == "CONFIRMED"


def test_failed_transfer():
    paper = at_rest("failed-transfer")
    before = paper.pair().quote.free
    paper.sweep("USDT", "900")
    assert paper.pair().quote.free == before - 900
    assert paper.after(5_000).sweeps()["rows"][0]["status"] == "FAILED"
    assert paper.pair().quote.free == before
    paper.sweep("USDT", "900")
    assert paper.after(5_000).sweeps()["rows"][0]["status"] == "CONFIRMED"
    assert paper.account.spot["USDT"].free == D(1900)
