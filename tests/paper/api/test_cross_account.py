"""Terms of the cross account: fees of its assets, collateral, and the leverage that can be chosen."""

import pytest

from marginbot.paper.api.endpoint import Refusal
from marginbot.paper.books.listing import Delisting
from marginbot.paper.books.records import Scope
from marginbot.paper.weights import Throttled, Weights
from tests.paper.api.client import BY_PATH, call
from tests.paper.books.builders import EIGHT, HOUR, a_world, fund


@pytest.fixture
def world():
    """1000 USDT of one's own on the cross account, nothing owed."""
    world = a_world()
    fund(world, "USDT", "1000", Scope.CROSS)
    return world


def borrow(world, amount):
    return call(world, "POST", "margin/borrow-repay", asset="USDT", isIsolated="FALSE", type="BORROW", amount=amount)


def most(world):
    return call(world, "GET", "margin/maxBorrowable", asset="USDT")["amount"]


def choose(world, leverage):
    return call(world, "POST", "margin/max-leverage", maxLeverage=str(leverage))


def test_the_terms_of_a_coin_name_its_rates_and_its_pairs(world):
    (row,) = call(world, "GET", "margin/crossMarginData", coin="ETH", vipLevel="3")
    assert (row["vipLevel"], row["dailyInterest"], row["yearlyInterest"]) == (3, "0.00012", "0.0438")
    assert (row["borrowLimit"], row["marginablePairs"]) == ("900", ["ETHUSDT", "ETHBTC"])
    assert row["transferIn"] is row["borrowable"] is True


def test_without_a_coin_every_asset_is_told_and_the_call_weighs_more(world):
    weight = BY_PATH["GET", "/sapi/v1/margin/crossMarginData"].weight
    assert len(call(world, "GET", "margin/crossMarginData")) == len(world.assets)
    assert (weight({"coin": "BTC"}), weight({})) == (1, 5)


def test_a_coin_about_to_leave_can_neither_be_borrowed_nor_brought_in(world):
    world.delistings.append(Delisting(EIGHT + HOUR, ["ETH"], []))
    (row,) = call(world, "GET", "margin/crossMarginData", coin="ETH")
    assert row["transferIn"] is row["borrowable"] is False


def test_a_coin_that_has_left_is_told_only_when_asked_for(world):
    world.assets["ETH"].cross = False
    assert "ETH" not in [row["coin"] for row in call(world, "GET", "margin/crossMarginData")]
    (row,) = call(world, "GET", "margin/crossMarginData", coin="ETH")
    assert row["transferIn"] is row["borrowable"] is False


@pytest.mark.parametrize(("params", "code"), [({"coin": "NOPE"}, -3027), ({"vipLevel": "x"}, -1100), ({"vipLevel": "10"}, -1130)])
def test_wrong_questions_about_fees_are_refused(world, params, code):
    with pytest.raises(Refusal, match=rf"^{code} "):
        call(world, "GET", "margin/crossMarginData", **params)


def test_every_asset_is_in_one_group_of_collateral_and_the_last_tier_has_no_end(world):
    groups = call(world, "GET", "margin/crossMarginCollateralRatio")
    assert sorted(name for group in groups for name in group["assetNames"]) == sorted(world.assets)
    assert [tier["discountRate"] for tier in groups[0]["collaterals"]] == ["1", "0.975", "0"]
    assert [["maxUsdValue" in tier for tier in group["collaterals"]] for group in groups] == [[True, True, False], [False]]


def test_more_leverage_lets_more_be_borrowed_and_moves_the_bars(world):
    assert most(world) == "2000"
    assert choose(world, 5) == {"success": True}
    assert most(world) == "4000"
    bars = call(world, "GET", "margin/tradeCoeff")
    assert bars == {"normalBar": "1.25", "marginCallBar": "1.16", "forceLiquidationBar": "1.1"}
    choose(world, 3)
    assert call(world, "GET", "margin/tradeCoeff")["normalBar"] == "1.5"


@pytest.mark.parametrize(("leverage", "amount"), [(10, "8992.80575539"), (20, "18975.33206831")])
def test_the_highest_leverages_exist_too(world, leverage, amount):
    assert call(world, "GET", "margin/account")["accountType"] == "MARGIN_1"
    choose(world, leverage)
    assert most(world) == amount
    assert call(world, "GET", "margin/account")["accountType"] == "MARGIN_2"


def test_less_leverage_needs_a_level_above_its_bar(world):
    choose(world, 5)
    borrow(world, "2000")
    with pytest.raises(Refusal, match=r"^-3023 "):
        choose(world, 3)
    assert call(world, "GET", "margin/tradeCoeff")["normalBar"] == "1.25"


def test_a_level_above_the_bar_is_enough(world):
    choose(world, 5)
    borrow(world, "1900")
    assert choose(world, 3) == {"success": True}


@pytest.mark.parametrize(("wanted", "code"), [("4", -1130), ("0", -1130), ("five", -1100), ("5.0", -1100)])
def test_other_leverages_are_refused(world, wanted, code):
    with pytest.raises(Refusal, match=rf"^{code} "):
        choose(world, wanted)


def test_an_address_may_choose_once_a_minute_for_whomever_it_is():
    weights, endpoint = Weights(), BY_PATH["POST", "/sapi/v1/margin/max-leverage"]
    weights.charge(endpoint, 3000, "127.0.0.1", 1, EIGHT)
    with pytest.raises(Throttled, match=r"^-1003 ") as throttled:
        weights.charge(endpoint, 3000, "127.0.0.1", 2, EIGHT + 59_000)
    assert (throttled.value.http_status, throttled.value.retry_after_s) == (429, 1)
    weights.charge(endpoint, 3000, "127.0.0.2", 2, EIGHT + 59_000)
    weights.charge(endpoint, 3000, "127.0.0.1", 2, EIGHT + 60_000)


def test_choosing_needs_a_key_that_may_borrow():
    assert BY_PATH["POST", "/sapi/v1/margin/max-leverage"].needs == ("enableMargin",)
