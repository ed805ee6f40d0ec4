"""What is wrong with a call decides its code: one wrong call a line, sent raw over HTTP."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.conformance.life import MARGIN
from tests.conformance.shapes import REFUSAL, wrongs
from tests.sockets.server import ACCOUNT, LOAN, ORDER, TRANSFER, Server

SPOT = "/api/v3/order"
PAIR = "symbol=BTCUSDT"
HERE = f"{PAIR}&isIsolated=TRUE"
BUY, SELL = "side=BUY&type=MARKET", "side=SELL&type=MARKET"
LIMIT = f"{HERE}&side=BUY&type=LIMIT&timeInForce=GTC"
LEND = f"{HERE}&asset=USDT&type=BORROW"
PAY = f"{HERE}&asset=USDT&type=REPAY"
OUT = "type=ISOLATED_MARGIN_MAIN&asset=USDT&fromSymbol=BTCUSDT"
OCO = f"{HERE}&side=SELL&quantity=0.001&price=110000&stopPrice=90000"

Edit = Callable[[str], str]


@dataclass(frozen=True)
class Wrong:
    """A call and the code that answers it. `edit` changes the signed text before it is sent."""

    code: int
    method: str
    path: str
    text: str = ""
    edit: Edit = str
    shift_ms: int = 0
    key: str | None = ""
    status: int = 400


PARAMETERS = (
    Wrong(-1100, "GET", ORDER, f"{HERE}&orderId=12x"),
    Wrong(-1100, "POST", ORDER, f"{HERE}&{BUY}&quantity=a%20lot"),
    Wrong(-1100, "POST", ORDER, f"{HERE}&{BUY}&quantity=0.001&newClientOrderId=%C3%A4"),
    Wrong(-1101, "GET", ACCOUNT, "symbols=BTCUSDT&symbols=ETHUSDT"),
    Wrong(-1102, "POST", ORDER, f"{HERE}&side=BUY"),
    Wrong(-1102, "POST", ORDER, f"{HERE}&{BUY}"),
    Wrong(-1102, "POST", ORDER, f"{LIMIT}&quantity=0.001"),
    Wrong(-1102, "GET", ORDER, HERE),
    Wrong(-1102, "GET", f"{MARGIN}/openOrders", "isIsolated=TRUE"),
    Wrong(-1102, "POST", LOAN, "isIsolated=TRUE&asset=USDT&type=BORROW&amount=10"),
    Wrong(-1102, "POST", f"{MARGIN}/order/oco", f"{OCO}&stopLimitPrice=89900"),
    Wrong(-1104, "GET", "/api/v3/account", "colour=blue"),
    Wrong(-1105, "GET", ACCOUNT, "symbols="),
    Wrong(-1106, "POST", ORDER, f"{HERE}&{BUY}&quantity=0.001&timeInForce=GTC"),
    Wrong(-1106, "POST", ORDER, f"{HERE}&{BUY}&quantity=0.001&price=90000"),
    Wrong(-1111, "POST", ORDER, f"{HERE}&{BUY}&quantity=0.123456789"),
    Wrong(-1115, "POST", ORDER, f"{HERE}&side=BUY&type=LIMIT&timeInForce=SOON&quantity=0.001&price=90000"),
    Wrong(-1116, "POST", ORDER, f"{HERE}&side=BUY&type=HOPE&quantity=0.001"),
    Wrong(-1117, "POST", ORDER, f"{HERE}&side=HOLD&type=MARKET&quantity=0.001"),
    Wrong(-1120, "GET", "/api/v3/klines", f"{PAIR}&interval=7m", key=None),
    Wrong(-1121, "POST", ORDER, f"symbol=NOSUCHPAIR&isIsolated=TRUE&{BUY}&quantity=1"),
    Wrong(-1121, "GET", "/api/v3/depth", "symbol=NOSUCHPAIR", key=None),
    Wrong(-1127, "GET", f"{MARGIN}/allOrders", f"{HERE}&startTime=1700000000000&endTime=1700200000000"),
    Wrong(-1128, "POST", ORDER, f"{HERE}&{BUY}&quantity=0.001&quoteOrderQty=100"),
    Wrong(-1130, "GET", LOAN, "type=REPAY&size=101"),
    Wrong(-1102, "GET", f"{MARGIN}/available-inventory"),
    Wrong(-1102, "GET", f"{MARGIN}/exchange-small-liability-history", "current=1"),
    Wrong(-1102, "GET", f"{MARGIN}/myPreventedMatches", PAIR),
    Wrong(-1102, "POST", f"{MARGIN}/manual-liquidation", "type=ISOLATED"),
    Wrong(-1102, "PUT", f"{MARGIN}/listen-key"),
    Wrong(-1127, "GET", f"{MARGIN}/interestRateHistory", "asset=USDT&startTime=1700000000000&endTime=1703000000000"),
    Wrong(-1130, "POST", f"{MARGIN}/max-leverage", "maxLeverage=7"),
    Wrong(-1130, "GET", f"{MARGIN}/capital-flow", "type=INTEREST"),
    Wrong(-4047, "GET", f"{MARGIN}/capital-flow", f"{PAIR}&startTime=1700000000000&endTime=1700604800001"),
)
IDENTITY = (
    Wrong(-2014, "GET", ACCOUNT, key=None, status=401),
    Wrong(-2014, "GET", ACCOUNT, key="not-a-key!", status=401),
    Wrong(-2015, "GET", ACCOUNT, key="A" * 64, status=401),
    Wrong(-1022, "GET", ACCOUNT, edit=lambda text: text[:-4] + "0000"),
    Wrong(-1022, "POST", ORDER, f"{HERE}&{BUY}&quantity=0.001", edit=lambda text: text.replace("0.001", "0.002")),
    Wrong(-1022, "GET", "/api/v3/account", edit=lambda text: text.replace("&signature", "&recvWindow=9000&signature")),
    Wrong(-1102, "GET", ACCOUNT, edit=lambda text: text.partition("&signature")[0]),
    Wrong(-1102, "GET", ACCOUNT, edit=lambda text: "symbols=BTCUSDT"),
    Wrong(-1021, "GET", ACCOUNT, shift_ms=-6_000),
    Wrong(-1021, "GET", ACCOUNT, shift_ms=10_000),
    Wrong(-1131, "GET", ACCOUNT, "recvWindow=60001"),
)
REFUSALS = (
    Wrong(-2010, "POST", ORDER, f"{HERE}&{SELL}&quantity=0.5"),
    Wrong(-2010, "POST", SPOT, f"{PAIR}&{SELL}&quantity=50"),
    Wrong(-2010, "POST", ORDER, f"{HERE}&side=BUY&type=LIMIT_MAKER&quantity=0.001&price=110000"),
    Wrong(-2010, "POST", ORDER, f"{HERE}&side=SELL&type=STOP_LOSS&quantity=0.001&stopPrice=110000"),
    Wrong(-2011, "DELETE", ORDER, f"{HERE}&orderId=1"),
    Wrong(-2011, "DELETE", f"{MARGIN}/openOrders", HERE),
    Wrong(-2011, "DELETE", f"{MARGIN}/orderList", f"{HERE}&orderListId=1"),
    Wrong(-2013, "GET", ORDER, f"{HERE}&origClientOrderId=nobodys"),
    Wrong(-1013, "POST", ORDER, f"{HERE}&{BUY}&quantity=0.000001"),
    Wrong(-1013, "POST", ORDER, f"{LIMIT}&quantity=0.001&price=90000.001"),
    Wrong(-1013, "POST", ORDER, f"{LIMIT}&quantity=0.001&price=1000"),
    Wrong(-1013, "POST", SPOT, f"{PAIR}&{BUY}&quantity=0.00001"),
    Wrong(-1013, "POST", ORDER, f"{HERE}&{BUY}&quantity=0.00001"),
    Wrong(-1002, "POST", f"{MARGIN}/manual-liquidation", f"type=ISOLATED&{PAIR}"),
    Wrong(-3010, "POST", f"{MARGIN}/manual-liquidation", "type=MARGIN"),
    Wrong(-3026, "POST", f"{MARGIN}/exchange-small-liability", "assetNames=ETH"),
    Wrong(-3036, "POST", f"{MARGIN}/liquidation-loan/repay", "asset=USDC&amount=1"),
    Wrong(-3038, "PUT", f"{MARGIN}/listen-key", "listenKey=nobodys"),
    Wrong(-3038, "DELETE", "/sapi/v2/margin/listen-key"),
    Wrong(-3013, "POST", LOAN, "isIsolated=FALSE&asset=USDT&type=BORROW&amount=0.00000001"),
    Wrong(-3015, "POST", LOAN, f"{PAY}&amount=600"),
    Wrong(-3020, "POST", TRANSFER, f"{OUT}&amount=99999"),
    Wrong(-3027, "POST", LOAN, f"{HERE}&asset=NOSUCHCOIN&type=BORROW&amount=1"),
    Wrong(-3041, "POST", LOAN, f"{HERE}&asset=BTC&type=REPAY&amount=0.01"),
    Wrong(-5013, "POST", TRANSFER, "type=MAIN_ISOLATED_MARGIN&asset=USDT&amount=999999999&toSymbol=BTCUSDT"),
    Wrong(-11001, "POST", LOAN, "symbol=SOLUSDT&isIsolated=TRUE&asset=USDT&type=BORROW&amount=100"),
    Wrong(-11007, "POST", LOAN, f"{HERE}&asset=BTC&type=BORROW&amount=0.00000001"),
    Wrong(-11008, "POST", LOAN, f"{LEND}&amount=9000000"),
)


@pytest.fixture(scope="module")
def owing(server: Server) -> Server:
    """1000 of equity, 500 USDT and 0.01 BTC owed, the BTC sold, so that there is less free than owed."""
    server.open_pair("BTCUSDT")
    server.borrow("BTCUSDT", "USDT", "500")
    server.borrow("BTCUSDT", "BTC", "0.01")
    server.call("POST", ORDER, symbol="BTCUSDT", isIsolated="TRUE", side="SELL", type="MARKET", quantity="0.008")
    return server


def send(server: Server, wrong: Wrong) -> Any:
    text, key = wrong.text, server.key() if wrong.key == "" else wrong.key
    if wrong.key is not None or wrong.path == ACCOUNT:
        text = "&".join(part for part in (text, urlencode({"timestamp": server.now_ms() + wrong.shift_ms})) if part)
        text += "&signature=" + hmac.new(server.ready["api_secret"].encode(), text.encode(), hashlib.sha256).hexdigest()
    headers = {} if key is None else {"X-MBX-APIKEY": key}
    return server.http.request(wrong.method, f"{wrong.path}?{wrong.edit(text)}", headers=headers)


@pytest.mark.parametrize(
    "wrong", PARAMETERS + IDENTITY + REFUSALS, ids=lambda wrong: f"{wrong.code} {wrong.method} {wrong.path.split('/')[-1]}"
)
def test_a_wrong_call_gets_its_code(owing: Server, wrong: Wrong):
    before = owing.row("BTCUSDT")
    answer = send(owing, wrong)
    assert (answer.status_code, answer.json()["code"]) == (wrong.status, wrong.code), answer.text
    assert list(wrongs(answer.json(), REFUSAL)) == []
    assert owing.row("BTCUSDT")["quoteAsset"]["free"] == before["quoteAsset"]["free"]


def test_a_margin_order_too_small_can_be_refused_with_the_other_code(owing: Server):
    owing.control("POST", "switch", {"name": "margin_notional_code", "value": -20204})
    answer = send(owing, Wrong(-20204, "POST", ORDER, f"{HERE}&{BUY}&quantity=0.00001"))
    owing.control("POST", "switch", {"name": "margin_notional_code", "value": -1013})
    assert answer.json() == {"code": -20204, "msg": "Filter failure: NOTIONAL"}


def test_a_key_without_a_right_is_refused(server: Server):
    bare = server.control("POST", "keys", {"rights": {"enableSpotAndMarginTrading": False}})
    text = f"{HERE}&{BUY}&quantity=0.001&timestamp={server.now_ms()}"
    signature = hmac.new(bare["api_secret"].encode(), text.encode(), hashlib.sha256).hexdigest()
    answer = server.http.post(f"{ORDER}?{text}&signature={signature}", headers={"X-MBX-APIKEY": bare["api_key"]})
    assert (answer.status_code, answer.json()["code"]) == (401, -2015)


@pytest.mark.parametrize(
    ("path", "status"), [(f"{MARGIN}/loan", 404), (f"{MARGIN}/transfer", 404), ("/api/v3/userDataStream", 410)]
)
def test_a_path_the_exchange_has_removed_answers_with_a_page(server: Server, path: str, status: int):
    answer = server.http.post(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html")
