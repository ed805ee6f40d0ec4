"""Every endpoint served asks for what is published, weighs what is published, and draws on the budget that is published."""

import json
from pathlib import Path

import pytest

from marginbot.paper.api.endpoint import Security, WeightKind
from marginbot.paper.api.table import ENDPOINTS
from tests import conformance

PUBLISHED = json.loads(Path(conformance.__path__[0], "published.json").read_text("utf-8"))
KINDS = {WeightKind.API: "IP", WeightKind.SAPI_IP: "IP", WeightKind.SAPI_UID: "UID"}
SECURITIES = {
    Security.NONE: {"NONE"},
    Security.KEY: {"MARKET_DATA", "USER_STREAM"},
    Security.SIGNED: {"USER_DATA", "TRADE", "MARGIN"},
}
LATER = {
    "POST /sapi/v1/margin/order/oto",
    "POST /sapi/v1/margin/order/otoco",
    "GET /sapi/v1/margin/oto/openOrderList",
}
"""One order that triggers others: not emulated yet."""
everywhere = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: f"{one.method} {one.path}")


def published(endpoint):
    return PUBLISHED[f"{endpoint.method} {endpoint.path}"]


def sample(params):
    """Parameters of a sample; a number of symbols stands for as many of them."""
    many = params.get("symbols")
    return params if many is None else params | {"symbols": json.dumps([f"A{number}USDT" for number in range(many)])}


@everywhere
def test_the_parameters_are_those_published(endpoint):
    entry = published(endpoint)
    assert (set(endpoint.required), set(endpoint.optional)) == (set(entry["required"]), set(entry["optional"]))
    assert not set(endpoint.required) & set(endpoint.optional)


@everywhere
def test_the_call_identifies_itself_as_published(endpoint):
    assert published(endpoint)["security"] in SECURITIES[endpoint.security]


@everywhere
def test_the_weight_is_drawn_from_the_published_budget(endpoint):
    assert KINDS[endpoint.kind] == published(endpoint)["kind"]
    assert (endpoint.kind is WeightKind.API) == endpoint.path.startswith("/api/")


@everywhere
def test_the_weight_is_the_published_one(endpoint):
    for weight, params in published(endpoint)["weights"]:
        drawn = endpoint.weight if isinstance(endpoint.weight, int) else endpoint.weight(sample(params))
        assert (drawn, params) == (weight, params)


@everywhere
def test_a_call_is_free_when_done_where_that_is_published(endpoint):
    assert endpoint.free_when_done == ("weight_when_done" in published(endpoint))


def test_whatever_is_published_and_not_removed_is_served():
    missing = set(PUBLISHED) - {f"{endpoint.method} {endpoint.path}" for endpoint in ENDPOINTS}
    assert missing == LATER
