"""Small debts of the cross account and their exchange for USDT debt."""

from decimal import Decimal as D

import pytest

from marginbot.paper.api.endpoint import Refusal
from marginbot.paper.books.records import Scope
from tests.paper.api.client import BY_PATH, call
from tests.paper.books.builders import EIGHT, HOUR, a_world, account, after, fund

PATH = "margin/exchange-small-liability"


@pytest.fixture
def world():
    """1000 USDT on the cross account; owed 0.002 ETH (8 USDT), 5 XRP (12.5 USDT) and 5 USDT, each with its first hour."""
    world = a_world()
    fund(world, "USDT", "1000", Scope.CROSS)
    for asset, amount in (("ETH", "0.002"), ("XRP", "5"), ("USDT", "5")):
        call(world, "POST", "margin/borrow-repay", asset=asset, isIsolated="FALSE", type="BORROW", amount=amount)
    return world


def exchange(world, assets="ETH"):
    return call(world, "POST", PATH, assetNames=assets)


def history(world, **params):
    return call(world, "GET", f"{PATH}-history", **({"current": "1", "size": "10"} | params))


def test_only_debts_below_ten_usdt_in_other_assets_are_small(world):
    # 0.002 ETH for an hour at 0.00012 / 24 is 0.00000001 ETH, worth 0.00004.
    row = {"asset": "ETH", "interest": "0.00000001", "principal": "0.002", "liabilityAsset": "USDT", "liabilityQty": 8.00004}
    assert call(world, "GET", PATH) == [row]


def test_an_exchanged_debt_is_owed_in_usdt_and_no_value_is_lost(world):
    before = world.totals()
    assert exchange(world) == {}
    held = account(world).cross
    assert (held["ETH"].debt, held["ETH"].free, held["USDT"].borrowed) == (D(0), D("0.002"), D("13.00004"))
    assert world.totals() == before
    assert call(world, "GET", PATH) == []


def test_the_inventories_follow_the_debt(world):
    world.assets["ETH"].inventory, world.assets["USDT"].inventory = D(1), D(10)
    exchange(world)
    assert (world.assets["ETH"].inventory, world.assets["USDT"].inventory) == (D("1.002"), D("1.99996"))


def test_usdt_that_is_not_there_cannot_be_owed(world):
    world.assets["USDT"].inventory = D(8)
    with pytest.raises(Refusal, match=r"^-3045 "):
        exchange(world)
    assert account(world).cross["ETH"].borrowed == D("0.002")


def test_the_history_and_the_capital_flow_tell_of_it(world):
    exchange(after(world, 1000))
    answer = history(world)
    assert answer == {
        "total": 1,
        "rows": [
            {
                "asset": "ETH",
                "amount": "0.00200001",
                "targetAsset": "USDT",
                "targetAmount": "8.00004",
                "bizType": "EXCHANGE_SMALL_LIABILITY",
                "timestamp": EIGHT + 1000,
            }
        ],
    }
    flow = call(world, "GET", "margin/capital-flow", type="SMALL_CONVERT")
    assert [(row["asset"], row["amount"]) for row in flow] == [("ETH", "0.00200001"), ("USDT", "-8.00004")]


def test_once_in_six_hours(world):
    exchange(world)
    for asset in ("SOL", "DOT"):
        call(world, "POST", "margin/borrow-repay", asset=asset, isIsolated="FALSE", type="BORROW", amount="0.1")
        after(world, 1000)
    after(world, 6 * HOUR - 3000)
    with pytest.raises(Refusal, match=r"^-5006 "):
        exchange(world, "DOT")
    assert exchange(after(world, 1000), "DOT") == {}
    assert [row["asset"] for row in history(world)["rows"]] == ["DOT", "ETH"]
    assert [row["asset"] for row in history(world, size="1", current="2")["rows"]] == ["ETH"]


def test_nothing_is_exchanged_while_the_account_is_taken_over(world):
    account(world).cross_liquidating_until = world.running_ms + 1000
    with pytest.raises(Refusal, match=r"^-3036 "):
        exchange(world)


@pytest.mark.parametrize(
    ("assets", "code"),
    [
        ("XRP", -3026),
        ("USDT", -3026),
        ("SOL", -3026),
        ("ETH,ETH", -3026),
        ("ETH,XRP", -3026),
        ("NOPE", -3027),
        (",".join(["ETH"] * 11), -1130),
    ],
)
def test_what_cannot_be_exchanged_is_refused_and_nothing_changes(world, assets, code):
    with pytest.raises(Refusal, match=rf"^{code} "):
        exchange(world, assets)
    assert account(world).cross["ETH"].borrowed == D("0.002")
    assert history(world)["total"] == 0


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"size": "101"}, -1130),
        ({"current": "0"}, -1130),
        ({"size": "x"}, -1100),
        ({"startTime": str(EIGHT - 91 * 24 * HOUR), "endTime": str(EIGHT)}, -4047),
    ],
)
def test_the_history_has_bounds(world, params, code):
    with pytest.raises(Refusal, match=rf"^{code} "):
        history(world, **params)


def test_exchanging_needs_a_key_that_may_borrow():
    assert BY_PATH["POST", f"/sapi/v1/{PATH}"].needs == ("enableMargin",)
