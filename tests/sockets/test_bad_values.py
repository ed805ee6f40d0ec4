"""Values nobody can mean, in calls that are otherwise in order and in the controls: refused, and nothing is changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sockets.raw import exchange, get
from tests.sockets.server import ACCOUNT, LOAN, ORDER, TRANSFER, Server

pytestmark = pytest.mark.usefixtures("goes_on")
DEEP = "[" * 20_000


def signed(server: Server, method: str, path: str, **params: object) -> Any:
    """A call that is signed as it should be; the answer, whatever it is."""
    with pytest.raises(AssertionError) as refused:
        server.call(method, path, **params)
    return json.loads(str(refused.value).partition("\n")[0])


NUMBERS = [
    ("1e999999999", -1100),
    ("NaN", -1100),
    ("-1", -1100),
    ("+1", -1100),
    ("1_000", -1100),
    (" 1", -1100),
    ("Infinity", -1100),
    ("0x10", -1100),
    ("١", -1100),  # an Arabic digit
    ("9" * 10_000, -1100),
    ("0." + "0" * 10_000 + "1", -1100),
    ("0.000000001", -1111),
]


@pytest.mark.parametrize(("number", "code"), NUMBERS, ids=lambda value: repr(value)[:14])
def test_a_number_nobody_can_mean_is_refused(server: Server, number: str, code: int):
    pair = {"symbol": "BTCUSDT", "isIsolated": "TRUE"}
    order = signed(server, "POST", ORDER, **pair, side="BUY", type="MARKET", quantity=number)
    loan = signed(server, "POST", LOAN, **pair, type="BORROW", asset="USDT", amount=number)
    moved = signed(server, "POST", TRANSFER, type="MAIN_ISOLATED_MARGIN", asset="USDT", amount=number, toSymbol="BTCUSDT")
    assert [answer["code"] for answer in (order, loan, moved)] == [code] * 3


@pytest.mark.parametrize("stamp", ["NaN", "1e999999999", "-1", "9" * 10_000, "", "%00"])
def test_a_timestamp_that_is_none_is_refused(server: Server, stamp: str):
    key = f"X-MBX-APIKEY: {server.key()}".encode()
    answer = exchange(server.url, get(f"{ACCOUNT}?timestamp={stamp}&signature=00", key))
    assert answer.code == (-1100 if stamp else -1105)
    assert exchange(server.url, get(f"{ACCOUNT}?timestamp=1&signature=00", b"X-MBX-APIKEY: \xff\xfe")).code == -2014


CONTROLS = [
    ("faults", "["),
    ("faults", DEEP),
    ("faults", '[{"kind": "answer", "status": 99999}]'),
    ("faults", '[{"kind": "answer", "status": -1}]'),
    ("faults", '[{"kind": "slow", "after_ms": 1e400}]'),
    ("price", '{"symbol": "BTCUSDT", "price": "NaN"}'),
    ("price", '{"symbol": "BTCUSDT", "price": "1_000"}'),
    ("price", '{"symbol": "BTCUSDT", "price": "1e-999999"}'),
    ("price", '{"symbol": "BTCUSDT", "price": "%s"}' % ("9" * 10_000)),
    ("switch", '{"name": "auto_repay_share", "value": "NaN"}'),
    ("switch", '{"name": "auto_repay_share", "value": "1e999999999"}'),
    ("switch", '{"name": "account_lag_ms", "value": "soon"}'),
    ("switch", '{"name": "extra_keys", "value": 1}'),
    ("event", '{"at": 1e308, "do": "set_speed", "speed": "1"}'),
    ("event", '{"at": -1, "do": "set_speed", "speed": "1"}'),
    ("event", '{"at": null, "do": "set_speed", "speed": "1"}'),
    ("event", '{"on": "*", "params": [1], "do": "set_speed", "speed": "1"}'),
    ("event", '{"on": "*", "nth": 1e300, "do": "set_speed", "speed": "1"}'),
    ("event", '{"at": 0, "do": "set_book", "symbol": "BTCUSDT", "levels": 1000000000}'),
    ("event", '{"at": 0, "do": "post_interest", "hours": 1000000000}'),
    ("event", '{"at": 0, "do": "change_filters", "symbol": "BTCUSDT", "step": "NaN"}'),
    ("advance", '{"ms": -1}'),
    ("advance", '{"ms": 9223372036854775807}'),
    ("keys", '{"rights": null}'),
    ("streams", '{"do": "dance"}'),
]


@pytest.mark.parametrize(("control", "body"), CONTROLS, ids=lambda value: value[:60])
def test_a_control_that_makes_no_sense_changes_nothing(server: Server, control: str, body: str):
    before = server.http.get("/api/v3/ticker/price").json(), server.control("GET", "events"), server.control("GET", "faults")
    answer = server.http.post(f"/paper/{control}", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, -1130), answer.text
    after = server.http.get("/api/v3/ticker/price").json(), server.control("GET", "events"), server.control("GET", "faults")
    assert after == before
