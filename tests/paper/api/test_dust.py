"""Crumbs become BNB: in the spot and the cross wallet, never in isolated accounts. BTC 100,000, BNB 800."""

from decimal import Decimal as D

import pytest

from marginbot.paper.api.endpoint import Refusal
from marginbot.paper.books.records import Scope
from tests.paper.api.client import BY_PATH, call
from tests.paper.books.builders import EIGHT, HOUR, a_world, account, after, fund, spot

DAY = 24 * HOUR


def a_world_of_crumbs(scope=Scope.SPOT):
    """80 USDT would be 0.0008 BTC and 0.1 BNB, 10 ADA 0.0001 BTC and 0.0125 BNB."""
    world = a_world()
    spot(world).free = D(0)
    fund(world, "USDT", "80", scope)
    fund(world, "ADA", "10", scope)
    return world


def convert(world, assets, **params):
    return call(world, "POST", "asset/dust", asset=assets, **params)


def test_what_can_be_converted_is_told_with_the_fee():
    world = a_world_of_crumbs()
    fund(world, "ETH", "1", Scope.SPOT)
    fund(world, "BNB", "0.001", Scope.SPOT)
    answer = call(world, "POST", "asset/dust-btc")
    assert [row["asset"] for row in answer["details"]] == ["USDT", "ADA"]
    values = [answer["details"][0][name] for name in ("toBTC", "toBNB", "toBNBOffExchange", "exchange")]
    assert values == ["0.0008", "0.1", "0.098", "0.002"]
    assert (answer["totalTransferBtc"], answer["totalTransferBNB"], answer["dribbletPercentage"]) == ("0.0009", "0.1125", "0.02")


def test_crumbs_become_bnb_less_the_fee_and_nothing_is_lost():
    world = a_world_of_crumbs()
    before = world.totals()
    answer = convert(world, "USDT,ADA")
    assert (answer["totalTransfered"], answer["totalServiceCharge"]) == ("0.11025", "0.00225")
    assert [(row["fromAsset"], row["amount"], row["transferedAmount"]) for row in answer["transferResult"]] == [
        ("USDT", "80", "0.098"),
        ("ADA", "10", "0.01225"),
    ]
    assert (spot(world).free, spot(world, "ADA").free, spot(world, "BNB").free) == (0, 0, D("0.11025"))
    assert world.totals() == before


def test_margin_means_the_cross_wallet_and_isolated_accounts_keep_their_crumbs():
    world = a_world_of_crumbs(Scope.CROSS)
    fund(world, "USDT", "3", Scope.ISOLATED)
    convert(world, "USDT", accountType="MARGIN")
    assert account(world).wallet(Scope.CROSS, "BNB").free == D("0.098")
    assert account(world).isolated["BTCUSDT"].quote.free == 3
    with pytest.raises(Refusal, match=r"^-1130"):
        convert(world, "USDT", accountType="ISOLATED_MARGIN")


@pytest.mark.parametrize(("assets", "code"), [("ETH", -5005), ("BNB", -5001), ("DOGE", -5003), ("NOPE", -4018), ("PEPE", -5001)])
def test_what_is_no_crumb_is_refused_and_then_nothing_is_converted(assets, code):
    world = a_world_of_crumbs()
    for asset, amount in (("ETH", "1"), ("BNB", "1"), ("PEPE", "0.00001")):
        fund(world, asset, amount, Scope.SPOT)
    with pytest.raises(Refusal, match=rf"^{code} "):
        convert(world, f"USDT,{assets}")
    assert spot(world).free == 80


def test_crumbs_go_once_a_day_in_each_wallet():
    world = a_world_of_crumbs()
    fund(world, "USDT", "8", Scope.CROSS)
    convert(world, "USDT")
    with pytest.raises(Refusal, match=r"^-5006"):
        convert(world, "ADA")
    convert(world, "USDT", accountType="MARGIN")
    convert(after(world, DAY), "ADA")


def test_what_was_done_is_listed_newest_first_and_by_wallet():
    world = a_world_of_crumbs()
    first = convert(world, "USDT")
    second = convert(after(world, DAY), "ADA")
    listed = call(world, "GET", "asset/dribblet")
    assert listed["total"] == 2
    rows = listed["userAssetDribblets"]
    assert [row["transId"] for row in rows] == [answer["transferResult"][0]["tranId"] for answer in (second, first)]
    assert (rows[1]["operateTime"], rows[1]["totalTransferedAmount"]) == (EIGHT, "0.098")
    (part,) = rows[1]["userAssetDribbletDetails"]
    assert (part["fromAsset"], part["targetAsset"], part["serviceChargeAmount"]) == ("USDT", "BNB", "0.002")
    assert call(world, "GET", "asset/dribblet", startTime=str(EIGHT + 1))["total"] == 1
    assert call(world, "GET", "asset/dribblet", endTime=str(EIGHT))["total"] == 1
    assert call(world, "GET", "asset/dribblet", accountType="MARGIN") == {"total": 0, "userAssetDribblets": []}


def test_converting_is_trading_to_the_rights_of_a_key():
    assert BY_PATH["POST", "/sapi/v1/asset/dust"].needs == ("enableSpotAndMarginTrading",)
