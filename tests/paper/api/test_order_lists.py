"""The endpoints of order lists: placing, finding, cancelling, and what is refused."""

import pytest

from marginbot.paper.api.endpoint import Refusal
from tests.paper.api.client import ISOLATED, call, row
from tests.paper.api.test_shapes import check
from tests.paper.books.builders import HOUR, a_world, account, after

HEAD = (
    "orderListId:int contingencyType:str listStatusType:str listOrderStatus:str listClientOrderId:str transactionTime:int"
    " symbol:str isIsolated:bool orders:list"
)
LEG = "symbol:str orderId:int clientOrderId:str"
STATE = (
    f"{LEG} orderListId:int price:dec origQty:dec executedQty:dec cummulativeQuoteQty:dec status:str timeInForce:str type:str"
    " side:str stopPrice?:dec selfTradePreventionMode:str expiryReason?:str"
)
SALE = ISOLATED | {"side": "SELL", "quantity": "0.02", "price": "110000", "stopPrice": "90000"}
LIMITED = {"stopLimitPrice": "89000", "stopLimitTimeInForce": "GTC"}


def place(world, **params):
    return call(world, "POST", "margin/order/oco", **(SALE | LIMITED | params))


def test_a_new_list_reports_both_legs():
    answer = place(a_world("long"), listClientOrderId="both", limitClientOrderId="up", stopClientOrderId="down")
    check(f"{HEAD} orderReports:list", answer)
    assert (answer["listStatusType"], answer["listOrderStatus"], answer["listClientOrderId"]) == (
        "EXEC_STARTED",
        "EXECUTING",
        "both",
    )
    assert [leg["clientOrderId"] for leg in answer["orders"]] == ["up", "down"]
    assert [leg["type"] for leg in answer["orderReports"]] == ["LIMIT_MAKER", "STOP_LOSS_LIMIT"]
    for leg in answer["orders"]:
        check(LEG, leg)
    for report in answer["orderReports"]:
        check(f"{STATE} transactTime:int", report)


def test_what_a_list_borrows_is_said():
    world = a_world("short")
    wanted = {"side": "BUY", "quantity": "0.05", "price": "90000", "stopPrice": "110000", "sideEffectType": "MARGIN_BUY"}
    answer = call(world, "POST", "margin/order/oco", **(ISOLATED | wanted))
    assert (answer["marginBuyBorrowAmount"], answer["marginBuyBorrowAsset"]) == ("500", "USDT")


def test_a_list_is_found_by_either_id_listed_while_open_and_remembered_after():
    world = a_world("long")
    placed = place(world, listClientOrderId="both")
    by_id = call(world, "GET", "margin/orderList", orderListId=str(placed["orderListId"]), **ISOLATED)
    assert by_id == call(world, "GET", "margin/orderList", origClientOrderId="both", **ISOLATED)
    check(HEAD, by_id)
    assert call(world, "GET", "margin/openOrderList", **ISOLATED) == [by_id]
    world.set_price("BTCUSDT", "111000")
    assert call(world, "GET", "margin/openOrderList", **ISOLATED) == []
    (found,) = call(world, "GET", "margin/allOrderList", **ISOLATED)
    assert (found["listStatusType"], found["listOrderStatus"]) == ("ALL_DONE", "ALL_DONE")


def test_all_lists_can_be_paged_by_id_and_by_time():
    world = a_world("long")
    first = place(world, quantity="0.01")["orderListId"]
    second = place(after(world, HOUR), quantity="0.01")["orderListId"]
    listed = call(world, "GET", "margin/allOrderList", fromId=str(second), **ISOLATED)
    assert [one["orderListId"] for one in listed] == [second]
    listed = call(world, "GET", "margin/allOrderList", endTime=str(world.now_ms - 1), **ISOLATED)
    assert [one["orderListId"] for one in listed] == [first]
    assert len(call(world, "GET", "margin/allOrderList", limit="1", **ISOLATED)) == 1
    with pytest.raises(Refusal, match=r"^-1128"):
        call(world, "GET", "margin/allOrderList", fromId="1", startTime="1", **ISOLATED)


def test_cancelling_a_list_unlocks_its_coins():
    world = a_world("long")
    place(world, listClientOrderId="both")
    answer = call(world, "DELETE", "margin/orderList", listClientOrderId="both", **ISOLATED)
    check(f"{HEAD} orderReports:list", answer)
    for report in answer["orderReports"]:
        check(f"{STATE} origClientOrderId:str", report)
        assert report["status"] == "CANCELED"
        assert "isIsolated" not in report
    assert row(world)["baseAsset"]["locked"] == "0"
    with pytest.raises(Refusal, match=r"^-2011"):
        call(world, "DELETE", "margin/orderList", listClientOrderId="both", **ISOLATED)


def test_cancelling_everything_mixes_orders_and_lists():
    world = a_world("long")
    wanted = {"side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "120000"}
    call(world, "POST", "margin/order", **ISOLATED, **wanted)
    place(world)
    single, both = call(world, "DELETE", "margin/openOrders", **ISOLATED)
    assert (single["orderListId"], single["status"]) == (-1, "CANCELED")
    check(f"{HEAD} orderReports:list", both)
    assert not account(world).open_orders


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"stopLimitTimeInForce": ""}, "-1115"),
        ({"stopLimitPrice": "89000.001"}, "-1013"),
        ({"quantity": "0.06"}, "-2010"),
        ({"stopPrice": "120000"}, "-2010"),
        ({"limitClientOrderId": "a b"}, "-1100"),
        ({"newOrderRespType": "LOUD"}, "-1130"),
    ],
)
def test_what_is_wrong_with_a_list_is_refused(params, code):
    world = a_world("long")
    with pytest.raises(Refusal, match=rf"^{code}"):
        place(world, **params)
    assert row(world)["baseAsset"]["locked"] == "0"


def test_a_stop_limit_leg_needs_its_time_in_force():
    with pytest.raises(Refusal, match=r"^-1102"):
        call(a_world("long"), "POST", "margin/order/oco", **SALE, stopLimitPrice="89000")


def test_lists_nobody_placed_are_unknown():
    world = a_world("long")
    with pytest.raises(Refusal, match=r"^-2013"):
        call(world, "GET", "margin/orderList", orderListId="5", **ISOLATED)
    with pytest.raises(Refusal, match=r"^-1102"):
        call(world, "GET", "margin/openOrderList", isIsolated="TRUE")
