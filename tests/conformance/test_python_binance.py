"""python-binance's own synchronous client, unpatched, lives a whole life on the testnet."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from binance.client import Client
from binance.exceptions import BinanceAPIException

from tests.conformance.clients import python_binance
from tests.conformance.life import PAIR, check_life
from tests.conformance.tap import Tap
from tests.sockets.server import Server

HERE = {"symbol": PAIR, "isIsolated": "TRUE"}
LOAN = {"asset": "USDT", "isIsolated": "TRUE", "symbol": PAIR}


@pytest.fixture
def client(server: Server, answers: Tap) -> Iterator[Client]:
    with python_binance(answers.url, server.key(), server.ready["api_secret"]) as client:
        yield client


def test_python_binance_lives_a_whole_life(server: Server, answers: Tap, client: Client) -> None:
    client.get_exchange_info()
    client.get_all_isolated_margin_symbols()
    client.make_universal_transfer(type="MAIN_ISOLATED_MARGIN", asset="USDT", amount="1000", toSymbol=PAIR)
    client.margin_borrow_repay(**LOAN, amount="1500", type="BORROW")
    resting = client.create_margin_order(**HERE, side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.005", price="90000")
    assert client.get_margin_order(**HERE, orderId=resting["orderId"])["status"] == "NEW"
    assert [order["orderId"] for order in client.get_open_margin_orders(**HERE)] == [resting["orderId"]]
    assert client.cancel_margin_order(**HERE, orderId=resting["orderId"])["status"] == "CANCELED"
    assert client.create_margin_order(**HERE, side="BUY", type="MARKET", quantity="0.02")["status"] == "FILLED"
    pair_of_orders = client.create_margin_oco_order(
        **HERE, side="SELL", quantity="0.01", price="110000", stopPrice="90000", stopLimitPrice="89900",
        stopLimitTimeInForce="GTC",
    )  # fmt: skip
    list_id = pair_of_orders["orderListId"]
    assert client.get_margin_oco_order(**HERE, orderListId=list_id)["listStatusType"] == "EXEC_STARTED"
    assert len(client.get_open_margin_oco_orders(**HERE)) == 1
    assert client.cancel_margin_oco_order(**HERE, orderListId=list_id)["listStatusType"] == "ALL_DONE"
    held = Decimal(client.get_isolated_margin_account(symbols=PAIR)["assets"][0]["baseAsset"]["free"])
    client.create_margin_order(**HERE, side="SELL", type="MARKET", quantity=f"{held.quantize(Decimal('0.00001')):f}")
    row = client.get_isolated_margin_account(symbols=PAIR)["assets"][0]["quoteAsset"]
    debt = Decimal(row["borrowed"]) + Decimal(row["interest"])
    client.margin_borrow_repay(**LOAN, amount=f"{debt:f}", type="REPAY")
    assert client.margin_get_borrow_repay_records(type="REPAY", isolatedSymbol=PAIR)["total"] == 1
    assert client.get_margin_interest_history(isolatedSymbol=PAIR)["total"] == 1
    assert len(client.get_margin_trades(**HERE)) == 2
    assert len(client.get_all_margin_orders(**HERE)) == 5
    assert client.get_margin_force_liquidation_rec(isolatedSymbol=PAIR)["total"] == 0
    left = client.get_max_margin_transfer(asset="USDT", isolatedSymbol=PAIR)["amount"]
    client.make_universal_transfer(type="ISOLATED_MARGIN_MAIN", asset="USDT", amount=left, fromSymbol=PAIR)
    assert client.query_universal_transfer_history(type="ISOLATED_MARGIN_MAIN", fromSymbol=PAIR)["total"] == 1
    check_life(server, answers)


def test_python_binance_understands_a_refusal(client: Client) -> None:
    with pytest.raises(BinanceAPIException) as refused:
        client.cancel_margin_order(**HERE, orderId=1)
    assert refused.value.code == -2011
