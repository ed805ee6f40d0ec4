"""Orders over the wire: which account acts, which parameters are refused, how the answers look."""

import pytest

from marginbot.paper.api.endpoint import Refusal
from marginbot.paper.books.records import Scope
from tests.paper.api.client import ISOLATED, call, limit_order, market_order, row
from tests.paper.books.builders import a_world, account, after, fund, market, pair


@pytest.fixture
def world():
    return a_world("long")


def refused(code):
    return pytest.raises(Refusal, match=rf"^{code} ")


def test_a_market_order_answers_with_its_fills(world):
    answer = market_order(world, "SELL", "0.05", newClientOrderId="close-1", **ISOLATED)
    assert answer["fills"] == [
        {
            "price": "100000",
            "qty": "0.05",
            "commission": "5",
            "commissionAsset": "USDT",
            "tradeId": answer["fills"][0]["tradeId"],
        }
    ]
    shown = {name: answer[name] for name in ("clientOrderId", "status", "executedQty", "cummulativeQuoteQty", "isIsolated")}
    assert shown == {
        "clientOrderId": "close-1",
        "status": "FILLED",
        "executedQty": "0.05",
        "cummulativeQuoteQty": "5000",
        "isIsolated": True,
    }


def test_without_isisolated_the_cross_account_acts(world):
    with refused(-2010):
        market_order(world, "SELL", "0.05")
    fund(world, "BTC", "0.05", Scope.CROSS)
    assert market_order(world, "SELL", "0.05")["isIsolated"] is False
    assert pair(world).base.free == account(world).wallet(Scope.CROSS, "USDT").free / 99_900 == pair(world).base.total


def test_an_order_is_found_only_in_the_account_it_was_placed_in(world):
    limit_order(world, "SELL", "0.01", "110000", newClientOrderId="mine", **ISOLATED)
    assert call(world, "GET", "margin/order", origClientOrderId="mine", **ISOLATED)["status"] == "NEW"
    with refused(-2013):
        call(world, "GET", "margin/order", symbol="BTCUSDT", origClientOrderId="mine")
    with refused(-2011):
        call(world, "DELETE", "margin/order", symbol="BTCUSDT", origClientOrderId="mine")


def test_a_cancelled_margin_order_names_itself_in_text(world):
    placed = limit_order(world, "SELL", "0.01", "110000", newClientOrderId="mine", **ISOLATED)
    answer = call(world, "DELETE", "margin/order", origClientOrderId="mine", newClientOrderId="bye", **ISOLATED)
    assert answer["orderId"] == str(placed["orderId"])
    assert (answer["origClientOrderId"], answer["clientOrderId"], answer["status"]) == ("mine", "bye", "CANCELED")
    assert call(world, "GET", "margin/order", orderId=answer["orderId"], **ISOLATED)["status"] == "CANCELED"


def test_all_open_orders_of_the_pair_go_at_once_and_then_there_are_none(world):
    for price in ("110000", "111000"):
        limit_order(world, "SELL", "0.01", price, **ISOLATED)
    assert len(call(world, "GET", "margin/openOrders", **ISOLATED)) == 2
    gone = call(world, "DELETE", "margin/openOrders", **ISOLATED)
    assert [type(one["orderId"]) for one in gone] == [int, int]
    assert row(world)["baseAsset"]["locked"] == "0"
    with refused(-2011):
        call(world, "DELETE", "margin/openOrders", **ISOLATED)


def test_isolated_open_orders_need_their_symbol(world):
    with refused(-1102):
        call(world, "GET", "margin/openOrders", isIsolated="TRUE")


def test_the_form_of_the_answer_can_be_chosen(world):
    assert "status" not in market_order(world, "SELL", "0.01", newOrderRespType="ACK", **ISOLATED)
    assert "fills" not in market_order(world, "SELL", "0.01", newOrderRespType="RESULT", **ISOLATED)


