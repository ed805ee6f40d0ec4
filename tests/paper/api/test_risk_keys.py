"""Listen keys of the cross account's risk stream."""

import pytest

from marginbot.paper.api.endpoint import Caller, Refusal
from tests.paper.api.client import BY_PATH, FULL, call
from tests.paper.books.builders import EIGHT, HOUR, MINUTE, a_world, account, after

PATHS = ("/sapi/v1/margin/listen-key", "/sapi/v2/margin/listen-key")


def ends(world):
    return [one.expires_ms for one in account(world).risk_keys]


@pytest.mark.parametrize("path", PATHS)
def test_a_key_that_works_is_given_again_and_lives_on(path):
    world = a_world()
    key = call(world, "POST", path)["listenKey"]
    assert call(after(world, 40 * MINUTE), "POST", path)["listenKey"] == key
    assert ends(world) == [EIGHT + 100 * MINUTE]


@pytest.mark.parametrize("path", PATHS)
def test_a_key_is_prolonged_by_its_name_and_ends_after_an_hour(path):
    world = a_world()
    key = call(world, "POST", path)["listenKey"]
    assert call(after(world, HOUR - 1), "PUT", path, listenKey=key) == {}
    assert ends(world) == [EIGHT + 2 * HOUR - 1]
    after(world, HOUR)
    with pytest.raises(Refusal, match=r"^-3038 "):
        call(world, "PUT", path, listenKey=key)
    assert call(world, "POST", path)["listenKey"] != key


@pytest.mark.parametrize("path", PATHS)
def test_a_closed_key_is_unknown_from_then_on(path):
    world = a_world()
    key = call(world, "POST", path)["listenKey"]
    assert call(world, "DELETE", path) == {}
    with pytest.raises(Refusal, match=r"^-3038 "):
        call(world, "PUT", path, listenKey=key)
    with pytest.raises(Refusal, match=r"^-3038 "):
        call(world, "DELETE", path)


def test_neither_version_nor_another_customer_knows_a_key():
    world = a_world()
    key, other = (call(world, "POST", path)["listenKey"] for path in PATHS)
    assert key != other
    with pytest.raises(Refusal, match=r"^-3038 "):
        call(world, "PUT", PATHS[1], listenKey=key)
    with pytest.raises(Refusal, match=r"^-3038 "):
        call(world, "PUT", PATHS[0], Caller(7, "other", FULL.rights), listenKey=key)


def test_closing_the_first_version_costs_most():
    weights = {(method, path): BY_PATH[method, path].weight for method in ("POST", "PUT", "DELETE") for path in PATHS}
    assert {name for name, weight in weights.items() if weight != 1} == {("DELETE", PATHS[0])}
    assert weights["DELETE", PATHS[0]] == 3000
