"""ccxt, unpatched, lives a whole life on the testnet: its unified calls where it has them, its raw ones for order lists."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.clients import a_ccxt, optional
from tests.conformance.life import PAIR, check_life
from tests.conformance.tap import Tap
from tests.sockets.server import Server

ccxt = optional("ccxt", "ccxt")

SYMBOL = "BTC/USDT"
HERE = {"marginMode": "isolated"}
RAW = {"symbol": PAIR, "isIsolated": "TRUE"}


@pytest.fixture
def client(server: Server, answers: Tap) -> Iterator[Any]:
    with a_ccxt(answers.url, server.key(), server.ready["api_secret"]) as client:
        client.load_markets()
        yield client


def test_ccxt_lives_a_whole_life(server: Server, answers: Tap, client: Any) -> None:
    assert client.markets[SYMBOL]["margin"]
    client.transfer("USDT", 1000, "spot", "isolated", {"symbol": SYMBOL})
    client.borrow_isolated_margin(SYMBOL, "USDT", 1500)
    resting = client.create_order(SYMBOL, "limit", "buy", 0.005, 90_000, HERE)
    assert client.fetch_order(resting["id"], SYMBOL, HERE)["status"] == "open"
    assert [order["id"] for order in client.fetch_open_orders(SYMBOL, params=HERE)] == [resting["id"]]
    assert client.cancel_order(resting["id"], SYMBOL, HERE)["status"] == "canceled"
    assert client.create_order(SYMBOL, "market", "buy", 0.02, params=HERE)["status"] == "closed"
    sizes = {"side": "SELL", "quantity": "0.01", "price": "110000", "stopPrice": "90000"}
    limits = {"stopLimitPrice": "89900", "stopLimitTimeInForce": "GTC"}
    pair_of_orders = client.sapi_post_margin_order_oco({**RAW, **sizes, **limits})
    named = {**RAW, "orderListId": pair_of_orders["orderListId"]}
    assert client.sapi_get_margin_orderlist(named)["listStatusType"] == "EXEC_STARTED"
    assert len(client.sapi_get_margin_openorderlist(RAW)) == 1
    assert client.sapi_delete_margin_orderlist(named)["listStatusType"] == "ALL_DONE"
    held = client.fetch_balance({"symbols": [SYMBOL], **HERE})["BTC"]["free"]
    client.create_order(SYMBOL, "market", "sell", client.amount_to_precision(SYMBOL, held), params=HERE)
    owed = client.fetch_balance({"symbols": [SYMBOL], **HERE})["USDT"]["debt"]
    row = server.row(PAIR)["quoteAsset"]
    assert Decimal(str(owed)) == Decimal(row["borrowed"]) + Decimal(row["interest"])
    client.repay_isolated_margin(SYMBOL, "USDT", owed)
    assert client.sapi_get_margin_borrow_repay({"type": "REPAY", "isolatedSymbol": PAIR})["total"] == 1
    assert len(client.fetch_borrow_interest(symbol=SYMBOL)) == 1
    assert len(client.fetch_my_trades(SYMBOL, params=HERE)) == 2
    assert len(client.fetch_orders(SYMBOL, params=HERE)) == 5
    left = client.sapi_get_margin_maxtransferable({"asset": "USDT", "isolatedSymbol": PAIR})["amount"]
    client.transfer("USDT", float(left), "isolated", "spot", {"symbol": SYMBOL})
    assert len(client.fetch_transfers("USDT", params={"type": "ISOLATED_MARGIN_MAIN"})) == 1
    check_life(server, answers)


def test_ccxt_understands_refusals(client: Any) -> None:
    with pytest.raises(ccxt.OrderNotFound):
        client.cancel_order("1", SYMBOL, HERE)
    with pytest.raises(ccxt.InsufficientFunds):
        client.create_order(SYMBOL, "market", "sell", 50, params={})


def test_a_client_pointed_only_half_at_the_testnet_never_leaves_this_machine(server: Server) -> None:
    half = ccxt.binance({"urls": {"api": {"public": f"{server.url}/api/v3"}}})
    with pytest.raises(AssertionError, match="left the machine"):
        half.load_markets()
    half.session.close()
