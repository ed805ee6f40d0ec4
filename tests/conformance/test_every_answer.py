"""Every endpoint of the testnet answers with the published keys and types, on all three accounts, after things happened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.conformance.life import MARGIN
from tests.conformance.shapes import ENTRIES
from tests.conformance.tap import Tap
from tests.no_tls import NO_TLS
from tests.sockets.server import LOAN, ORDER, TRANSFER, Server

HERE = {"symbol": "BTCUSDT", "isIsolated": "TRUE"}
SPOT = "/api/v3"
LIMIT = {"type": "LIMIT", "timeInForce": "GTC", "side": "BUY", "quantity": "0.001", "price": "90000"}
STOP = LIMIT | {"type": "STOP_LOSS_LIMIT", "side": "SELL", "stopPrice": "91000"}
MARKET = {"type": "MARKET", "side": "BUY", "quantity": "0.01"}
OCO = {"side": "SELL", "quantity": "0.002", "price": "110000", "stopPrice": "90000"}
BUY_OCO = {"side": "BUY", "quantity": "0.01", "price": "90000", "stopPrice": "110000"}
STOP_LIMIT = {"stopLimitPrice": "89900", "stopLimitTimeInForce": "GTC"}
READS: tuple[tuple[str, dict[str, str]], ...] = (
    (f"{MARGIN}/isolated/account", {}),
    (f"{MARGIN}/isolated/account", {"symbols": "BTCUSDT,ETHUSDT,SOLUSDT"}),
    (f"{MARGIN}/isolatedMarginTier", {"symbol": "BTCUSDT"}),
    (f"{MARGIN}/priceIndex", {"symbol": "BTCUSDT"}),
    (f"{MARGIN}/next-hourly-interest-rate", {"assets": "USDT,BTC", "isIsolated": "TRUE"}),
    (LOAN, {"type": "BORROW", "isolatedSymbol": "BTCUSDT"}),
    (LOAN, {"type": "REPAY", "isolatedSymbol": "BTCUSDT"}),
    (LOAN, {"type": "BORROW"}),
    (f"{MARGIN}/maxBorrowable", {"asset": "USDT", "isolatedSymbol": "BTCUSDT"}),
    (f"{MARGIN}/maxBorrowable", {"asset": "USDT"}),
    (f"{MARGIN}/interestHistory", {"isolatedSymbol": "BTCUSDT"}),
    (f"{MARGIN}/interestHistory", {}),
    (TRANSFER, {"type": "MAIN_ISOLATED_MARGIN"}),
    (f"{MARGIN}/transfer", {"isolatedSymbol": "BTCUSDT"}),
    (f"{MARGIN}/transfer", {}),
    (f"{MARGIN}/maxTransferable", {"asset": "USDT", "isolatedSymbol": "BTCUSDT"}),
    (f"{MARGIN}/forceLiquidationRec", {"isolatedSymbol": "ETHUSDT"}),
    (f"{MARGIN}/capital-flow", {"symbol": "BTCUSDT"}),
    (f"{MARGIN}/capital-flow", {"symbol": "ETHUSDT", "type": "LIQUIDATION_FEE"}),
    (f"{MARGIN}/myPreventedMatches", {**HERE, "orderId": "1"}),
    *((f"{MARGIN}/available-inventory", {"type": kind}) for kind in ("MARGIN", "ISOLATED")),
    (f"{MARGIN}/interestRateHistory", {"asset": "USDT"}),
    (f"{MARGIN}/crossMarginData", {"coin": "BTC"}),
    (f"{MARGIN}/exchange-small-liability-history", {"current": "1", "size": "10"}),
    *((f"{MARGIN}/{name}", where) for name in ("openOrders", "allOrders", "myTrades") for where in (HERE, {"symbol": "BTCUSDT"})),
    *((f"{MARGIN}/{name}", where) for name in ("openOrderList", "allOrderList", "rateLimit/order") for where in (HERE, {})),
    *((f"{SPOT}/{name}", {"symbol": "BTCUSDT"}) for name in ("depth", "avgPrice", "aggTrades", "myFilters")),
    ("/sapi/v1/asset/wallet/balance", {"quoteAsset": "USDT", "needBalanceDetail": "true"}),
    ("/sapi/v1/asset/dribblet", {"accountType": "MARGIN"}),
    *((f"{SPOT}/{name}", {"symbol": "XRPUSDT"}) for name in ("referencePrice", "referencePrice/calculation", "executionRules")),
    *((f"{SPOT}/ticker/{name}", {"symbol": "BTCUSDT"}) for name in ("price", "bookTicker", "24hr")),
    (f"{SPOT}/ticker/price", {"symbols": '["BTCUSDT","ETHUSDT"]'}),
    (f"{SPOT}/exchangeInfo", {"symbol": "BTCUSDT"}),
    (f"{SPOT}/klines", {"symbol": "BTCUSDT", "interval": "1m"}),
    *((f"{SPOT}/{name}", {"symbol": "BTCUSDT"}) for name in ("account/commission", "openOrders", "allOrders", "myTrades")),
)


@pytest.fixture
def caller(server: Server, answers: Tap) -> Iterator[Server]:
    """Signed calls through the tap."""
    with httpx.Client(base_url=answers.url, verify=NO_TLS, trust_env=False, timeout=20) as http:
        yield Server(server.ready, http)


def act(caller: Server) -> None:
    """Borrow, trade, cancel and repay, isolated and cross, every form of order among it."""

    def order(where: dict[str, str], **wanted: str) -> Any:
        return caller.call("POST", ORDER, **where, **wanted)

    def loan(where: dict[str, str], kind: str, amount: str) -> None:
        caller.call("POST", LOAN, asset="USDT", **where, type=kind, amount=amount)

    caller.call("POST", TRANSFER, type="MAIN_ISOLATED_MARGIN", asset="USDT", amount="1200", toSymbol="BTCUSDT")
    caller.call("POST", TRANSFER, type="MAIN_MARGIN", asset="USDT", amount="1200")
    for where in (HERE, {"symbol": "BTCUSDT", "isIsolated": "FALSE"}):
        loan(where, "BORROW", "1000")
        loan(where, "REPAY", "500")
        order(where, **MARKET, newOrderRespType="RESULT")
        order(where, **LIMIT, newOrderRespType="ACK")
        order(where, **LIMIT, sideEffectType="AUTO_BORROW_REPAY")
        order(where, **STOP)
        number = order(where, **LIMIT)["orderId"]
        caller.call("GET", ORDER, **where, orderId=number)
        caller.call("DELETE", ORDER, **where, orderId=number)
        first = caller.call("POST", f"{MARGIN}/order/oco", **where, **OCO)["orderListId"]
        caller.call("POST", f"{MARGIN}/order/oco", **where, **OCO, **STOP_LIMIT)
        named = {"isIsolated": where["isIsolated"], "orderListId": first}
        caller.call("GET", f"{MARGIN}/orderList", **named, **({"symbol": "BTCUSDT"} if where is HERE else {}))
        caller.call("DELETE", f"{MARGIN}/orderList", **named, symbol="BTCUSDT")
        assert "marginBuyBorrowAmount" in order(where, **MARKET, sideEffectType="MARGIN_BUY")
        borrowing = caller.call("POST", f"{MARGIN}/order/oco", **where, **BUY_OCO, sideEffectType="MARGIN_BUY")
        assert "marginBuyBorrowAmount" in borrowing
        read(caller, "Orders", "OrderList")
        assert len(caller.call("DELETE", f"{MARGIN}/openOrders", **where)) == 5
        order(where, type="MARKET", side="SELL", quantity="0.015", sideEffectType="AUTO_REPAY")


def trade_on_spot(caller: Server) -> None:
    for form in ("ACK", "RESULT", "FULL"):
        caller.call("POST", f"{SPOT}/order", symbol="BTCUSDT", **MARKET, newOrderRespType=form)
    caller.call("POST", f"{SPOT}/order/test", symbol="BTCUSDT", **MARKET)
    caller.call("POST", f"{SPOT}/order/test", symbol="BTCUSDT", **MARKET, computeCommissionRates="true")
    number = caller.call("POST", f"{SPOT}/order", symbol="BTCUSDT", **LIMIT)["orderId"]
    caller.call("POST", f"{SPOT}/order", symbol="BTCUSDT", **STOP)
    caller.call("GET", f"{SPOT}/order", symbol="BTCUSDT", orderId=number)
    read(caller, "openOrders")
    caller.call("DELETE", f"{SPOT}/order", symbol="BTCUSDT", orderId=number)
    assert len(caller.call("DELETE", f"{SPOT}/openOrders", symbol="BTCUSDT")) == 1


def be_liquidated(server: Server, caller: Server) -> None:
    caller.a_long("ETHUSDT")
    server.control("POST", "price", {"symbol": "ETHUSDT", "price": "2600", "index": "2600"})
    caller.row("ETHUSDT")


def close_the_cross_account(caller: Server) -> None:
    """Exchange a small debt, then liquidate the rest by hand."""
    loan = {"asset": "XRP", "isIsolated": "FALSE", "type": "BORROW", "amount": "2"}
    caller.call("POST", LOAN, **loan)
    assert [row["asset"] for row in caller.call("GET", f"{MARGIN}/exchange-small-liability")] == ["XRP"]
    caller.call("POST", f"{MARGIN}/exchange-small-liability", assetNames="XRP")
    caller.call("POST", f"{MARGIN}/max-leverage", maxLeverage=5)
    caller.call("POST", f"{MARGIN}/manual-liquidation", type="MARGIN")


def listen_to_risk(caller: Server) -> None:
    headers = {"X-MBX-APIKEY": caller.key()}
    for path in (f"{MARGIN}/listen-key", "/sapi/v2/margin/listen-key"):
        key = caller.http.post(path, headers=headers).json()["listenKey"]
        caller.http.put(path, params={"listenKey": key}, headers=headers)
        caller.http.delete(path, headers=headers)


def sweep_crumbs(caller: Server) -> None:
    """Bring crumbs into both wallets that know them, and turn them into BNB."""
    caller.call("POST", f"{SPOT}/order", symbol="ADAUSDT", side="BUY", type="MARKET", quantity="20")
    caller.call("POST", TRANSFER, type="MAIN_MARGIN", asset="ADA", amount="10")
    for kind in ("SPOT", "MARGIN"):
        offers = caller.call("POST", "/sapi/v1/asset/dust-btc", accountType=kind)["details"]
        assert "ADA" in [row["asset"] for row in offers]
        caller.call("POST", "/sapi/v1/asset/dust", asset="ADA", accountType=kind)


def have_special_keys(server: Server, caller: Server) -> None:
    """Two of them, of which the one of the cross account stays."""
    server.control("POST", "switch", {"name": "vip_level", "value": 7})
    caller.call("POST", f"{MARGIN}/exit-special-key-mode")
    for where in ({}, {"symbol": "BTCUSDT"}):
        caller.call("POST", f"{MARGIN}/apiKey", apiName="fast", **where)
    caller.call("PUT", f"{MARGIN}/apiKey/ip", ip="127.0.0.1", symbol="BTCUSDT")
    caller.call("DELETE", f"{MARGIN}/apiKey", apiName="fast", symbol="BTCUSDT")


def settings(caller: Server) -> None:
    caller.call("POST", "/sapi/v1/bnbBurn", spotBNBBurn="false")
    caller.call("POST", "/sapi/v3/asset/getUserAsset", needBtcValuation="true")
    caller.call("POST", "/sapi/v1/userListenToken", isIsolated="TRUE", symbol="BTCUSDT")
    caller.call("POST", TRANSFER, type="MAIN_ISOLATED_MARGIN", asset="USDT", amount="1", toSymbol="SOLUSDT")
    caller.call("POST", TRANSFER, type="ISOLATED_MARGIN_MAIN", asset="USDT", amount="1", fromSymbol="SOLUSDT")
    caller.call("DELETE", f"{MARGIN}/isolated/account", symbol="SOLUSDT")
    caller.call("POST", f"{MARGIN}/isolated/account", symbol="SOLUSDT")


def read(caller: Server, *ends: str) -> None:
    """Ask the reads whose path ends so; without an end all of them, and every endpoint that needs no parameter."""
    for path, params in READS:
        if path.endswith(ends or ("",)):
            caller.call("GET", path, **params) if f"GET {path}" not in UNSIGNED else caller.http.get(path, params=params)
    if ends:
        return
    for name, entry in ENTRIES.items():
        method, path = name.split()
        if method == "GET" and not entry.needs and path not in {f"{MARGIN}/order", f"{MARGIN}/orderList"}:
            caller.http.get(path) if name in UNSIGNED else caller.call("GET", path)


UNSIGNED = {name for name in ENTRIES if name.startswith("GET /api/v3/") and "account" not in name} - {
    f"GET /api/v3/{name}" for name in ("order", "openOrders", "allOrders", "myTrades", "myFilters", "rateLimit/order")
}

# Nobody here ever has such a loan to repay.
NEVER = {f"POST {MARGIN}/liquidation-loan/repay"}


def test_every_endpoint_answers_in_its_published_shape(server: Server, answers: Tap, caller: Server):
    act(caller)
    trade_on_spot(caller)
    be_liquidated(server, caller)
    close_the_cross_account(caller)
    listen_to_risk(caller)
    sweep_crumbs(caller)
    have_special_keys(server, caller)
    settings(caller)
    server.control("POST", "event", {"at": 0, "do": "delist_spot", "symbol": "DOTUSDT", "in_hours": 48})
    server.control("POST", "event", {"at": 0, "do": "set_range", "symbol": "XRPUSDT", "reference": "2.5"})
    server.control("POST", "advance", {"ms": 3_600_000})
    read(caller)
    assert [(one.path, one.body) for one in answers.refused()] == []
    assert answers.wrongs() == []
    assert set(ENTRIES) - set(answers.calls()) == NEVER
    records = [one for one in answers.heard if one.path == f"{MARGIN}/forceLiquidationRec"]
    assert b'"rows":[{' in records[0].body
    fees = [one for one in answers.heard if one.path == f"{MARGIN}/capital-flow" and "type" in one.sent]
    assert b'"type":"LIQUIDATION_FEE"' in fees[0].body
