"""Budgets, headers, 429, 418, and what ends them."""

from __future__ import annotations

import pytest

from marginbot.paper.embedded import fresh_exchange
from marginbot.paper.exchange import Admitted, Switches
from marginbot.paper.weights import FIRST_BAN_MS, PATIENCE, Limits, Throttled, Weights
from tests.paper.books.builders import EIGHT
from tests.paper.shell import (
    ACCOUNT,
    NOW,
    ORDER,
    PAIRS,
    REPAY,
    TIME,
    Wall,
    a_request,
    a_signed_request,
    an_exchange,
    code,
    header,
    read,
)

SMALL = Switches(limits=Limits(api=3, sapi_ip=20, sapi_uid=3000))
SPOT_ORDER = "/api/v3/order"


def test_every_kind_of_call_reports_its_own_budget():
    exchange = an_exchange()
    assert header(exchange.handle(a_request("GET", TIME)), "x-mbx-used-weight-1m") == "1"
    assert header(exchange.handle(a_request("GET", "/api/v3/depth", "symbol=A")), "x-mbx-used-weight-1m") == "6"
    assert header(exchange.handle(a_signed_request("GET", ACCOUNT)), "x-sapi-used-ip-weight-1m") == "10"
    assert header(exchange.handle(a_request("GET", PAIRS)), "x-sapi-used-ip-weight-1m") == "1"
    repaid = exchange.handle(a_signed_request("POST", REPAY, asset="USDT"))
    assert header(repaid, "x-sapi-used-uid-weight-1m") == "1500"
    assert header(repaid, "x-sapi-used-ip-weight-1m") is None


def test_a_weight_may_depend_on_the_parameters_and_refusals_cost_it_too():
    exchange = an_exchange()
    bought = exchange.handle(a_signed_request("POST", ORDER, symbol="A", sideEffectType="MARGIN_BUY"))
    assert header(bought, "x-sapi-used-uid-weight-1m") == "1500"
    refused = exchange.handle(a_signed_request("POST", REPAY, asset="REFUSED"))
    assert (refused.status, header(refused, "x-sapi-used-uid-weight-1m")) == (400, "1500")


def test_a_used_up_budget_answers_429_until_the_minute_ends():
    wall = Wall(NOW + 15_000)
    exchange = an_exchange(wall, SMALL)
    for _ in range(3):
        assert exchange.handle(a_request("GET", TIME)).status == 200
    refused = exchange.handle(a_request("GET", TIME))
    assert (refused.status, code(refused), header(refused, "retry-after")) == (429, -1003, "45")
    assert exchange.handle(a_signed_request("GET", ACCOUNT, at=wall())).status == 200
    assert exchange.handle(a_request("GET", TIME, peer="127.0.0.2")).status == 200
    wall.now_ms += 45_000
    assert exchange.handle(a_request("GET", TIME)).status == 200


def test_a_uid_budget_is_shared_by_all_addresses_and_names_the_endpoint_alone():
    exchange = an_exchange(switches=SMALL)
    for peer in ("127.0.0.1", "127.0.0.2"):
        assert exchange.handle(a_signed_request("POST", REPAY, asset="USDT", peer=peer)).status == 200
    refused = exchange.handle(a_signed_request("POST", REPAY, asset="USDT", peer="127.0.0.3"))
    assert read(refused) == {"code": -1003, "msg": "Too many requests; current request has limited."}
    assert exchange.handle(a_signed_request("POST", ORDER, symbol="A")).status == 200


