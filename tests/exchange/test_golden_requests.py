"""Every method of the adapter: the one request it makes, byte for byte what its endpoint asks for."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from decimal import Decimal as D
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import respx

from marginbot.domain.plan import CloseOrder, PlaceBackstop, Side
from marginbot.errors import PlanRefused
from marginbot.exchange.adapter import BinanceExchange
from marginbot.exchange.client import BinanceClient
from marginbot.exchange.reads import Reads
from marginbot.exchange.signing import HmacSigner
from marginbot.exchange.writes import Writes
from tests.exchange.conftest import API_KEY, BASE, NOW_MS, SECRET
from tests.exchange.wire_samples import (
    KEY_RIGHTS,
    MARGIN_ASSETS,
    TIERS,
    a_commission,
    a_loan,
    a_row,
    a_transfer,
    an_order,
    exchange_info,
)

BTC, USDT, PAIR = "BTC", "USDT", "BTCUSDT"
SINCE = datetime(2026, 3, 1, 11, 59, tzinfo=UTC)
SINCE_MS = str(NOW_MS - 60_000)


def a_close(limit_price: D | None = None) -> CloseOrder:
    return CloseOrder(PAIR, BTC, USDT, Side.SELL, D("0.050"), limit_price, D(100000), D(100000), D(1), "test")


ORDER = {
    "symbol": PAIR,
    "isIsolated": "TRUE",
    "side": "SELL",
    "type": "MARKET",
    "quantity": "0.050",
    "newClientOrderId": "mb-1",
    "newOrderRespType": "FULL",
    "sideEffectType": "NO_SIDE_EFFECT",
}
LIMIT_ORDER = {**ORDER, "type": "LIMIT", "timeInForce": "IOC", "price": "99000"}
BACKSTOP = PlaceBackstop(PAIR, BTC, USDT, Side.SELL, D("0.050"), D(86000), D("83420.00"), "test")
BACKSTOP_ORDER = {
    **ORDER,
    "type": "STOP_LOSS_LIMIT",
    "timeInForce": "GTC",
    "stopPrice": "86000",
    "price": "83420.00",
    "newClientOrderId": "bs-mb-1",
    "newOrderRespType": "ACK",
    "sideEffectType": "AUTO_REPAY",
}
RESTS = {"symbol": PAIR, "orderId": 7, "clientOrderId": "bs-mb-1", "isIsolated": True, "transactTime": NOW_MS}
ISOLATED_PAIR = {"symbol": PAIR, "isIsolated": "TRUE"}
EMPTY_BOOK = {"lastUpdateId": 1, "bids": [], "asks": []}
NO_ROWS: dict[str, Any] = {"total": 0, "rows": []}
FEE_DATA = [{"vipLevel": 0, "symbol": PAIR, "leverage": "10", "data": [{"coin": "USDT", "dailyInterest": "0.0024"}]}]
SPOT = {"uid": 1, "balances": [{"asset": "USDT", "free": "1", "locked": "0"}]}
MARGIN, WALLET = "/sapi/v1/margin", "/sapi/v1/asset/transfer"

Case = tuple[str, tuple[Any, ...], str, str, dict[str, str], Any]
PUBLIC: list[Case] = [
    ("server_time_ms", (), "GET", "/api/v3/time", {}, {"serverTime": NOW_MS}),
    ("pair_rules", (PAIR,), "GET", "/api/v3/exchangeInfo", {"symbol": PAIR}, exchange_info()),
    ("rules_of", ((PAIR, "BTCUSDT"),), "GET", "/api/v3/exchangeInfo", {"symbols": f'["BTCUSDT","{PAIR}"]'}, exchange_info()),
    ("order_book", (PAIR, 1000), "GET", "/api/v3/depth", {"symbol": PAIR, "limit": "1000"}, EMPTY_BOOK),
    ("min_repays", (), "GET", f"{MARGIN}/allAssets", {}, MARGIN_ASSETS),
    ("system_normal", (), "GET", "/sapi/v1/system/status", {}, {"status": 0, "msg": "normal"}),
]
SIGNED: list[Case] = [
    ("isolated_accounts", (), "GET", f"{MARGIN}/isolated/account", {}, {"assets": [a_row()]}),
    ("isolated_pairs", (), "GET", f"{MARGIN}/isolated/allPairs", {}, [{"symbol": PAIR}]),
    ("open_order_count", (PAIR,), "GET", f"{MARGIN}/openOrders", ISOLATED_PAIR, []),
    ("open_order_client_ids", (PAIR,), "GET", f"{MARGIN}/openOrders", ISOLATED_PAIR, []),
    ("open_orders", (PAIR,), "GET", f"{MARGIN}/openOrders", ISOLATED_PAIR, []),
    ("lists_of_orders", (PAIR,), "GET", f"{MARGIN}/openOrderList", ISOLATED_PAIR, []),
    ("tiers", (PAIR,), "GET", f"{MARGIN}/isolatedMarginTier", {"symbol": PAIR}, TIERS),
    ("fees", (PAIR,), "GET", "/api/v3/account/commission", {"symbol": PAIR}, a_commission()),
    ("spot_wallet", (), "GET", "/api/v3/account", {"omitZeroBalances": "true"}, SPOT),
    ("key_rights", (), "GET", "/sapi/v1/account/apiRestrictions", {}, KEY_RIGHTS),
    ("interest_in_bnb", (), "GET", "/sapi/v1/bnbBurn", {}, {"spotBNBBurn": True, "interestBNBBurn": False}),
    ("delistings", (), "GET", f"{MARGIN}/delist-schedule", {}, []),
    ("hourly_rates", (PAIR,), "GET", f"{MARGIN}/isolatedMarginData", {"symbol": PAIR}, FEE_DATA),
    (
        "max_transferable",
        (PAIR, USDT),
        "GET",
        f"{MARGIN}/maxTransferable",
        {"asset": USDT, "isolatedSymbol": PAIR},
        {"amount": "1"},
    ),
    (
        "order_by_client_id",
        (PAIR, "mb-1"),
        "GET",
        f"{MARGIN}/order",
        {**ISOLATED_PAIR, "origClientOrderId": "mb-1"},
        an_order(fills=None),
    ),
    ("fills_of", (PAIR, "42"), "GET", f"{MARGIN}/myTrades", {**ISOLATED_PAIR, "orderId": "42", "limit": "1000"}, []),
    (
        "repayments",
        (PAIR, USDT, SINCE),
        "GET",
        f"{MARGIN}/borrow-repay",
        {"type": "REPAY", "asset": USDT, "isolatedSymbol": PAIR, "startTime": SINCE_MS, "size": "100"},
        {"total": 1, "rows": [a_loan()]},
    ),
    (
        "repayment",
        (PAIR, USDT, "7"),
        "GET",
        f"{MARGIN}/borrow-repay",
        {"type": "REPAY", "asset": USDT, "isolatedSymbol": PAIR, "txId": "7", "size": "100"},
        {"total": 1, "rows": [a_loan()]},
    ),
    (
        "transfers_out",
        (PAIR, SINCE),
        "GET",
        WALLET,
        {"type": "ISOLATED_MARGIN_MAIN", "fromSymbol": PAIR, "startTime": SINCE_MS, "size": "100"},
        {"total": 1, "rows": [a_transfer()]},
    ),
    (
        "transfers_in",
        (PAIR, SINCE),
        "GET",
        WALLET,
        {"type": "MAIN_ISOLATED_MARGIN", "toSymbol": PAIR, "startTime": SINCE_MS, "size": "100"},
        NO_ROWS,
    ),
    ("cancel_orders", (PAIR,), "DELETE", f"{MARGIN}/openOrders", ISOLATED_PAIR, []),
    (
        "cancel_order",
        (PAIR, "7"),
        "DELETE",
        f"{MARGIN}/order",
        {**ISOLATED_PAIR, "orderId": "7"},
        {"orderId": "7", "status": "CANCELED"},
    ),
    (
        "cancel_list",
        (PAIR, "9"),
        "DELETE",
        f"{MARGIN}/orderList",
        {**ISOLATED_PAIR, "orderListId": "9"},
        {"orderListId": 9, "listOrderStatus": "ALL_DONE"},
    ),
    ("close", (a_close(), "mb-1"), "POST", f"{MARGIN}/order", ORDER, an_order()),
    ("close", (a_close(D("99000")), "mb-1"), "POST", f"{MARGIN}/order", LIMIT_ORDER, an_order()),
    ("rest", (BACKSTOP, "bs-mb-1"), "POST", f"{MARGIN}/order", BACKSTOP_ORDER, RESTS),
    (
        "repay",
        (PAIR, USDT, D("5E+1")),
        "POST",
        f"{MARGIN}/borrow-repay",
        {"asset": USDT, "isIsolated": "TRUE", "symbol": PAIR, "amount": "50", "type": "REPAY"},
        {"tranId": 1},
    ),
    (
        "sweep",
        (PAIR, USDT, D("0.00000001")),
        "POST",
        WALLET,
        {"type": "ISOLATED_MARGIN_MAIN", "asset": USDT, "amount": "0.00000001", "fromSymbol": PAIR},
        {"tranId": 1},
    ),
    (
        "top_up",
        (PAIR, USDT, D("10")),
        "POST",
        WALLET,
        {"type": "MAIN_ISOLATED_MARGIN", "asset": USDT, "amount": "10", "toSymbol": PAIR},
        {"tranId": 1},
    ),
]
RETIRED = {
    "transfer_spot_to_margin",
    "transfer_margin_to_spot",
    "transfer_spot_to_isolated_margin",
    "transfer_isolated_margin_to_spot",
    "get_isolated_margin_tranfer_history",
    "create_margin_loan",
    "repay_margin_loan",
    "get_margin_loan_details",
    "get_margin_repay_details",
    "get_margin_asset",
    "get_margin_symbol",
    "get_isolated_margin_symbol",
    "create_isolated_margin_account",
    "get_margin_dustlog",
    "get_margin_dust_assets",
    "transfer_margin_dust",
    "margin_stream_get_listen_key",
    "margin_stream_keepalive",
    "margin_stream_close",
    "isolated_margin_stream_get_listen_key",
    "isolated_margin_stream_keepalive",
    "isolated_margin_stream_close",
    "stream_get_listen_key",
    "stream_keepalive",
    "stream_close",
    "margin_v1_get_margin_leverage_bracket",
}
RETIRED_PATHS = {
    "/api/v3/userDataStream",
    "/sapi/v1/userDataStream",
    "/sapi/v1/userDataStream/isolated",
    "/sapi/v1/margin/transfer",
    "/sapi/v1/margin/isolated/transfer",
    "/sapi/v1/margin/isolated/create",
    "/sapi/v1/margin/isolated/pair",
    "/sapi/v1/margin/loan",
    "/sapi/v1/margin/repay",
    "/sapi/v1/margin/asset",
    "/sapi/v1/margin/pair",
    "/sapi/v1/margin/dribblet",
    "/sapi/v1/margin/dust",
    "/sapi/v1/margin/leverageBracket",
}


def sent_text(request: httpx.Request) -> str:
    in_query = request.method in ("GET", "DELETE")
    assert (request.content == b"") is in_query
    return request.url.query.decode() if in_query else request.content.decode()


async def sent_by(exchange: BinanceExchange, binance: respx.MockRouter, case: Case) -> httpx.Request:
    name, args, method, path, _, answer = case
    route = binance.route(method=method, url=f"{BASE}{path}").mock(return_value=httpx.Response(200, json=answer))
    await getattr(exchange, name)(*args)
    assert route.call_count == 1
    assert len(binance.calls) == 1
    return route.calls[0].request


@pytest.mark.parametrize("case", SIGNED, ids=lambda case: case[0])
async def test_a_signed_call_asks_exactly_this_and_signs_what_it_sends(exchange, binance, case):
    request = await sent_by(exchange, binance, case)
    text, _, signature = sent_text(request).rpartition("&signature=")
    stamp = {"recvWindow": "5000", "timestamp": str(NOW_MS)}
    assert dict(parse_qsl(text, strict_parsing=True)) == {**case[4], **stamp}
    assert signature == HmacSigner(SECRET).sign(text.encode())
    assert request.headers["X-MBX-APIKEY"] == API_KEY
    if request.method == "POST":
        assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("case", PUBLIC, ids=lambda case: case[0])
async def test_a_public_call_asks_exactly_this_and_is_not_signed(exchange, binance, case):
    request = await sent_by(exchange, binance, case)
    assert dict(parse_qsl(sent_text(request))) == case[4]
    assert ("X-MBX-APIKEY" in request.headers) is case[3].startswith("/sapi/")


def test_every_method_of_the_adapter_has_a_golden_request():
    methods = {name for room in (Reads, Writes) for name, _ in inspect.getmembers(room, inspect.iscoroutinefunction)}
    assert {name for name in methods if not name.startswith("_")} == {case[0] for case in (*PUBLIC, *SIGNED)}


def test_no_golden_request_uses_a_retired_path():
    assert RETIRED_PATHS.isdisjoint({case[3] for case in (*PUBLIC, *SIGNED)})


@pytest.mark.parametrize("case", [*PUBLIC, *SIGNED], ids=lambda case: case[0])
async def test_no_retired_method_of_the_library_is_called(exchange, binance, case, monkeypatch):
    def forbid(name: str) -> Any:
        async def retired(*args: object, **kwargs: object) -> None:
            raise AssertionError(name)

        return retired

    for name in RETIRED:
        monkeypatch.setattr(BinanceClient, name, forbid(name), raising=False)
    await sent_by(exchange, binance, case)


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity"])
async def test_an_amount_that_is_not_above_zero_is_never_sent(exchange, binance, amount):
    for write in (exchange.repay, exchange.sweep, exchange.top_up):
        with pytest.raises(PlanRefused):
            await write(PAIR, USDT, D(amount))
    assert not binance.calls
