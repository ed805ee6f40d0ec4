"""The scrubber: what is planted goes, what is needed to understand a recording stays."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginbot.exchange.messages import to_ms
from marginbot.exchange.recording.scrub import BEGINNING, FIRST_ID, HIDDEN, Scrubber
from marginbot.exchange.recording.tape import Exchanged

BEGAN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BEGAN_MS = to_ms(BEGAN)
# Not a key of anybody: a sentence, to be looked for.
KEY = "thisIsTheKeyThatNobodyMaySee"


def heard(body: Any, **query: str) -> Exchanged:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Exchanged("", "GET", "/sapi/v1/some", query, {}, 200, {}, raw)


def scrubbed(body: Any, *secrets: str) -> Any:
    one = heard(body)
    return Scrubber([one], secrets, BEGAN).json(one.body)


def test_a_known_secret_goes_wherever_it_stands():
    body = {KEY: f"the key is {KEY}.", "list": [KEY, {"x": f"{KEY}{KEY}"}]}
    assert scrubbed(body, KEY) == {HIDDEN: f"the key is {HIDDEN}.", "list": [HIDDEN, {"x": HIDDEN * 2}]}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("apiKey", "short"), ("secretKey", "s"), ("signature", "abc"), ("listenToken", "t"), ("listenKey", "l")),
        *(("email", "not an address"), ("ip", "home"), ("ipList", ["a", "b"]), ("address", "7 Some Street")),
        *(("mobilePhone", "1"), ("accountName", "Mine"), ("password", "p")),
    ],
)
def test_what_a_private_name_stands_for_goes_whatever_it_looks_like(name: str, value: object):
    hidden = [HIDDEN] * len(value) if isinstance(value, list) else HIDDEN
    assert scrubbed({name: value}) == {name: hidden}


def test_a_flag_with_a_private_name_stays():
    assert scrubbed({"ipRestrict": True, "hasApiKey": False}) == {"ipRestrict": True, "hasApiKey": False}


@pytest.mark.parametrize(
    "secret",
    [
        *("someone@example.org", "192.0.2.17", "2001:db8:0:0:0:0:0:1", "0x" + "1f" * 20, "bc1q" + "x7" * 19),
        *("k1" * 32, "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----", base64.b64encode(bytes(range(64))).decode()),
    ],
)
def test_what_looks_like_an_address_or_a_key_goes_from_the_middle_of_a_text(secret: str):
    assert scrubbed({"msg": f"from {secret} today"}) == {"msg": f"from {HIDDEN} today"}


def test_a_signature_in_an_address_goes():
    assert scrubbed({"msg": "GET /x?a=1&signature=abc123 failed"}) == {"msg": f"GET /x?a=1&signature={HIDDEN} failed"}


def test_the_account_number_is_zero_everywhere():
    body = {"uid": 354937868, "other": 354937868, "msg": "account 354937868 is closed", "UID": "354937868"}
    assert scrubbed(body) == {"uid": 0, "other": 0, "msg": "account 0 is closed", "UID": "0"}


def test_ids_are_replaced_alike_in_requests_and_answers_and_keep_their_order():
    one = heard({"rows": [{"tranId": 99000222, "txId": 99000111}], "orderListId": -1}, txId="99000222")
    two = heard({"msg": "no transaction 99000111", "orderId": "99000222"})
    scrubber = Scrubber([one, two], [], BEGAN)
    assert scrubber.params(one.query) == {"txId": str(FIRST_ID + 1)}
    assert scrubber.json(one.body) == {"rows": [{"tranId": FIRST_ID + 1, "txId": FIRST_ID}], "orderListId": -1}
    assert scrubber.json(two.body) == {"msg": f"no transaction {FIRST_ID}", "orderId": str(FIRST_ID + 1)}


def test_client_ids_are_counted():
    one = heard([{"clientOrderId": "web_of_someone"}, {"clientOrderId": "mb-1"}], origClientOrderId="mb-1")
    scrubber = Scrubber([one], [], BEGAN)
    assert [row["clientOrderId"] for row in scrubber.json(one.body)] == ["client-2", "client-1"]
    assert scrubber.params(one.query) == {"origClientOrderId": "client-1"}


def test_times_move_together_in_every_unit():
    body = {"serverTime": BEGAN_MS + 5, "timestamp": BEGAN_MS // 1000, "updateTime": (BEGAN_MS + 1) * 1000, "workingTime": -1}
    start = to_ms(BEGINNING)
    moved = {"serverTime": start + 5, "timestamp": start // 1000, "updateTime": (start + 1) * 1000, "workingTime": -1}
    assert scrubbed(body) == moved
    since = to_ms(BEGAN - timedelta(days=7))
    assert Scrubber([], [], BEGAN).params({"startTime": str(since)}) == {"startTime": str(to_ms(BEGINNING - timedelta(days=7)))}


def test_the_end_of_a_ban_moves_too():
    said = scrubbed({"code": -1003, "msg": f"IP banned until {BEGAN_MS + 60_000}."})
    assert said["msg"] == f"IP banned until {to_ms(BEGINNING) + 60_000}."


def test_what_a_recording_is_for_stays():
    body = {
        "assets": [{"symbol": "1000SATSUSDT", "free": "50300000001.44911105", "borrowed": "0E-8", "marginLevel": "999"}],
        "timeInForce": "GTC",
        "selfTradePreventionMode": "EXPIRE_MAKER",
        "lastPrice": "100000",
        "marginBuyBorrowAmount": 5,
        "price": None,
        "permissionSets": [["SPOT", "TRD_GRP_004"]],
        "limit": 200000,
    }
    assert scrubbed(body) == body


def test_a_page_that_is_no_json_is_scrubbed_as_text():
    scrubber = Scrubber([heard({"uid": 354937868})], [KEY], BEGAN)
    page = f"<html>{KEY} of 354937868 at 192.0.2.1</html>"
    assert scrubber.text(page) == f"<html>{HIDDEN} of 0 at {HIDDEN}</html>"
    assert scrubber.leaks(page)
    assert not scrubber.leaks(scrubber.text(page))


NAMES = st.sampled_from(["asset", "msg", "apiKey", "email", "uid", "orderId", "clientOrderId", "time", "rows", "ip", "note"])
PLANTED = st.text(st.sampled_from("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMN"), min_size=12, max_size=64)


@st.composite
def bodies_with_a_secret(draw: st.DrawFn) -> tuple[Any, str]:
    secret = draw(PLANTED)
    plain = st.none() | st.booleans() | st.integers(0, 10**12) | st.sampled_from(["1.5", "BTC", ""])
    where = st.sampled_from(["{}", "x {} y", "{}{}", "a={}&b=1", '"{}"', "[{}]"]).map(lambda text: text.replace("{}", secret))
    leaf = plain | where
    tree = st.recursive(leaf, lambda node: st.lists(node, max_size=4) | st.dictionaries(NAMES, node, max_size=4), max_leaves=12)
    return {"first": draw(tree), "planted": draw(where), secret: draw(tree)}, secret


@given(bodies_with_a_secret())
def test_a_planted_secret_never_survives(planted: tuple[Any, str]):
    body, secret = planted
    left = json.dumps(scrubbed(body, secret))
    assert secret not in left


@given(uid=st.integers(10**6, 10**12), where=st.sampled_from(["uid", "owner", "msg", "deep"]))
def test_an_account_number_never_survives(uid: int, where: str):
    spread: dict[str, Any] = {"uid": {}, "owner": {"owner": uid}, "msg": {"msg": f"of {uid}!"}, "deep": {"a": [{"b": [uid]}]}}
    assert str(uid) not in json.dumps(scrubbed({"uid": uid, **spread[where]}))
