"""How parameters are read, and what is said about bad ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from marginbot.paper.exchange import Switches
from marginbot.paper.messages import Request
from marginbot.paper.params import ParamPolicy, UnknownParams, lenient_params, read_params
from tests.paper.shell import NOW, ORDER, PAIRS, REPAY, TIME, a_request, a_signed_request, an_exchange, code, read, signed


def test_query_and_form_are_mixed_and_the_query_wins():
    request = a_request("POST", REPAY, "asset=BTC", "asset=USDT&amount=1%2B1+2")
    assert read_params(request) == {"asset": "BTC", "amount": "1+1 2"}


@pytest.mark.parametrize(("query", "body"), [("a=1&a=2", ""), ("", "a=1&a=1")])
def test_a_name_twice_in_one_place_is_refused(query, body):
    answer = an_exchange().handle(a_request("POST", REPAY, query, body))
    assert read(answer) == {"code": -1101, "msg": "Duplicate values for a parameter detected."}


def test_a_missing_mandatory_parameter_is_named():
    answer = an_exchange().handle(a_signed_request("POST", REPAY, amount="1"))
    assert read(answer) == {"code": -1102, "msg": "Mandatory parameter 'asset' was not sent, was empty/null, or malformed."}


def test_an_empty_parameter_is_refused():
    assert read(an_exchange().handle(a_signed_request("POST", REPAY, asset="", amount="1"))) == {
        "code": -1105,
        "msg": "Parameter 'asset' was empty.",
    }


def test_unknown_parameters_are_refused_on_api_and_ignored_on_sapi():
    exchange = an_exchange()
    assert code(exchange.handle(a_request("GET", TIME, "foo=1"))) == -1104
    answer = exchange.handle(a_signed_request("POST", REPAY, asset="USDT", foo="1"))
    assert read(answer)["params"] == {"asset": "USDT"}


def test_unknown_parameters_can_be_refused_on_sapi_too():
    exchange = an_exchange(switches=Switches(params=ParamPolicy(sapi=UnknownParams.REFUSE)))
    assert code(exchange.handle(a_signed_request("POST", REPAY, asset="USDT", foo="1"))) == -1104
    assert exchange.handle(a_signed_request("POST", REPAY, asset="USDT")).status == 200


def test_the_handler_sees_neither_signature_nor_time():
    answer = an_exchange().handle(a_signed_request("POST", ORDER, symbol="BTCUSDT", recvWindow=5000))
    assert read(answer)["params"] == {"symbol": "BTCUSDT"}


def test_a_json_body_is_not_read():
    request = replace(a_request("POST", REPAY, "", '{"asset":"USDT"}'), headers={b"content-type": b"application/json"})
    assert code(an_exchange().handle(request)) == -1104


@pytest.mark.parametrize("query", [b"symbol=%ff", b"symbol=\xff"])
def test_text_that_is_not_utf8_is_refused(query):
    assert code(an_exchange().handle(replace(a_request("GET", PAIRS), query=query))) == -1100


def test_a_body_that_is_too_long_is_refused():
    answer = an_exchange().handle(a_request("POST", REPAY, "", "asset=" + "A" * 65_536))
    assert answer.status == 413


def test_paths_and_methods_nobody_serves_are_told_apart():
    exchange = an_exchange()
    unknown = exchange.handle(a_request("GET", "/sapi/v1/nothing"))
    assert unknown.status == 404
    assert b"<title>404 Not Found</title>" in unknown.body
    assert exchange.handle(a_request("POST", "/sapi/v1/margin/loan")).status == 404
    assert exchange.handle(a_request("POST", "/api/v3/userDataStream")).status == 410
    wrong = exchange.handle(a_request("DELETE", REPAY))
    assert (wrong.status, code(wrong)) == (405, -1020)


def test_a_defect_of_a_handler_is_answered_and_logged(caplog):
    answer = an_exchange().handle(a_signed_request("POST", REPAY, asset="BROKEN"))
    assert (answer.status, code(answer)) == (500, -1000)
    assert "ZeroDivisionError" in caplog.text
    assert "signature" not in caplog.text


def test_a_refusal_of_a_handler_goes_out_with_its_text():
    answer = an_exchange().handle(a_signed_request("POST", REPAY, asset="REFUSED"))
    assert (answer.status, read(answer)) == (400, {"code": -3041, "msg": "Balance is not enough"})


def test_the_log_shows_parameters_and_never_a_signature():
    exchange = an_exchange()
    exchange.handle(a_signed_request("POST", REPAY, asset="USDT"))
    entry = exchange.log[-1]
    assert (entry.method, entry.path, entry.status) == ("POST", REPAY, 200)
    assert entry.params() == {"asset": "USDT", "timestamp": str(NOW)}
    assert lenient_params(b"a=%ff&signature=x&&b", b"") == {"a": "�", "b": ""}


def test_an_extra_key_can_be_put_into_every_answer():
    exchange = an_exchange(switches=Switches(extra_keys=True))
    answer = read(exchange.handle(a_request("GET", TIME)))
    assert answer == {"serverTime": NOW, "paperExtraField": "unknown"}


def test_an_order_held_up_beyond_its_window_is_refused_in_front_of_the_engine():
    exchange = an_exchange()
    admitted = exchange.admit(a_signed_request("POST", ORDER, symbol="BTCUSDT"))
    exchange.skip(5001)
    assert not isinstance(admitted, Request)
    assert code(exchange.execute(admitted)) == -1021


def test_a_loan_held_up_beyond_its_window_is_carried_out():
    exchange = an_exchange()
    admitted = exchange.admit(a_signed_request("POST", REPAY, asset="USDT"))
    exchange.skip(5001)
    assert exchange.execute(admitted).status == 200


def test_signed_text_helper_is_what_the_exchange_accepts():
    assert an_exchange().handle(a_request("POST", REPAY, signed(f"asset=USDT&timestamp={NOW}"))).status == 200
