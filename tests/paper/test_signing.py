"""What is signed, by which key, and when it counts."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from marginbot.paper.errors import PaperError
from marginbot.paper.keys import FULL_RIGHTS, PAPER_API_KEY, PAPER_API_SECRET, KeyKind, KeyRegistry
from marginbot.paper.signing import text_to_sign
from tests.paper.shell import (
    ACCOUNT,
    NOW,
    PAIRS,
    TRANSFER,
    UID,
    a_request,
    a_signed_request,
    an_exchange,
    code,
    read,
    sign,
    signed,
)

DOC_SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
DOC_TEXT = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
DOC_SIGNATURE = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"


@pytest.mark.parametrize("signature", [DOC_SIGNATURE, DOC_SIGNATURE.upper()])
def test_the_documented_vector_verifies_in_either_case(signature):
    key = KeyRegistry().add_hmac(UID, "k", DOC_SECRET)
    assert key.verifies(DOC_TEXT.encode(), signature)
    assert not key.verifies(DOC_TEXT.encode() + b"0", signature)


def test_the_text_is_query_then_body_without_the_signature_wherever_it_stands():
    assert text_to_sign(a_request("POST", ACCOUNT, "a=1&signature=ff&b=2", "c=3")) == b"a=1&b=2c=3"
    assert text_to_sign(a_request("POST", ACCOUNT, "a=1", "signature=ff&c=3")) == b"a=1c=3"
    assert text_to_sign(a_request("POST", ACCOUNT, "", "c=3&signature=ff")) == b"c=3"


@pytest.mark.parametrize("value", ["BTCUSDT,ETHUSDT", "BTCUSDT%2CETHUSDT", "%5B%22BTCUSDT%22%5D"])
def test_commas_may_stay_and_brackets_and_quotes_must_be_encoded_before_signing(value):
    request = a_request("GET", ACCOUNT, signed(f"symbols={value}&timestamp={NOW}"))
    assert an_exchange().handle(request).status == 200


@pytest.mark.parametrize("value", ['["BTCUSDT"]', "[BTCUSDT]", "BTC USDT", "{}", "币安"])
def test_a_signature_over_the_raw_form_is_refused_even_when_it_matches(value):
    request = a_request("GET", ACCOUNT, signed(f"symbols={value}&timestamp={NOW}"))
    assert code(an_exchange().handle(request)) == -1022


def test_a_signature_over_the_raw_form_that_was_encoded_afterwards_is_refused():
    raw = f'symbols=["BTCUSDT"]&timestamp={NOW}'
    encoded = quote('["BTCUSDT"]')
    sent = f"symbols={encoded}&timestamp={NOW}&signature={sign(raw)}"
    assert code(an_exchange().handle(a_request("GET", ACCOUNT, sent))) == -1022


@pytest.mark.parametrize("signature", ["", "00", "zz", "0" * 64])
def test_a_wrong_signature_is_refused(signature):
    answer = an_exchange().handle(a_request("GET", ACCOUNT, f"timestamp={NOW}&signature={signature}"))
    assert code(answer) == (-1022 if signature else -1105)


def test_a_missing_signature_or_timestamp_is_named():
    exchange = an_exchange()
    assert read(exchange.handle(a_request("GET", ACCOUNT, f"timestamp={NOW}"))) == {
        "code": -1102,
        "msg": "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.",
    }
    assert "'timestamp'" in read(exchange.handle(a_request("GET", ACCOUNT, signed("symbols=BTCUSDT"))))["msg"]


@pytest.mark.parametrize(("key", "expected"), [(None, -2014), ("not alnum", -2014), ("unknown", -2015)])
def test_a_bad_key_is_answered_with_401(key, expected):
    answer = an_exchange().handle(a_request("GET", PAIRS, key=key))
    assert (answer.status, code(answer)) == (401, expected)


def test_a_signature_where_none_is_needed_does_no_harm():
    request = a_request("GET", PAIRS, f"timestamp={NOW}&recvWindow=10000&signature=whatever")
    assert an_exchange().handle(request).status == 200


def test_a_key_without_the_right_is_refused_for_that_call_only():
    exchange = an_exchange()
    exchange.keys.add_hmac(UID, PAPER_API_KEY, PAPER_API_SECRET, {**FULL_RIGHTS, "permitsUniversalTransfer": False})
    assert code(exchange.handle(a_signed_request("POST", TRANSFER, asset="USDT"))) == -2015
    assert exchange.handle(a_signed_request("GET", ACCOUNT)).status == 200


@pytest.mark.parametrize(
    ("behind_ms", "window", "accepted"),
    [
        (0, "5000", True),
        (5000, "5000", True),
        (5001, "5000", False),
        (-999, "5000", True),
        (-1000, "5000", False),
        (60_000, "60000", True),
        (1, "0.5", False),
        (1, "1.5", True),
    ],
)
def test_the_time_rule_holds_on_both_sides(behind_ms, window, accepted):
    answer = an_exchange().handle(a_signed_request("GET", ACCOUNT, at=NOW - behind_ms, recvWindow=window))
    assert answer.status == (200 if accepted else 400)
    if not accepted:
        assert read(answer) == {
            "code": -1021,
            "msg": "Timestamp for this request was 1000ms ahead of the server's time."
            if behind_ms < 0
            else "Timestamp for this request is outside of the recvWindow.",
        }


def test_the_default_window_is_five_seconds():
    exchange = an_exchange()
    assert exchange.handle(a_signed_request("GET", ACCOUNT, at=NOW - 5000)).status == 200
    assert code(exchange.handle(a_signed_request("GET", ACCOUNT, at=NOW - 5001))) == -1021


def test_microseconds_are_understood():
    assert an_exchange().handle(a_signed_request("GET", ACCOUNT, at=NOW * 1000)).status == 200
    assert code(an_exchange().handle(a_signed_request("GET", ACCOUNT, at=NOW * 1000 + 1_000_000))) == -1021


def test_a_window_beyond_a_minute_is_refused():
    assert code(an_exchange().handle(a_signed_request("GET", ACCOUNT, recvWindow=60_001))) == -1131


@pytest.mark.parametrize("stamp", ["soon", "1e12", "-5"])
def test_a_timestamp_that_is_no_number_is_refused(stamp):
    assert code(an_exchange().handle(a_signed_request("GET", ACCOUNT, at=stamp))) == -1100


def test_an_ed25519_key_signs_and_its_base64_must_be_encoded():
    private = ed25519.Ed25519PrivateKey.generate()
    exchange = an_exchange()
    key = exchange.keys.add_public_key(UID, _pem(private.public_key()))
    text = f"timestamp={NOW}"
    signature = base64.b64encode(private.sign(text.encode())).decode()
    good = a_request("GET", ACCOUNT, f"{text}&signature={quote(signature, safe='')}", key=key.api_key)
    assert (key.kind, len(key.api_key)) == (KeyKind.ED25519, 64)
    assert exchange.handle(good).status == 200
    bad = a_request("GET", ACCOUNT, f"{text}&signature={quote(signature.swapcase(), safe='')}", key=key.api_key)
    assert code(exchange.handle(bad)) == -1022


def test_an_rsa_key_signs():
    private = rsa.generate_private_key(65537, 2048)
    exchange = an_exchange()
    key = exchange.keys.add_public_key(UID, _pem(private.public_key()))
    text = f"timestamp={NOW}"
    signature = base64.b64encode(private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
    assert (
        exchange.handle(a_request("GET", ACCOUNT, f"{text}&signature={quote(signature, safe='')}", key=key.api_key)).status == 200
    )


def test_what_is_no_public_key_is_named_as_such():
    with pytest.raises(PaperError, match="not a PEM"):
        KeyRegistry().add_public_key(UID, b"hello")


def test_a_key_never_shows_its_secret():
    assert "Secret" not in repr(KeyRegistry().add_hmac(UID, PAPER_API_KEY, PAPER_API_SECRET))


def _pem(public):
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
