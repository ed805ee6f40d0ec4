"""The capital flow: what is listed of which account, in which order, in which window."""

import pytest

from marginbot.paper.api.endpoint import Refusal
from marginbot.paper.books.records import Scope
from tests.paper.api.client import ISOLATED, call, market_order
from tests.paper.books.builders import EIGHT, a_world, after, fund

DAY = 86_400_000


@pytest.fixture
def world():
    """One second apart: 1000 USDT moved into BTCUSDT, 500 borrowed, 0.01 BTC bought and half of it sold, 100 repaid."""
    world = a_world()
    fund(world, "USDT", "1000", Scope.SPOT)
    move = {"type": "MAIN_ISOLATED_MARGIN", "asset": "USDT", "amount": "1000", "toSymbol": "BTCUSDT"}
    call(world, "POST", "asset/transfer", **move)
    loan(after(world, 1000), "BORROW", "500")
    market_order(after(world, 1000), "BUY", "0.01", isIsolated="TRUE")
    market_order(after(world, 1000), "SELL", "0.005", isIsolated="TRUE")
    loan(after(world, 1000), "REPAY", "100")
    return world


def loan(world, direction, amount):
    return call(world, "POST", "margin/borrow-repay", **ISOLATED, asset="USDT", type=direction, amount=amount)


def flow(world, **params):
    return call(world, "GET", "margin/capital-flow", **({"symbol": "BTCUSDT"} | params))


