"""What is said about the count of orders, in three places, is one and the same."""

from tests.paper.api.client import ISOLATED, call, limit_order
from tests.paper.books.builders import a_world


def test_spot_and_margin_report_the_same_numbers():
    world = a_world("long")
    limit_order(world, "SELL", "0.01", "110000", **ISOLATED)
    resting = {"type": "LIMIT", "timeInForce": "GTC", "side": "BUY", "quantity": "0.001", "price": "90000"}
    call(world, "POST", "/api/v3/order", symbol="BTCUSDT", **resting)
    rows = call(world, "GET", "/api/v3/rateLimit/order")
    assert rows == call(world, "GET", "margin/rateLimit/order") == call(world, "GET", "margin/rateLimit/order", **ISOLATED)
    assert [(row["interval"], row["intervalNum"], row["limit"], row["count"]) for row in rows] == [
        ("SECOND", 10, 100, 2),
        ("DAY", 1, 200_000, 2),
    ]


def test_the_exchange_publishes_the_limits_it_keeps():
    world = a_world()
    world.config.order_limit_10s = 7
    limits = call(world, "GET", "/api/v3/exchangeInfo")["rateLimits"]
    assert [row["limit"] for row in limits if row["rateLimitType"] == "ORDERS"] == [7, 200_000]
    assert [row["limit"] for row in call(world, "GET", "/api/v3/rateLimit/order")] == [7, 200_000]