def test_going_on_after_429_bans_the_address_and_the_ban_doubles():
    wall = Wall()
    exchange = an_exchange(wall, SMALL)

    def until_banned() -> int:
        for _ in range(4 + PATIENCE):
            answer = exchange.handle(a_request("GET", TIME))
            if answer.status == 418:
                assert header(answer, "retry-after") == str((_ban_end(answer) - wall()) // 1000)
                return _ban_end(answer)
        pytest.fail("never banned")

    first = until_banned()
    assert first == NOW + FIRST_BAN_MS
    assert exchange.handle(a_signed_request("GET", ACCOUNT)).status == 418
    assert exchange.handle(a_request("GET", TIME, peer="127.0.0.2")).status == 200
    wall.now_ms = first - 1
    assert exchange.handle(a_request("GET", TIME)).status == 418
    wall.now_ms = first
    assert until_banned() == first + 2 * FIRST_BAN_MS


def test_new_orders_are_counted_by_account_and_refused_with_1015():
    wall = Wall()
    exchange = an_exchange(wall)
    exchange.world.config.order_limit_10s, exchange.world.config.order_limit_day = 2, 3
    counts = [exchange.handle(a_signed_request("POST", ORDER, symbol="A")) for _ in range(3)]
    assert [header(answer, "x-mbx-order-count-10s") for answer in counts] == ["1", "2", "2"]
    assert (counts[2].status, code(counts[2])) == (429, -1015)
    wall.now_ms += 10_000
    last = exchange.handle(a_signed_request("POST", ORDER, symbol="A", at=wall()))
    assert (header(last, "x-mbx-order-count-10s"), header(last, "x-mbx-order-count-1d")) == ("1", "3")
    assert "1 DAY" in read(exchange.handle(a_signed_request("POST", ORDER, symbol="A", at=wall())))["msg"]


@pytest.mark.parametrize(("path", "told"), [(SPOT_ORDER, "4"), (ORDER, None)])
def test_too_many_orders_are_told_when_to_go_on_on_api_alone(path, told):
    wall = Wall(EIGHT + 6_000)
    exchange = fresh_exchange(wall, "long")
    exchange.world.config.order_limit_10s = 0
    wanted = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    refused = exchange.handle(a_signed_request("POST", path, at=wall(), **wanted))
    assert (refused.status, code(refused), header(refused, "retry-after")) == (429, -1015, told)


def test_an_order_that_comes_too_late_in_front_of_the_engine_counts_all_the_same():
    wall = Wall(EIGHT)
    exchange = fresh_exchange(wall, "long")
    wanted = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    admitted = exchange.admit(a_signed_request("POST", SPOT_ORDER, at=wall(), **wanted))
    assert isinstance(admitted, Admitted)
    wall.now_ms += 5_001
    late = exchange.execute(admitted)
    assert (code(late), header(late, "x-mbx-order-count-10s")) == (-1021, "1")


def test_placing_and_cancelling_on_spot_weigh_nothing_once_done():
    wall = Wall(EIGHT)
    exchange = fresh_exchange(wall, "empty")
    limit = {"type": "LIMIT", "timeInForce": "GTC", "side": "BUY", "quantity": "0.01", "price": "90000"}

    def weight(method, path, **params):
        answer = exchange.handle(a_signed_request(method, path, at=wall(), symbol="BTCUSDT", **params))
        return answer.status, header(answer, "x-mbx-used-weight-1m")

    assert weight("POST", SPOT_ORDER, **limit) == (200, "0")
    assert weight("DELETE", "/api/v3/openOrders") == (200, "0")
    assert weight("DELETE", "/api/v3/openOrders") == (400, "1")
    assert weight("POST", SPOT_ORDER, **limit | {"quantity": "0.00001"}) == (400, "2")


def test_requests_are_counted_as_such_and_by_address():
    wall = Wall(EIGHT + 60_000)
    exchange = an_exchange(wall, Switches(limits=Limits(raw_requests=2)))
    assert [exchange.handle(a_request("GET", path)).status for path in (TIME, PAIRS)] == [200, 200]
    refused = exchange.handle(a_request("GET", TIME))
    assert (refused.status, code(refused), header(refused, "retry-after")) == (429, -1003, "240")
    assert exchange.handle(a_request("GET", TIME, peer="127.0.0.2")).status == 200
    assert [exchange.handle(a_request("GET", TIME)).status for _ in range(PATIENCE)][-1] == 418
    assert Limits().raw_requests == 300_000
    wall.now_ms += 240_000
    assert exchange.handle(a_request("GET", TIME)).status == 200


def test_attempts_to_connect_are_counted_by_address_and_server():
    weights = Weights()
    for _ in range(300):
        weights.count_connection("127.0.0.1", "/stream", EIGHT)
    with pytest.raises(Throttled, match="300 attempts") as refused:
        weights.count_connection("127.0.0.1", "/stream", EIGHT + 1)
    assert (refused.value.http_status, refused.value.retry_after_s) == (429, 300)
    weights.count_connection("127.0.0.1", "/ws-api/v3", EIGHT)
    weights.count_connection("127.0.0.2", "/stream", EIGHT)
    weights.count_connection("127.0.0.1", "/stream", EIGHT + 300_000)


def _ban_end(answer) -> int:
    return int(read(answer)["msg"].split("banned until ")[1].split(".")[0])
