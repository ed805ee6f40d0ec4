"""The table of endpoints itself."""

import json

import pytest

from marginbot.paper.api.endpoint import Refusal, Security
from marginbot.paper.api.table import ENDPOINTS, RETIRED
from tests.paper.api.client import FULL
from tests.paper.books.builders import a_world

# What cannot be answered without a parameter that is not mandatory, or without something done before.
REFUSED = {
    ("POST", "/sapi/v1/bnbBurn"): -1102,
    ("GET", "/sapi/v1/margin/orderList"): -1102,
    ("DELETE", "/sapi/v1/margin/listen-key"): -3038,
    ("DELETE", "/sapi/v2/margin/listen-key"): -3038,
    **dict.fromkeys(
        (
            ("GET", "/sapi/v1/margin/apiKey"),
            ("DELETE", "/sapi/v1/margin/apiKey"),
            ("GET", "/sapi/v1/margin/api-key-list"),
            ("POST", "/sapi/v1/margin/exit-special-key-mode"),
        ),
        -3999,
    ),
}


def test_no_path_is_served_twice_and_no_removed_path_is_served():
    served = [(endpoint.method, endpoint.path) for endpoint in ENDPOINTS]
    assert len(served) == len(set(served))
    assert not RETIRED & set(served)


def test_removed_paths_include_those_old_clients_still_call():
    old = {("POST", "/sapi/v1/margin/loan"), ("POST", "/sapi/v1/margin/repay"), ("POST", "/api/v3/userDataStream")}
    assert old < RETIRED


def test_paths_without_a_key_need_no_right_and_all_others_do():
    for endpoint in ENDPOINTS:
        assert bool(endpoint.needs) == (endpoint.security is not Security.NONE)


@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if not e.required], ids=lambda e: f"{e.method} {e.path}")
def test_every_call_without_mandatory_parameters_answers_json_or_refuses(endpoint):
    code = REFUSED.get((endpoint.method, endpoint.path))
    if code is not None:
        with pytest.raises(Refusal, match=rf"^{code} "):
            endpoint.handler(a_world("default"), FULL, {})
        return
    assert json.dumps(endpoint.handler(a_world("default"), FULL, {}))


@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if "symbol" in e.required], ids=lambda e: f"{e.method} {e.path}")
def test_every_call_for_a_symbol_refuses_an_unknown_one(endpoint):
    params = {"symbol": "NOPE", "side": "BUY", "type": "MARKET", "quantity": "1", "orderId": "1", "interval": "1m"}
    params |= {"price": "1", "stopPrice": "1"} if "stopPrice" in endpoint.required else {}
    wanted = {name: params[name] for name in (*endpoint.required, *endpoint.optional) if name in params}
    with pytest.raises(Refusal, match=r"^-1121"):
        endpoint.handler(a_world(), FULL, wanted)
