"""The isolated account answer and what belongs to it."""

import pytest

from marginbot.paper.api.endpoint import Refusal
from tests.paper.api.client import ISOLATED, call, limit_order, market_order, row
from tests.paper.books.builders import EIGHT, HOUR, a_world, after, fund, pair


def account_answer(world, **params):
    return call(world, "GET", "margin/isolated/account", **params)


def test_the_long_of_the_examples_is_shown_with_its_level_and_liquidation_price():
    shown = row(a_world("long"))
    assert shown["marginLevel"] == "1.25"
    assert shown["liquidatePrice"] == "84000"
    assert shown["marginLevelStatus"] == "NORMAL"
    assert shown["indexPrice"] == "100000"
    assert shown["marginRatio"] == "10"
    assert shown["baseAsset"]["netAssetOfBtc"] == "0.05"
    assert shown["quoteAsset"]["netAsset"] == "-4000"
    assert shown["quoteAsset"]["netAssetOfBtc"] == "-0.04"


def test_the_short_of_the_examples_rounds_its_liquidation_price_half_up():
    assert row(a_world("short"))["liquidatePrice"] == "119047.61904762"


def test_a_pair_never_opened_answers_a_full_row_that_reads_as_healthy():
    shown = row(a_world("long"), "XRPUSDT")
    assert (shown["isolatedCreated"], shown["enabled"], shown["tradeEnabled"]) == (False, False, False)
    assert (shown["marginLevel"], shown["liquidatePrice"], shown["marginLevelStatus"]) == ("999", "0", "EXCESSIVE")
    assert shown["baseAsset"]["totalAsset"] == "0"


def test_an_opened_pair_without_debt_shows_999_too():
    shown = row(a_world("flat"), "ADAUSDT")
    assert (shown["isolatedCreated"], shown["marginLevel"], shown["liquidateRate"]) == (True, "999", "0")


def test_all_pairs_come_with_totals_and_named_pairs_without():
    world = a_world("default")
    everything = account_answer(world)
    assert [one["symbol"] for one in everything["assets"]] == ["BTCUSDT", "ETHUSDT", "SOLUSDT", "ADAUSDT"]
    assert {"totalAssetOfBtc", "totalLiabilityOfBtc", "totalNetAssetOfBtc"} < set(everything)
    assert set(account_answer(world, symbols="ETHUSDT,BTCUSDT")) == {"assets"}


def test_totals_are_in_btc():
    answer = account_answer(a_world("long"))
    totals = [answer[f"total{kind}OfBtc"] for kind in ("Asset", "Liability", "NetAsset")]
    assert totals == ["0.05", "0.04", "0.01"]


def test_more_than_five_symbols_are_refused():
    five = "BTCUSDT,ETHUSDT,SOLUSDT,ADAUSDT,XRPUSDT"
    assert len(account_answer(a_world(), symbols=five)["assets"]) == 5
    with pytest.raises(Refusal, match=r"^-1130"):
        account_answer(a_world(), symbols=f"{five},DOGEUSDT")


def test_an_unknown_pair_is_refused():
    with pytest.raises(Refusal, match=r"^-1121"):
        row(a_world(), "NOPEUSDT")


def test_the_row_follows_fills_prices_and_interest():
    world = a_world("long")
    market_order(world, "SELL", "0.01", **ISOLATED)
    assert row(world)["quoteAsset"]["free"] == "999"
    world.set_price("BTCUSDT", "100000", "88000")
    assert (row(world)["indexPrice"], row(world)["marginLevel"]) == ("88000", "1.12975")
    after(world, HOUR)
    assert row(world)["quoteAsset"]["interest"] == "0.04"


def test_decimals_are_padded_only_where_switched_on():
    world = a_world("long")
    assert row(world)["baseAsset"]["free"] == "0.05"
    world.config.pad_decimals = True
    assert (row(world)["baseAsset"]["free"], row(world)["marginLevel"]) == ("0.05000000", "1.25000000")


def test_a_falling_long_goes_through_every_status():
    world, seen = a_world("long"), []
    for price in ("200000", "100000", "88000", "85600", "84000"):
        world.set_price("BTCUSDT", price)
        seen.append(row(world)["marginLevelStatus"])
    assert seen == ["EXCESSIVE", "NORMAL", "MARGIN_CALL", "PRE_LIQUIDATION", "FORCE_LIQUIDATION"]
    after(world, 1000)
    assert row(world)["marginLevelStatus"] == "EXCESSIVE"
    record = call(world, "GET", "margin/forceLiquidationRec", isolatedSymbol="BTCUSDT")["rows"][0]
    assert (record["side"], record["executedQty"], record["avgPrice"]) == ("SELL", "0.05", "84000")


def test_an_empty_account_can_be_disabled_once_a_day_and_enabled_again():
    world = a_world("flat")
    path, answer = "margin/isolated/account", {"success": True, "symbol": "ADAUSDT"}
    assert call(world, "DELETE", path, symbol="ADAUSDT") == answer
    assert row(world, "ADAUSDT")["enabled"] is False
    assert call(world, "GET", "margin/isolated/accountLimit")["enabledAccount"] == 0
    assert call(world, "POST", path, symbol="ADAUSDT") == answer
    with pytest.raises(Refusal):
        call(world, "DELETE", path, symbol="ADAUSDT")
    after(world, 24 * HOUR)
    assert call(world, "DELETE", path, symbol="ADAUSDT") == answer


def test_an_account_with_anything_in_it_cannot_be_disabled():
    world = a_world("flat")
    fund(world, "ADA", "0.1", symbol="ADAUSDT")
    with pytest.raises(Refusal):
        call(world, "DELETE", "margin/isolated/account", symbol="ADAUSDT")
    assert pair(world, "ADAUSDT").enabled


def test_tiers_are_answered_all_or_one():
    world = a_world()
    tiers = call(world, "GET", "margin/isolatedMarginTier", symbol="BTCUSDT")
    assert len(tiers) == 10
    first = {
        "symbol": "BTCUSDT",
        "tier": 1,
        "effectiveMultiple": "10",
        "initialRiskRatio": "1.111",
        "liquidationRiskRatio": "1.05",
        "baseAssetMaxBorrowable": "9",
        "quoteAssetMaxBorrowable": "70000",
    }
    assert tiers[0] == first
    assert call(world, "GET", "margin/isolatedMarginTier", symbol="BTCUSDT", tier="1") == [first]


def test_open_orders_show_as_locked():
    world = a_world("long")
    limit_order(world, "SELL", "0.02", "110000", **ISOLATED)
    assert [row(world)["baseAsset"][name] for name in ("free", "locked", "totalAsset")] == ["0.03", "0.02", "0.05"]
    assert world.now_ms == EIGHT
