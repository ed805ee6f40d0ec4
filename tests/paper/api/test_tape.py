"""Trades of a pair put together, and which of them an answer shows."""

from decimal import Decimal

import pytest

from marginbot.paper.api.endpoint import Caller, Refusal
from marginbot.paper.books.records import Scope
from tests.paper.api.client import FULL, ISOLATED, call, market_order
from tests.paper.books.builders import EIGHT, a_world, after, fund, order

SECOND = 1000


def tape(world, **params):
    return call(world, "GET", "/api/v3/aggTrades", symbol="BTCUSDT", **params)


@pytest.fixture
def world():
    """Three sales, a second apart."""
    world = a_world("long")
    for quantity in ("0.01", "0.02", "0.005"):
        market_order(world, "SELL", quantity, **ISOLATED)
        after(world, SECOND)
    return world


def quantities(rows):
    return [row["q"] for row in rows]


def test_a_line_has_the_keys_of_the_exchange(world):
    line = tape(world, limit="1")[0]
    assert set(line) == set("apqflTmM")
    assert (line["p"], line["q"], line["T"], line["m"], line["M"]) == ("100000", "0.005", EIGHT + 2 * SECOND, True, True)
    assert line["a"] == line["f"] == line["l"]


def test_without_bounds_or_with_an_end_alone_the_newest_are_shown_oldest_first(world):
    assert quantities(tape(world)) == ["0.01", "0.02", "0.005"]
    assert quantities(tape(world, limit="2")) == ["0.02", "0.005"]
    assert quantities(tape(world, endTime=str(EIGHT + SECOND), limit="1")) == ["0.02"]


def test_with_a_beginning_the_oldest_from_there_are_shown(world):
    assert quantities(tape(world, startTime=str(EIGHT + 1), limit="1")) == ["0.02"]
    assert quantities(tape(world, startTime=str(EIGHT), endTime=str(EIGHT + SECOND))) == ["0.01", "0.02"]


def test_an_id_is_a_beginning_too_and_needs_no_other(world):
    second = tape(world)[1]["a"]
    assert quantities(tape(world, fromId=str(second))) == ["0.02", "0.005"]
    assert quantities(tape(world, fromId=str(second + 1))) == ["0.005"]
    with pytest.raises(Refusal, match=r"^-1128"):
        tape(world, fromId="1", startTime="1")


def test_fills_of_one_order_at_one_price_and_moment_are_one_line():
    world = a_world()
    fund(world, "USDT", "100000")
    order(world, "BUY", "0.7", "90000")
    world.set_price("BTCUSDT", "89000")
    line, trades = tape(world)[0], call(world, "GET", "margin/myTrades", **ISOLATED)
    assert (line["p"], line["q"], line["m"]) == ("90000", "0.7", True)
    assert [trade["id"] for trade in trades] == [line["f"], line["l"]]


def test_the_tape_has_the_trades_of_all_customers(world):
    other = Caller(7, "other", FULL.rights)
    world.fund(7, Scope.SPOT, "USDT", Decimal(1000))
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"}
    call(world, "POST", "/api/v3/order", other, **order)
    assert quantities(tape(world))[-1] == "0.001"
