"""Budgets, silences and bans: what is not sent."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from marginbot.errors import JournalUnavailable, RateLimited, RequestRejected
from tests.exchange.conftest import NOW_MS, FakeBans, an_exchange
from tests.exchange.wire_samples import a_row

ACCOUNT, LOANS = "/sapi/v1/margin/isolated/account", "/sapi/v1/margin/borrow-repay"
BAN_END = NOW_MS + 120_000


def a_ban(until_ms: int = BAN_END) -> dict[str, object]:
    return {"code": -1003, "msg": f"Way too much request weight used; IP banned until {until_ms}. Please use the websocket."}


async def test_a_ban_is_written_down_and_nothing_is_sent_before_its_end(exchange, binance, bans, clock):
    binance.get(ACCOUNT).respond(418, json=a_ban())
    binance.get("/api/v3/time").respond(json={"serverTime": BAN_END})
    with pytest.raises(RateLimited):
        await exchange.isolated_accounts()
    assert bans.ends == {"api.binance.com": BAN_END}
    clock.pass_time(119)
    for call in (exchange.isolated_accounts, exchange.server_time_ms, lambda: exchange.repay("BTCUSDT", "USDT", D(1))):
        with pytest.raises(RateLimited) as caught:
            await call()
        assert (caught.value.scope, caught.value.until_ms) == ("host", BAN_END)
    assert len(binance.calls) == 1
    clock.pass_time(1)
    assert await exchange.server_time_ms() == BAN_END


async def test_a_ban_outlives_a_restart(clock, binance):
    bans = FakeBans()
    bans.ends["api.binance.com"] = BAN_END
    async with an_exchange(clock, bans) as restarted:
        with pytest.raises(RateLimited):
            await restarted.server_time_ms()
    assert not binance.calls


async def test_a_ban_that_cannot_be_written_down_still_holds(clock, binance):
    class FullDisk(FakeBans):
        def remember_ban(self, host: str, until_ms: int, reason: str) -> None:
            raise JournalUnavailable("disk full")

    binance.get(ACCOUNT).respond(418, json=a_ban())
    async with an_exchange(clock, FullDisk()) as exchange:
        for _ in range(2):
            with pytest.raises(RateLimited):
                await exchange.isolated_accounts()
    assert len(binance.calls) == 1


async def test_a_429_silences_its_endpoint_until_retry_after_and_no_other(exchange, binance, clock):
    route = binance.post(LOANS).respond(429, json={"code": -1003, "msg": "Too many requests"}, headers={"Retry-After": "7"})
    binance.get(LOANS).respond(json={"total": 0, "rows": []})
    for _ in range(2):
        with pytest.raises(RateLimited) as caught:
            await exchange.repay("BTCUSDT", "USDT", D(1))
        assert caught.value.until_ms == NOW_MS + 7_000
    assert route.call_count == 1
    assert await exchange.repayment("BTCUSDT", "USDT", "1") is None
    clock.pass_time(7)
    route.respond(json={"tranId": 5})
    assert await exchange.repay("BTCUSDT", "USDT", D(1)) == "5"


async def test_a_429_of_api_silences_all_of_api(exchange, binance):
    binance.get("/api/v3/depth").respond(429, headers={"Retry-After": "7"}, json={"code": -1003, "msg": "x"})
    binance.get(ACCOUNT).respond(json={"assets": []})
    with pytest.raises(RateLimited):
        await exchange.order_book("BTCUSDT")
    with pytest.raises(RateLimited):
        await exchange.server_time_ms()
    assert await exchange.isolated_accounts() == {}
    assert len(binance.calls) == 2


async def test_too_many_orders_stop_orders_only(exchange, binance):
    from tests.exchange.test_golden_requests import a_close

    route = binance.post("/sapi/v1/margin/order").respond(429, json={"code": -1015, "msg": "Too many new orders"})
    binance.delete("/sapi/v1/margin/openOrders").respond(json=[])
    for _ in range(2):
        with pytest.raises(RateLimited) as caught:
            await exchange.close(a_close(), "mb-1")
        assert caught.value.scope == "orders"
    assert route.call_count == 1
    assert await exchange.cancel_orders("BTCUSDT") == 0


async def test_polling_leaves_the_reserve_alone_and_a_step_may_use_it(exchange, binance, clock):
    route = binance.get(ACCOUNT).respond(json={"assets": [a_row()]}, headers={"X-SAPI-USED-IP-WEIGHT-1M": "8391"})
    with exchange.polling():
        await exchange.isolated_accounts()
        with pytest.raises(RateLimited) as caught:
            await exchange.isolated_accounts()
    assert caught.value.until_ms == NOW_MS + 60_000
    assert exchange.used_weights() == {f"GET {ACCOUNT} ip": (8391, 12_000)}
    await exchange.isolated_accounts()
    assert route.call_count == 2
    clock.pass_time(60)
    with exchange.polling():
        await exchange.isolated_accounts()


async def test_polling_up_to_the_reserve_is_let_through(exchange, binance):
    route = binance.get(ACCOUNT).respond(json={"assets": []}, headers={"x-sapi-used-ip-weight-1m": "8390"})
    with exchange.polling():
        await exchange.isolated_accounts()
        await exchange.isolated_accounts()
    assert route.call_count == 2


async def test_a_spent_budget_is_not_overdrawn(exchange, binance):
    binance.post(LOANS).respond(json={"tranId": 1}, headers={"X-SAPI-USED-UID-WEIGHT-1M": "179000"})
    await exchange.repay("BTCUSDT", "USDT", D(1))
    with pytest.raises(RateLimited, match="budget is spent"):
        await exchange.repay("BTCUSDT", "USDT", D(1))


async def test_every_kind_of_weight_header_is_read_and_order_counts_are_remembered(exchange, binance):
    binance.get("/api/v3/time").respond(
        json={"serverTime": NOW_MS}, headers={"x-mbx-used-weight": "9", "X-MBX-USED-WEIGHT-1M": "20", "X-MBX-USED-WEIGHT-1D": "7"}
    )
    binance.get(ACCOUNT).respond(
        json={"assets": []},
        headers={"X-SAPI-USED-IP-WEIGHT-1M": "10", "X-SAPI-USED-UID-WEIGHT-1M": "30", "X-MBX-ORDER-COUNT-10S": "3"},
    )
    await exchange.server_time_ms()
    await exchange.isolated_accounts()
    expected = {"/api api": (20, 6000), f"GET {ACCOUNT} ip": (10, 12_000), f"GET {ACCOUNT} uid": (30, 180_000)}
    assert exchange.used_weights() == expected
    assert exchange.order_counts() == {"10S": 3}


async def test_requests_under_way_are_charged_before_their_answer(exchange, binance):
    binance.get("/sapi/v1/margin/maxTransferable").respond(json={"amount": "1"})
    await exchange.max_transferable("BTCUSDT", "BTC")
    await exchange.max_transferable("BTCUSDT", "BTC")
    assert exchange.used_weights() == {"GET /sapi/v1/margin/maxTransferable ip": (100, 12_000)}


async def test_a_403_page_is_a_refusal_and_silences_nothing(exchange, binance):
    binance.post(LOANS).respond(403, html="<html>blocked</html>")
    for _ in range(2):
        with pytest.raises(RequestRejected) as caught:
            await exchange.repay("BTCUSDT", "USDT", D(1))
        assert caught.value.http_status == 403
    assert len(binance.calls) == 2
