"""The filters of a symbol, on BTCUSDT at 100,000: tick 0.01, step 0.00001, at least 5 USDT."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from marginbot.paper.books import order_lists
from marginbot.paper.books.listing import exchange_info_filters
from marginbot.paper.books.records import Scope
from marginbot.paper.books.refusal import Refusal
from marginbot.paper.books.ticket import Ticket
from tests.paper.books.builders import a_world, account, fund, market, order


@pytest.fixture
def world():
    world = a_world()
    fund(world, "BTC", "1000")
    fund(world, "USDT", "100000")
    return world


@pytest.mark.parametrize(
    ("quantity", "price", "name"),
    [
        ("0.000015", None, "LOT_SIZE"),
        ("0", None, "LOT_SIZE"),
        ("9001", "100000", "LOT_SIZE"),
        ("121", None, "MARKET_LOT_SIZE"),
        ("0.00004", None, "NOTIONAL"),
        ("0.00004", "120000", "NOTIONAL"),
        ("100", "100000", "NOTIONAL"),
        ("0.1", "100000.001", "PRICE_FILTER"),
        ("0.1", "500000.01", "PERCENT_PRICE_BY_SIDE"),
    ],
)
def test_an_order_that_breaks_a_filter_is_told_which(world, quantity, price, name):
    with pytest.raises(Refusal) as refusal:
        order(world, "SELL", quantity, price)
    assert (refusal.value.code, refusal.value.text) == (-1013, f"Filter failure: {name}")


def test_exactly_the_minimum_passes(world):
    assert order(world, "SELL", "0.00005").order.status == "FILLED"


def test_a_zero_step_of_the_market_filter_means_no_rule(world):
    assert market(world).listing.market_step == 0
    assert order(world, "SELL", "0.12345").order.status == "FILLED"


def test_margin_orders_may_have_their_own_code_for_the_notional(world):
    world.config.margin_notional_code = -20204
    with pytest.raises(Refusal, match=r"^-20204 Filter failure: NOTIONAL"):
        order(world, "SELL", "0.00004")
    fund(world, "BTC", "1", Scope.SPOT)
    with pytest.raises(Refusal, match=r"^-1013"):
        order(world, "SELL", "0.00004", scope=Scope.SPOT)


@pytest.mark.parametrize(("side", "price"), [("BUY", "115000.01"), ("SELL", "84999.99")])
def test_marketable_limit_prices_stay_within_the_band_around_the_index(world, side, price):
    with pytest.raises(Refusal, match=r"^-3064"):
        order(world, side, "0.1", price)


def test_the_passive_side_of_the_band_is_free(world):
    assert order(world, "BUY", "0.1", "50000").order.is_open()
    assert order(world, "SELL", "0.1", "200000").order.is_open()


def test_open_orders_are_limited_and_market_orders_still_pass(world):
    market(world).listing = replace(market(world).listing, max_orders=2)
    for price in ("110000", "111000"):
        order(world, "SELL", "0.1", price)
    with pytest.raises(Refusal, match="MAX_NUM_ORDERS"):
        order(world, "SELL", "0.1", "112000")
    assert order(world, "SELL", "0.1").order.status == "FILLED"


def test_a_position_limit_counts_what_is_held_and_what_is_wanted(world):
    market(world).listing = replace(market(world).listing, max_position=D("1000.2"))
    order(world, "BUY", "0.1", "90000")
    with pytest.raises(Refusal, match="MAX_POSITION"):
        order(world, "BUY", "0.10001", "90000")


def test_a_position_limit_may_look_at_the_spot_wallet(world):
    market(world).listing = replace(market(world).listing, max_position=D(1))
    world.config.max_position_counts = "spot"
    assert order(world, "BUY", "0.9", "90000").order.is_open()
    fund(world, "BTC", "0.2", Scope.SPOT)
    with pytest.raises(Refusal, match="MAX_POSITION"):
        order(world, "BUY", "0.9", "90000")


def test_each_side_has_its_own_price_bounds(world):
    rules = {"multiplier_up": "1.1", "multiplier_down": "0.9", "ask_multiplier_up": "1.5", "ask_multiplier_down": "0.95"}
    market(world).listing = replace(market(world).listing, **{name: D(value) for name, value in rules.items()})
    assert order(world, "SELL", "0.1", "150000").order.is_open()
    assert order(world, "BUY", "0.1", "90000").order.is_open()
    for side, price in (("BUY", "89999.99"), ("BUY", "110000.01"), ("SELL", "94999.99"), ("SELL", "150000.01")):
        with pytest.raises(Refusal, match="PERCENT_PRICE_BY_SIDE"):
            order(world, side, "0.1", price)
    shown = {f["filterType"]: f for f in exchange_info_filters(market(world).listing)}["PERCENT_PRICE_BY_SIDE"]
    assert [shown[f"{who}Multiplier{way}"] for who in ("bid", "ask") for way in ("Up", "Down")] == ["1.1", "0.9", "1.5", "0.95"]


def test_waiting_stop_orders_are_limited_and_count_until_they_act(world):
    market(world).listing = replace(market(world).listing, max_algo_orders=1)
    order(world, "SELL", "0.1", type="STOP_LOSS", stop_price="90000")
    with pytest.raises(Refusal, match="MAX_NUM_ALGO_ORDERS"):
        order(world, "SELL", "0.1", type="STOP_LOSS", stop_price="80000")
    assert order(world, "SELL", "0.1", "110000").order.is_open()
    world.set_price("BTCUSDT", "90000")
    assert order(world, "SELL", "0.1", type="STOP_LOSS", stop_price="80000").order.is_open()


def test_open_lists_are_limited(world):
    market(world).listing = replace(market(world).listing, max_order_lists=1)
    limit = Ticket(Scope.ISOLATED, "BTCUSDT", "SELL", "LIMIT_MAKER", D("0.1"), price=D(110_000))
    stop = Ticket(Scope.ISOLATED, "BTCUSDT", "SELL", "STOP_LOSS", D("0.1"), stop_price=D(90_000))
    first = order_lists.place(world, account(world), limit, stop)
    with pytest.raises(Refusal, match="MAX_NUM_ORDER_LISTS"):
        order_lists.place(world, account(world), limit, stop)
    order_lists.cancel(world, account(world), first)
    assert order_lists.place(world, account(world), limit, stop).legs


def test_an_iceberg_shows_whole_steps_and_not_too_small_a_part(world):
    assert order(world, "SELL", "1", "110000", iceberg="0.01").order.iceberg == D("0.01")
    with pytest.raises(Refusal, match="ICEBERG_PARTS"):
        order(world, "SELL", "1", "110000", iceberg="0.00999")
    for part in ("0.000015", "1.1"):
        with pytest.raises(Refusal, match="LOT_SIZE"):
            order(world, "SELL", "1", "110000", iceberg=part)


def test_counts_and_bounds_of_zero_are_no_rule(world):
    rules = dict.fromkeys(("max_orders", "max_algo_orders", "max_order_lists", "iceberg_parts"), 0)
    market(world).listing = replace(market(world).listing, **rules, multiplier_up=D(0), multiplier_down=D(0))
    assert order(world, "SELL", "0.1", "900000", iceberg="0.0001").order.is_open()
    assert order(world, "SELL", "0.1", type="STOP_LOSS", stop_price="90000").order.is_open()


def test_the_band_may_spare_isolated_accounts(world):
    world.config.band_on_isolated = False
    assert order(world, "BUY", "0.1", "120000").order.status == "FILLED"
    fund(world, "USDT", "20000", Scope.CROSS)
    with pytest.raises(Refusal, match=r"^-3064"):
        order(world, "BUY", "0.1", "120000", scope=Scope.CROSS)


def test_filters_are_shown_with_the_digits_they_are_listed_with():
    world = a_world()
    shown = {f["filterType"]: f for f in exchange_info_filters(market(world, "SHIBUSDT").listing)}
    assert (shown["LOT_SIZE"]["stepSize"], shown["PRICE_FILTER"]["tickSize"]) == ("1.00", "0.00000001")
    assert (shown["MARKET_LOT_SIZE"]["stepSize"], shown["NOTIONAL"]["minNotional"]) == ("0.00", "1.00000000")