def test_everything_that_happened_to_a_pair_is_in_one_list_oldest_first(world):
    rows = flow(world)
    assert [(row["type"], row["asset"], row["amount"], (row["timestamp"] - EIGHT) // 1000) for row in rows] == [
        ("TRANSFER", "USDT", "1000", 0),
        ("BORROW", "USDT", "500", 1),
        ("BUY_EXPENSE", "USDT", "1000", 2),
        ("BUY_INCOME", "BTC", "0.01", 2),
        ("TRADING_COMMISSION", "BTC", "0.00001", 2),
        ("SELL_EXPENSE", "BTC", "0.005", 3),
        ("SELL_INCOME", "USDT", "500", 3),
        ("TRADING_COMMISSION", "USDT", "0.5", 3),
        ("REPAY", "USDT", "100", 4),
    ]
    assert {row["symbol"] for row in rows} == {"BTCUSDT"}


def test_the_ids_ascend_and_stay_what_they_were(world):
    before = flow(world)
    ids = [row["id"] for row in before]
    assert ids == sorted(set(ids))
    loan(world, "REPAY", "1")
    assert flow(world)[:-1] == before


def test_a_loan_is_listed_under_the_number_it_was_answered_with(world):
    answered = loan(world, "REPAY", "1")["tranId"]
    assert flow(world)[-1]["tranId"] == answered


def test_without_a_symbol_only_the_cross_account_is_told_and_without_symbols(world):
    assert flow(world, symbol="ETHUSDT") == []
    assert call(world, "GET", "margin/capital-flow") == []
    move = {"type": "ISOLATEDMARGIN_MARGIN", "asset": "USDT", "amount": "10", "fromSymbol": "BTCUSDT"}
    call(world, "POST", "asset/transfer", **move)
    (row,) = call(world, "GET", "margin/capital-flow")
    assert (row["type"], row["amount"], "symbol" in row) == ("TRANSFER", "10", False)
    assert flow(world)[-1]["amount"] == "-10"


def test_type_and_asset_choose_rows(world):
    assert [row["amount"] for row in flow(world, type="TRADING_COMMISSION")] == ["0.00001", "0.5"]
    assert [row["type"] for row in flow(world, asset="BTC")] == ["BUY_INCOME", "TRADING_COMMISSION", "SELL_EXPENSE"]


def test_without_an_id_the_newest_rows_come_and_after_one_the_next(world):
    rows = flow(world)
    assert flow(world, limit="2") == rows[-2:]
    assert flow(world, limit="2", fromId=str(rows[2]["id"])) == rows[3:5]
    assert flow(world, fromId=str(rows[-1]["id"])) == []


def test_a_window_has_both_its_ends_inside(world):
    found = flow(world, startTime=str(EIGHT + 1000), endTime=str(EIGHT + 2000))
    assert [row["type"] for row in found] == ["BORROW", "BUY_EXPENSE", "BUY_INCOME", "TRADING_COMMISSION"]
    assert [row["type"] for row in flow(world, endTime=str(EIGHT))] == ["TRANSFER"]


def test_a_start_alone_reaches_seven_days_on_and_nothing_sent_seven_days_back(world):
    after(world, 8 * DAY)
    assert flow(world) == []
    assert len(flow(world, startTime=str(EIGHT))) == 9
    assert flow(world, startTime=str(EIGHT - 7 * DAY - 1)) == []


def test_what_happened_ninety_days_ago_is_told_no_more(world):
    after(world, 90 * DAY - 1000)
    assert flow(world, startTime=str(EIGHT))[0]["type"] == "SELL_EXPENSE"


def test_a_pending_loan_is_told_when_it_is_confirmed():
    world = a_world()
    fund(world, "USDT", "1000")
    world.config.loan_pending_ms = 500
    loan(world, "BORROW", "500")
    assert flow(world) == []
    assert [row["type"] for row in flow(after(world, 500))] == ["BORROW"]


def test_what_the_exchange_takes_in_a_liquidation_adds_up_to_what_the_pair_has_left():
    world = a_world("long")
    had, owed = 0, 4000
    world.set_price("BTCUSDT", "84000")
    rows = [(row["type"], row["asset"], row["amount"]) for row in flow(after(world, 1000))]
    taken = rows[rows.index(("SELL_LIQUIDATION", "BTC", "-0.05")) :]
    assert sorted(taken) == [
        ("LIQUIDATION_FEE", "USDT", "84"),
        ("REPAY_LIQUIDATION", "USDT", "4000"),
        ("SELL_LIQUIDATION", "BTC", "-0.05"),
        ("SELL_LIQUIDATION", "USDT", "4200"),
    ]
    assert world.account(1).isolated["BTCUSDT"].quote.free == had + 4200 - owed - 84


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"startTime": str(EIGHT), "endTime": str(EIGHT + 7 * DAY + 1)}, -4047),
        ({"startTime": "2", "endTime": "1"}, -1130),
        ({"startTime": "soon"}, -1100),
        ({"symbol": "NOPE"}, -1121),
        ({"asset": "NOPE"}, -3027),
        ({"type": "INTEREST"}, -1130),
        ({"limit": "0"}, -1130),
        ({"limit": "many"}, -1100),
        ({"fromId": "-1"}, -1100),
    ],
)
def test_wrong_calls_are_refused_with_their_codes(world, params, code):
    with pytest.raises(Refusal, match=rf"^{code} "):
        flow(world, **params)


def test_no_match_between_ones_own_orders_was_ever_prevented(world):
    for how in ({"orderId": "1"}, {"preventedMatchId": "1"}, {"orderId": "1", "fromPreventedMatchId": "1"}):
        assert call(world, "GET", "margin/myPreventedMatches", symbol="BTCUSDT", isIsolated="TRUE", **how) == []


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, -1102),
        ({"fromPreventedMatchId": "1"}, -1102),
        ({"orderId": "x"}, -1100),
        ({"orderId": "1", "preventedMatchId": "1"}, -1128),
        ({"orderId": "1", "isIsolated": "maybe"}, -1102),
    ],
)
def test_prevented_matches_are_asked_for_by_order_or_by_match(world, params, code):
    with pytest.raises(Refusal, match=rf"^{code} "):
        call(world, "GET", "margin/myPreventedMatches", symbol="BTCUSDT", **params)
