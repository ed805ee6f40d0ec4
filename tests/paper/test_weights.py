"""Budgets, headers, 429, 418, and what ends them."""

from __future__ import annotations

import pytest

from marginbot.paper.exchange import Switches
from marginbot.paper.weights import FIRST_BAN_MS, PATIENCE, Limits
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

SMALL = Switches(limits=Limits(api=3, sapi_ip=20, sapi_uid=3000, sapi_orders_10s=2, orders_1d=3))


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
    exchange = an_exchange(wall, SMALL)
    counts = [exchange.handle(a_signed_request("POST", ORDER, symbol="A")) for _ in range(3)]
    assert [header(answer, "x-mbx-order-count-10s") for answer in counts] == ["1", "2", "2"]
    assert (counts[2].status, code(counts[2]), header(counts[2], "retry-after")) == (429, -1015, "10")
    wall.now_ms += 10_000
    last = exchange.handle(a_signed_request("POST", ORDER, symbol="A", at=wall()))
    assert (header(last, "x-mbx-order-count-10s"), header(last, "x-mbx-order-count-1d")) == ("1", "3")
    assert "1 DAY" in read(exchange.handle(a_signed_request("POST", ORDER, symbol="A", at=wall())))["msg"]


def _ban_end(answer) -> int:
    return int(read(answer)["msg"].split("banned until ")[1].split(".")[0])
