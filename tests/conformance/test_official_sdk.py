"""The exchange's own SDK for margin, unpatched, lives a whole life on the testnet."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.clients import official, optional
from tests.conformance.life import PAIR, check_life
from tests.conformance.tap import Tap
from tests.sockets.server import Server

errors = optional("binance_common.errors", "binance-sdk-margin-trading")
common = optional("binance_common.utils", "binance-sdk-margin-trading")

HERE = {"symbol": PAIR, "is_isolated": "TRUE"}
TRANSFER = "/sapi/v1/asset/transfer"


@pytest.fixture
def client(server: Server, answers: Tap) -> Iterator[Any]:
    with official(answers.url, server.key(), server.ready["api_secret"]) as client:
        yield client


def test_the_official_sdk_lives_a_whole_life(server: Server, answers: Tap, client: Any) -> None:
    def row() -> Any:
        return client.query_isolated_margin_account_info(symbols=PAIR).data().assets[0]

    client.get_all_isolated_margin_symbol()
    # Universal transfers are not in this package, and its own `send_signed_request` raises TypeError (8.8.0): the one beneath.
    session, config = client._session, client.configuration
    into = {"type": "MAIN_ISOLATED_MARGIN", "asset": "USDT", "amount": "1000", "toSymbol": PAIR}
    common.send_request(session, config, "POST", TRANSFER, into, is_signed=True)
    loan = {"asset": "USDT", "is_isolated": "TRUE", "symbol": PAIR}
    client.margin_account_borrow_repay(**loan, amount="1500", type="BORROW")
    limit = {"side": "BUY", "type": "LIMIT", "time_in_force": "GTC", "quantity": 0.005, "price": 90000.0}
    number = client.margin_account_new_order(**HERE, **limit).data().order_id
    assert client.query_margin_accounts_order(**HERE, order_id=number).data().status == "NEW"
    assert len(client.query_margin_accounts_open_orders(**HERE).data()) == 1
    assert client.margin_account_cancel_order(**HERE, order_id=number).data().status == "CANCELED"
    assert client.margin_account_new_order(**HERE, side="BUY", type="MARKET", quantity=0.02).data().status == "FILLED"
    prices = {"price": 110000.0, "stop_price": 90000.0, "stop_limit_price": 89900.0, "stop_limit_time_in_force": "GTC"}
    list_id = client.margin_account_new_oco(**HERE, side="SELL", quantity=0.01, **prices).data().order_list_id
    assert client.query_margin_accounts_oco(**HERE, order_list_id=list_id).data().list_status_type == "EXEC_STARTED"
    assert len(client.query_margin_accounts_open_oco(**HERE).data()) == 1
    assert client.margin_account_cancel_oco(**HERE, order_list_id=list_id).data().list_status_type == "ALL_DONE"
    held = Decimal(row().base_asset.free).quantize(Decimal("0.00001"))
    client.margin_account_new_order(**HERE, side="SELL", type="MARKET", quantity=float(held))
    owed = row().quote_asset
    debt = Decimal(owed.borrowed) + Decimal(owed.interest)
    client.margin_account_borrow_repay(**loan, amount=f"{debt:f}", type="REPAY")
    assert client.query_borrow_repay_records_in_margin_account(type="REPAY", isolated_symbol=PAIR).data().total == 1
    assert client.get_interest_history(isolated_symbol=PAIR).data().total == 1
    assert len(client.query_margin_accounts_trade_list(**HERE).data()) == 2
    assert len(client.query_margin_accounts_all_orders(**HERE).data()) == 5
    assert len(client.query_margin_accounts_all_oco(**HERE).data()) == 1
    left = client.query_max_transfer_out_amount(asset="USDT", isolated_symbol=PAIR).data().amount
    out = {"type": "ISOLATED_MARGIN_MAIN", "asset": "USDT", "amount": left, "fromSymbol": PAIR}
    common.send_request(session, config, "POST", TRANSFER, out, is_signed=True)
    assert client.get_cross_margin_transfer_history(isolated_symbol=PAIR).data().total == 2
    check_life(server, answers)


def test_the_official_sdk_understands_a_refusal(client: Any) -> None:
    with pytest.raises(errors.BadRequestError) as refused:
        client.margin_account_cancel_order(**HERE, order_id=1)
    assert refused.value.status_code == -2011
