"""What each wallet is worth. BTC 100,000."""

from decimal import Decimal as D

import pytest

from marginbot.paper.api.endpoint import Refusal
from marginbot.paper.books.records import Scope
from tests.paper.api.client import call
from tests.paper.books.builders import a_world, fund

PATH = "asset/wallet/balance"


def wallets(world, **params):
    return {row["walletName"]: row for row in call(world, "GET", PATH, **params)}


def test_wallets_are_valued_in_btc_with_their_debts_taken_off():
    world = a_world("long")
    fund(world, "ETH", "1", Scope.CROSS)
    found = wallets(world)
    assert [found[name]["balance"] for name in ("Spot", "Cross Margin", "Isolated Margin")] == ["0.01", "0.04", "0.01"]
    assert (found["Funding"]["activate"], found["Funding"]["balance"]) == (False, "0")


def test_they_are_valued_in_what_is_asked_for():
    assert wallets(a_world("long"), quoteAsset="USDT")["Isolated Margin"]["balance"] == "1000"
    with pytest.raises(Refusal, match=r"^-4018"):
        wallets(a_world("long"), quoteAsset="NOPE")


def test_their_assets_are_shown_on_demand_one_row_an_asset():
    world = a_world("long")
    fund(world, "USDT", "7", symbol="ETHUSDT")
    assert "assetBalances" not in wallets(world)["Spot"]
    rows = wallets(world, needBalanceDetail="true")["Isolated Margin"]["assetBalances"]
    assert [(row["asset"], row["free"], row["btcValuation"]) for row in rows] == [
        ("BTC", "0.05", "0.05"),
        ("USDT", "7", "-0.03993"),
    ]
    assert sum(D(row["btcValuation"]) for row in rows) == D(wallets(world)["Isolated Margin"]["balance"])
