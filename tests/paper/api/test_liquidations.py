"""Liquidating by hand, and the loans a liquidation leaves to nobody here."""

from decimal import Decimal as D

import pytest

from marginbot.paper.api.endpoint import Refusal
from marginbot.paper.books.records import Scope
from tests.paper.api.client import BY_PATH, call, limit_order, market_order, row
from tests.paper.books.builders import EIGHT, HOUR, a_world, account, after, fund, pair

LOAN = "margin/liquidation-loan"
DAY = 24 * HOUR


@pytest.fixture
def cross():
    """1000 USDT of one's own on the cross account, 1000 borrowed, 0.015 BTC bought and a bid left standing."""
    world = a_world()
    fund(world, "USDT", "1000", Scope.CROSS)
    call(world, "POST", "margin/borrow-repay", asset="USDT", isIsolated="FALSE", type="BORROW", amount="1000")
    market_order(world, "BUY", "0.015")
    limit_order(world, "BUY", "0.001", "90000")
    return world


def liquidate(world, kind="MARGIN", **params):
    return call(world, "POST", "margin/manual-liquidation", type=kind, **params)


def restricted(scenario):
    world = a_world(scenario)
    world.config.manual_isolated_liquidation = True
    return world


def test_the_cross_account_is_closed_at_once_and_owes_nothing(cross):
    before = cross.totals()
    assert liquidate(cross) == {
        "asset": "USDT",
        "interest": "0.01",
        "principal": "1000",
        "liabilityAsset": "USDT",
        "liabilityQty": 1000.01,
    }
    held = account(cross).cross
    assert not account(cross).open_orders
    assert (held["BTC"].total, held["BTC"].debt, held["USDT"].debt) == (0, 0, 0)
    # 500 kept, 0.014985 BTC sold for 1498.5, 1000.01 repaid, 2 % of 1998.5 taken as the fee.
    assert held["USDT"].free == D("500") + D("1498.5") - D("1000.01") - D("39.97")
    assert cross.totals() == before


def test_the_system_leaves_its_records_of_it(cross):
    liquidate(cross)
    kinds = [one["type"] for one in call(cross, "GET", "margin/capital-flow")]
    assert kinds[-4:] == ["SELL_LIQUIDATION", "SELL_LIQUIDATION", "REPAY_LIQUIDATION", "LIQUIDATION_FEE"]
    (record,) = call(cross, "GET", "margin/forceLiquidationRec")["rows"]
    assert (record["symbol"], record["side"], record["isIsolated"]) == ("BTCUSDT", "SELL", False)


def test_the_largest_debt_is_named(cross):
    call(cross, "POST", "margin/borrow-repay", asset="ETH", isIsolated="FALSE", type="BORROW", amount="0.01")
    assert liquidate(cross)["asset"] == "USDT"


def test_an_account_that_owes_nothing_is_left_alone():
    world = a_world()
    fund(world, "BTC", "1", Scope.CROSS)
    with pytest.raises(Refusal, match=r"^-3010 "):
        liquidate(world)
    assert account(world).cross["BTC"].free == 1


def test_isolated_accounts_are_closed_by_hand_only_where_the_region_allows_it():
    world = a_world("long")
    with pytest.raises(Refusal, match=r"^-1002 "):
        liquidate(world, "ISOLATED", symbol="BTCUSDT")
    assert row(world)["baseAsset"]["free"] == "0.05"


def test_a_pair_is_closed_at_once_whatever_its_level():
    world = restricted("long")
    answer = liquidate(world, "ISOLATED", symbol="BTCUSDT")
    assert (answer["asset"], answer["principal"], answer["liabilityAsset"]) == ("USDT", "4000", "USDT")
    assert (pair(world).base.total, pair(world).owes(), pair(world).liquidating_until) == (0, False, None)
    assert pair(world).quote.free == 5000 - 4000 - 100
    assert row(world)["marginLevelStatus"] == "EXCESSIVE"


def test_a_liquidation_by_hand_is_over_even_where_forced_ones_take_no_time():
    world = restricted("short")
    world.config.liquidation_ms = 0
    assert liquidate(world, "ISOLATED", symbol="BTCUSDT")["asset"] == "BTC"
    assert pair(world).quote.free == 5000 - 4000 - 100


def test_what_the_exchange_has_taken_over_cannot_be_liquidated_again():
    world = restricted("long")
    world.set_price("BTCUSDT", "84000")
    with pytest.raises(Refusal, match=r"^-3004 "):
        liquidate(world, "ISOLATED", symbol="BTCUSDT")
    after(world, 1000)
    with pytest.raises(Refusal, match=r"^-3010 "):
        liquidate(world, "ISOLATED", symbol="BTCUSDT")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"kind": "SPOT"}, -1130),
        ({"kind": "ISOLATED"}, -1102),
        ({"kind": "ISOLATED", "symbol": "NOPE"}, -1121),
        ({"kind": "ISOLATED", "symbol": "XRPUSDT"}, -11001),
    ],
)
def test_wrong_calls_are_refused_with_their_codes(params, code):
    with pytest.raises(Refusal, match=rf"^{code} "):
        liquidate(restricted("long"), **params)


def test_there_is_no_liquidation_loan():
    world = a_world()
    answer = call(world, "GET", LOAN)
    assert answer == {"asset": "USDC", "amount": "0", "repaidAmount": "0", "remainingAmount": "0"}
    assert call(world, "GET", f"{LOAN}/repay-history") == {"total": 0, "rows": []}


@pytest.mark.parametrize(
    ("params", "code"),
    [({}, -3036), ({"amount": "0"}, -1130), ({"amount": "x"}, -1100), ({"asset": "NOPE"}, -3027)],
)
def test_a_loan_that_is_not_there_cannot_be_repaid(params, code):
    with pytest.raises(Refusal, match=rf"^{code} "):
        call(a_world(), "POST", f"{LOAN}/repay", **({"asset": "USDC", "amount": "1"} | params))


def test_the_window_of_repayments_is_cut_and_not_refused():
    old = {"startTime": str(EIGHT - 400 * DAY), "endTime": str(EIGHT)}
    assert call(a_world(), "GET", f"{LOAN}/repay-history", **old)["total"] == 0


@pytest.mark.parametrize(
    ("params", "code"), [({"startTime": "2", "endTime": "1"}, -1130), ({"size": "0"}, -1130), ({"current": "x"}, -1100)]
)
def test_the_window_and_the_page_must_make_sense(params, code):
    with pytest.raises(Refusal, match=rf"^{code} "):
        call(a_world(), "GET", f"{LOAN}/repay-history", **params)


def test_each_call_needs_the_right_its_kind_names():
    needs = {path: BY_PATH["POST", f"/sapi/v1/{path}"].needs for path in ("margin/manual-liquidation", f"{LOAN}/repay")}
    assert list(needs.values()) == [("enableSpotAndMarginTrading",), ("enableMargin",)]
