"""What margin lists, lends and restricts."""

from decimal import Decimal as D

import pytest

from marginbot.paper.api.endpoint import Refusal
from marginbot.paper.books.listing import Delisting
from tests.paper.api.client import call
from tests.paper.books.builders import EIGHT, HOUR, a_world

DAY = 86_400_000
MIDNIGHT = EIGHT - 8 * HOUR


def rates(world, **params):
    return call(world, "GET", "margin/interestRateHistory", **({"asset": "USDT"} | params))


def inventory(world, kind):
    return call(world, "GET", "margin/available-inventory", type=kind)


def test_no_pair_is_yet_to_come():
    assert call(a_world(), "GET", "margin/list-schedule") == []


def test_the_inventory_says_what_is_left_and_its_time_is_in_seconds():
    world = a_world()
    world.assets["BTC"].inventory = D("12.5")
    world.assets["ADA"].borrowable = False
    answer = inventory(world, "MARGIN")
    assert (answer["assets"]["BTC"], answer["assets"]["ADA"], answer["updateTime"]) == ("12.5", "0", EIGHT // 1000)
    assert D(answer["assets"]["PEPE"]) > 900_000_000 * 5


def test_isolated_accounts_are_lent_only_assets_of_isolated_pairs():
    world = a_world()
    del world.markets["BTCJPY"]
    assert set(inventory(world, "MARGIN")["assets"]) - set(inventory(world, "ISOLATED")["assets"]) == {"JPY"}


def test_the_cross_account_is_lent_nothing_that_has_left_it():
    world = a_world()
    world.assets["ETH"].cross = False
    assert "ETH" not in inventory(world, "MARGIN")["assets"]
    assert "ETH" in inventory(world, "ISOLATED")["assets"]


def test_an_inventory_is_of_one_of_two_kinds():
    with pytest.raises(Refusal, match=r"^-1130 "):
        inventory(a_world(), "SPOT")


def test_rates_are_told_for_every_midnight_of_seven_days_newest_first():
    rows = rates(a_world())
    assert [row["timestamp"] for row in rows] == [MIDNIGHT - day * DAY for day in range(7)]
    assert rows[0] == {"asset": "USDT", "dailyInterestRate": "0.00024", "timestamp": MIDNIGHT, "vipLevel": 0}


def test_a_window_may_ask_for_other_days_but_not_for_days_to_come():
    world = a_world()
    assert len(rates(world, startTime=str(MIDNIGHT - 30 * DAY), endTime=str(MIDNIGHT))) == 31
    assert [row["timestamp"] for row in rates(world, startTime=str(MIDNIGHT))] == [MIDNIGHT]
    assert rates(world, startTime=str(MIDNIGHT + 1), endTime=str(EIGHT + 3 * DAY)) == []


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"startTime": str(MIDNIGHT - 30 * DAY - 1), "endTime": str(MIDNIGHT)}, -1127),
        ({"asset": "NOPE"}, -3027),
        ({"vipLevel": "10"}, -1130),
        ({"endTime": "now"}, -1100),
    ],
)
def test_wrong_questions_about_rates_are_refused(params, code):
    with pytest.raises(Refusal, match=rf"^{code} "):
        rates(a_world(), **params)


def test_assets_about_to_leave_may_not_be_bought_on_credit():
    world = a_world()
    assert call(world, "GET", "margin/restricted-asset")["openLongRestrictedAsset"] == []
    world.delistings.append(Delisting(EIGHT + HOUR, ["ETH"], []))
    answer = call(world, "GET", "margin/restricted-asset")
    assert answer == {"openLongRestrictedAsset": ["ETH"], "maxCollateralExceededAsset": []}


def test_every_asset_has_a_risk_based_ratio():
    world = a_world()
    rows = call(world, "GET", "margin/risk-based-liquidation-ratio")
    assert {row["asset"] for row in rows} == set(world.assets)
