"""Borrowing, repaying and interest over the wire."""

import pytest

from marginbot.paper.api.endpoint import Refusal
from marginbot.paper.books.records import Scope
from tests.paper.api.client import call, row
from tests.paper.books.builders import EIGHT, HOUR, a_world, after, fund

LOAN = {"asset": "USDT", "isIsolated": "TRUE", "symbol": "BTCUSDT"}


def borrow_repay(world, type, amount, **changes):
    return call(world, "POST", "margin/borrow-repay", **({**LOAN, "type": type, "amount": amount} | changes))


def records(world, type, **params):
    return call(world, "GET", "margin/borrow-repay", type=type, **params)


@pytest.fixture
def world():
    """The long of the examples with 100 USDT of cash."""
    world = a_world("long")
    fund(world, "USDT", "100")
    return world


def test_a_repayment_answers_its_id_and_its_record_proves_it(world):
    after(world, HOUR)
    tran_id = borrow_repay(world, "REPAY", "100")["tranId"]
    found = records(world, "REPAY", isolatedSymbol="BTCUSDT", txId=str(tran_id))
    assert found == {
        "rows": [
            {
                "isolatedSymbol": "BTCUSDT",
                "type": "MANUAL",
                "amount": "100",
                "asset": "USDT",
                "interest": "0.04",
                "principal": "99.96",
                "status": "CONFIRMED",
                "timestamp": EIGHT + HOUR,
                "txId": tran_id,
            }
        ],
        "total": 1,
    }
    assert (row(world)["quoteAsset"]["borrowed"], row(world)["quoteAsset"]["interest"]) == ("3900.04", "0")


def test_an_isolated_loan_needs_its_symbol(world):
    parameters = {"asset": "USDT", "isIsolated": "TRUE", "type": "REPAY", "amount": "1"}
    with pytest.raises(Refusal, match=r"^-1102"):
        call(world, "POST", "margin/borrow-repay", **parameters)


def test_a_loan_for_the_cross_account_ignores_the_pair(world):
    fund(world, "USDT", "1000", Scope.CROSS)
    borrow_repay(world, "BORROW", "100", isIsolated="FALSE")
    assert row(world)["quoteAsset"]["borrowed"] == "4000"
    cross = records(world, "BORROW")["rows"]
    assert [one["amount"] for one in cross] == ["100"]
    assert "isolatedSymbol" not in cross[0]


def test_records_come_newest_first_in_pages(world):
    for amount in ("1", "2", "3"):
        borrow_repay(world, "REPAY", amount)
        after(world, 1000)
    amounts = [one["amount"] for one in records(world, "REPAY", isolatedSymbol="BTCUSDT", size="2")["rows"]]
    assert amounts == ["3", "2"]
    second = records(world, "REPAY", isolatedSymbol="BTCUSDT", size="2", current="2")
    assert ([one["amount"] for one in second["rows"]], second["total"]) == (["1"], 3)
    since = records(world, "REPAY", isolatedSymbol="BTCUSDT", startTime=str(EIGHT + 1000))
    assert [one["amount"] for one in since["rows"]] == ["3", "2"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"type": "GIVE"}, -1130),
        ({"amount": "abc"}, -1100),
        ({"amount": "0"}, -1130),
        ({"amount": "0.123456789"}, -1111),
        ({"asset": "NOPE"}, -3027),
        ({"symbol": "NOPE"}, -1121),
        ({"symbol": "XRPUSDT"}, -11001),
        ({"amount": "4000.00000001"}, -3015),
        ({"amount": "101"}, -3041),
    ],
)
def test_bad_repayments_are_refused_with_their_codes(world, changes, code):
    with pytest.raises(Refusal, match=rf"^{code} "):
        call(world, "POST", "margin/borrow-repay", **({**LOAN, "type": "REPAY", "amount": "1"} | changes))


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"size": "101"}, -1130),
        ({"current": "0"}, -1130),
        ({"startTime": "0", "endTime": str(8 * 24 * HOUR)}, -1127),
    ],
)
def test_pages_and_windows_have_bounds(world, params, code):
    with pytest.raises(Refusal, match=rf"^{code} "):
        records(world, "REPAY", isolatedSymbol="BTCUSDT", **params)


def test_interest_shows_its_kind_and_its_daily_rate(world):
    after(world, HOUR)
    newest = call(world, "GET", "margin/interestHistory", isolatedSymbol="BTCUSDT")["rows"][0]
    assert (newest["type"], newest["interest"], newest["interestRate"]) == ("PERIODIC", "0.04", "0.00024")
    assert newest["interestAccuredTime"] == EIGHT + HOUR


def test_what_can_be_borrowed_is_answered_with_the_limit_of_the_pair():
    world = a_world()
    fund(world, "USDT", "1000")
    answer = call(world, "GET", "margin/maxBorrowable", asset="USDT", isolatedSymbol="BTCUSDT")
    assert answer == {"amount": "9000", "borrowLimit": "700000"}


def test_the_coming_hours_rate_is_a_24th_of_the_daily_one():
    rates = call(a_world(), "GET", "margin/next-hourly-interest-rate", assets="USDT,BTC", isIsolated="TRUE")
    assert [one["nextHourlyInterestRate"] for one in rates] == ["0.00001", "0.000005"]
