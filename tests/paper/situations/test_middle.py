"""Something happens in the middle: each of it at its moment, and once."""

from decimal import Decimal as D

from tests.paper.situations.paper import Paper


def test_interest_between():
    paper = Paper("interest-between")
    paper.sell("0.05")
    looked = paper.pair().quote.debt
    paper.repay("USDT", str(looked))
    assert paper.pair().quote.debt == D("0.04")
    paper.repay("USDT", "0.04")
    assert not paper.pair().owes()


def test_many_hours():
    paper = Paper("many-hours")
    paper.sell("0.05")
    debts = []
    for _ in range(4):
        debts.append(paper.pair().quote.debt)
        if debts[-1]:
            paper.repay("USDT", str(debts[-1]))
    assert debts == [D("4000.12"), D("0.08"), D("0.0000016"), 0]
    assert [event.outcome for event in paper.world.events] == ["done", "done", "done"]


def test_liquidation_in_the_middle():
    paper = Paper("liquidation-in-the-middle")
    assert paper.sell("0.02")["status"] == "FILLED"
    assert paper.row()["marginLevelStatus"] == "FORCE_LIQUIDATION"
    assert paper.sell("0.02") == -3004
    assert paper.repay("USDT", "1000") == -3036
    paper.after(20_000)
    assert (paper.row()["marginLevel"], paper.row()["baseAsset"]["free"]) == ("999", "0")
    assert len(paper.account.liquidations) == 1


def test_owner_trades():
    paper = Paper("owner-trades")
    assert paper.sell("0.05") == -2010
    assert paper.row()["baseAsset"]["free"] == "0.03"
    assert paper.sell("0.03")["status"] == "FILLED"


def test_owner_transfers():
    paper = Paper("owner-transfers")
    paper.sell("0.05")
    before = paper.pair().quote.free
    paper.repay("USDT", "4000.12")
    free = paper.pair().quote.free
    assert free == before + 150 - D("4000.12")
    assert paper.sweep("USDT", str(free)) == -3020
    assert paper.pair().quote.free == free - 50
