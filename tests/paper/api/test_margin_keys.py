"""A special margin key in use: it trades by /api/v3 on its margin account, and nothing else is open to it."""

from __future__ import annotations

import base64
from decimal import Decimal as D
from urllib.parse import quote, urlencode

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from marginbot.paper.books.world import World
from marginbot.paper.embedded import exchange_of
from tests.paper.api.client import ISOLATED, call, limit_order
from tests.paper.books.builders import EIGHT, a_world, pair
from tests.paper.shell import Wall, a_request, a_signed_request, code, read, sign

SELL = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.01"}
RESTING = {"symbol": "BTCUSDT", "side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "110000"}
SPOT = "/api/v3"


class Client:
    """Whoever holds a special key made in a world with a long BTCUSDT account."""

    def __init__(self, **params: str) -> None:
        self.world = a_world("long")
        self.world.config.vip_level = 7
        self.exchange = exchange_of(self.world, Wall(EIGHT))
        self.made = call(self.world, "POST", "margin/apiKey", apiName="fast", **params)

    def ask(self, method, path, peer="127.0.0.1", **params):
        """Decoded JSON; a refusal is its code."""
        text = urlencode({**params, "timestamp": EIGHT})
        signature = sign(text, self.made["secretKey"])
        request = a_request(method, path, f"{text}&signature={signature}", key=self.made["apiKey"], peer=peer)
        answer = self.exchange.handle(request)
        return read(answer) if answer.status == 200 else code(answer)


def test_an_order_trades_on_the_isolated_account_of_the_keys_pair():
    client = Client(symbol="BTCUSDT")
    answer = client.ask("POST", f"{SPOT}/order", **SELL)
    assert (answer["status"], answer["orderListId"], "isIsolated" in answer) == ("FILLED", -1, False)
    assert pair(client.world).base.free == D("0.04")
    (trade,) = client.ask("GET", f"{SPOT}/myTrades", symbol="BTCUSDT")
    assert (trade["orderId"], trade["quoteQty"], "isIsolated" in trade) == (answer["orderId"], "1000", False)
    margin = call(client.world, "GET", "margin/order", orderId=str(answer["orderId"]), **ISOLATED)
    assert margin["status"] == "FILLED"


def test_orders_are_found_listed_and_cancelled_in_the_form_of_spot():
    client = Client(symbol="BTCUSDT")
    number = client.ask("POST", f"{SPOT}/order", **RESTING)["orderId"]
    found = client.ask("GET", f"{SPOT}/order", symbol="BTCUSDT", orderId=number)
    assert (found["workingTime"], "isIsolated" in found) == (EIGHT, False)
    assert [client.ask("GET", f"{SPOT}/{name}", symbol="BTCUSDT") for name in ("openOrders", "allOrders")] == [[found], [found]]
    assert client.ask("GET", f"{SPOT}/openOrders") == [found]
    gone = client.ask("DELETE", f"{SPOT}/order", symbol="BTCUSDT", orderId=number)
    assert (gone["orderId"], gone["status"], "isIsolated" in gone) == (number, "CANCELED", False)


def test_everything_open_is_cancelled_with_the_lists_the_owner_placed():
    client = Client(symbol="BTCUSDT")
    limit_order(client.world, "SELL", "0.01", "110000", **ISOLATED)
    call(client.world, "POST", "margin/order/oco", side="SELL", quantity="0.01", price="110000", stopPrice="90000", **ISOLATED)
    single, many = client.ask("DELETE", f"{SPOT}/openOrders", symbol="BTCUSDT")
    assert "isIsolated" not in single
    assert "isIsolated" not in many
    assert [report["orderListId"] for report in many["orderReports"]] == [many["orderListId"]] * 2
    assert ["stopPrice" in report for report in many["orderReports"]] == [False, True]
    assert client.ask("DELETE", f"{SPOT}/openOrders", symbol="BTCUSDT") == -2011


def test_a_key_of_one_pair_is_refused_on_others_and_one_of_the_cross_account_trades_there():
    assert Client(symbol="BTCUSDT").ask("POST", f"{SPOT}/order", **SELL | {"symbol": "ETHUSDT"}) == -2010
    assert Client(symbol="BTCUSDT").ask("GET", f"{SPOT}/openOrders", symbol="ETHUSDT") == -2010
    cross = Client()
    assert cross.ask("POST", f"{SPOT}/order", **SELL) == -2010
    call(cross.world, "POST", "/sapi/v1/asset/transfer", type="MAIN_MARGIN", asset="USDT", amount="500")
    assert cross.ask("POST", f"{SPOT}/order", **SELL | {"side": "BUY", "quantity": "0.001"})["status"] == "FILLED"
    assert cross.ask("GET", f"{SPOT}/myTrades", symbol="BTCUSDT")[0]["qty"] == "0.001"


@pytest.mark.parametrize(
    ("method", "path", "params"),
    [
        ("GET", f"{SPOT}/account", {}),
        ("GET", "/sapi/v1/margin/isolated/account", {}),
        ("POST", "/sapi/v1/margin/order", SELL),
        ("GET", "/sapi/v1/account/apiRestrictions", {}),
    ],
)
def test_all_but_order_paths_are_closed_to_it(method, path, params):
    assert Client(symbol="BTCUSDT").ask(method, path, **params) == -2015


def test_it_is_good_for_its_addresses_only_and_until_it_is_deleted():
    client = Client(symbol="BTCUSDT", ip="10.0.0.1")
    assert client.ask("GET", f"{SPOT}/openOrders") == -2015
    assert client.ask("GET", f"{SPOT}/openOrders", peer="10.0.0.1") == []
    call(client.world, "DELETE", "margin/apiKey", apiName="fast", symbol="BTCUSDT")
    assert client.ask("GET", f"{SPOT}/openOrders", peer="10.0.0.1") == -2015


def test_orders_by_it_count_with_all_others():
    client = Client(symbol="BTCUSDT")
    client.ask("POST", f"{SPOT}/order", **RESTING)
    assert client.ask("GET", f"{SPOT}/rateLimit/order")[0]["count"] == 1
    assert call(client.world, "GET", "margin/rateLimit/order")[0]["count"] == 1


def test_a_key_for_reading_signs_with_ed25519_and_may_not_trade():
    private = Ed25519PrivateKey.generate()
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    public = private.public_key().public_bytes(*form).decode()
    client = Client(symbol="BTCUSDT", publicKey=public, permissionMode="READ")

    def ask(method, path, **params):
        text = urlencode({**params, "timestamp": EIGHT})
        signature = quote(base64.b64encode(private.sign(text.encode())), safe="")
        request = a_request(method, path, f"{text}&signature={signature}", key=client.made["apiKey"])
        answer = client.exchange.handle(request)
        return read(answer) if answer.status == 200 else code(answer)

    assert ask("GET", f"{SPOT}/openOrders") == []
    assert ask("POST", f"{SPOT}/order", **SELL) == -2015


def test_a_world_keeps_its_keys():
    client = Client(symbol="BTCUSDT")
    client.exchange = exchange_of(World.load(client.world.dump(), EIGHT), Wall(EIGHT))
    assert client.ask("GET", f"{SPOT}/openOrders") == []


def test_ordinary_keys_go_on_trading_on_spot():
    client = Client(symbol="BTCUSDT")
    request = a_signed_request("POST", f"{SPOT}/order", at=EIGHT, **SELL | {"side": "BUY", "quantity": "0.001"})
    assert read(client.exchange.handle(request))["status"] == "FILLED"
    assert client.ask("GET", f"{SPOT}/myTrades", symbol="BTCUSDT") == []