def test_a_borrowing_order_says_what_it_borrowed():
    world = a_world()
    fund(world, "USDT", "1000")
    answer = market_order(world, "BUY", "0.02", sideEffectType="MARGIN_BUY", **ISOLATED)
    assert (answer["marginBuyBorrowAmount"], answer["marginBuyBorrowAsset"]) == ("1000", "USDT")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"side": "HOLD"}, -1117),
        ({"type": "WISH"}, -1116),
        ({"timeInForce": "GTC"}, -1106),
        ({"price": "100000"}, -1106),
        ({"quantity": "1e3"}, -1100),
        ({"quantity": "-1"}, -1100),
        ({"quantity": "0.000000001"}, -1111),
        ({"newClientOrderId": "a b"}, -1100),
        ({"newClientOrderId": "x" * 37}, -1100),
        ({"symbol": "NOPE"}, -1121),
        ({"isIsolated": "maybe"}, -1102),
        ({"quoteOrderQty": "10"}, -1128),
        ({"sideEffectType": "MAGIC"}, -1130),
        ({"trailingDelta": "100"}, -1106),
        ({"type": "LIMIT"}, -1102),
    ],
)
def test_bad_values_are_refused_with_their_codes(world, changes, code):
    with refused(code):
        call(world, "POST", "margin/order", **({**ISOLATED, "side": "SELL", "type": "MARKET", "quantity": "0.01"} | changes))


def test_a_bad_time_in_force_has_its_own_code(world):
    with refused(-1115):
        limit_order(world, "SELL", "0.01", "110000", timeInForce="NOW", **ISOLATED)


def test_refusals_carry_the_texts_clients_match_on(world):
    with pytest.raises(Refusal, match="Account has insufficient balance for requested action"):
        market_order(world, "SELL", "0.06", **ISOLATED)
    market(world).status = "HALT"
    with pytest.raises(Refusal, match="Market is closed"):
        market_order(world, "SELL", "0.01", **ISOLATED)


def test_trades_and_orders_can_be_paged_by_id(world):
    first = market_order(world, "SELL", "0.01", **ISOLATED)
    second = market_order(world, "SELL", "0.02", **ISOLATED)
    trades = call(world, "GET", "margin/myTrades", **ISOLATED)
    assert [one["qty"] for one in trades] == ["0.01", "0.02"]
    assert [one["qty"] for one in call(world, "GET", "margin/myTrades", limit="1", **ISOLATED)] == ["0.02"]
    by_order = call(world, "GET", "margin/myTrades", orderId=str(first["orderId"]), **ISOLATED)
    assert [one["qty"] for one in by_order] == ["0.01"]
    orders = call(world, "GET", "margin/allOrders", orderId=str(second["orderId"]), **ISOLATED)
    assert [one["orderId"] for one in orders] == [second["orderId"]]
    assert len(call(world, "GET", "margin/allOrders", **ISOLATED)) == 2


def test_the_order_count_knows_unfilled_orders_only(world):
    market_order(world, "SELL", "0.01", **ISOLATED)
    limit_order(world, "SELL", "0.01", "110000", **ISOLATED)
    ten_seconds, day = call(world, "GET", "margin/rateLimit/order", **ISOLATED)
    assert (ten_seconds["count"], ten_seconds["intervalNum"], day["interval"]) == (1, 10, "DAY")
    after(world, 10_000)
    assert [one["count"] for one in call(world, "GET", "margin/rateLimit/order")] == [0, 1]


def test_spot_orders_use_the_spot_wallet_and_have_their_own_keys():
    world = a_world()
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quoteOrderQty": "1000"}
    assert call(world, "POST", "/api/v3/order/test", **order) == {}
    answer = call(world, "POST", "/api/v3/order", **order)
    assert (answer["orderListId"], answer["origQuoteOrderQty"], answer["executedQty"]) == (-1, "1000", "0.01")
    assert "isIsolated" not in answer
    held = {one["asset"]: one["free"] for one in call(world, "GET", "/api/v3/account", omitZeroBalances="true")["balances"]}
    assert held == {"USDT": "9000", "BTC": "0.00999"}
    trade = call(world, "GET", "/api/v3/myTrades", symbol="BTCUSDT")[0]
    assert (trade["quoteQty"], trade["commissionAsset"]) == ("1000", "BTC")
    with refused(-1128):
        call(world, "GET", "/api/v3/myTrades", symbol="BTCUSDT", orderId="1", startTime="1")


def test_an_order_test_checks_the_filters():
    with pytest.raises(Refusal, match="NOTIONAL"):
        call(a_world(), "POST", "/api/v3/order/test", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.00004")


def test_both_ids_must_belong_to_the_same_order(world):
    placed = limit_order(world, "SELL", "0.01", "110000", newClientOrderId="mine", **ISOLATED)
    with refused(-2039):
        call(world, "GET", "margin/order", orderId=str(placed["orderId"]), origClientOrderId="other", **ISOLATED)
