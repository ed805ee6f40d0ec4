"""True answers made untrue, one by one."""

import pytest

from marginbot.paper.faults import Fault
from marginbot.paper.lies import REWRITES
from tests.paper.api.client import call
from tests.paper.books.builders import a_world


def answer():
    return call(a_world("default"), "GET", "margin/isolated/account")


def test_zeros_leave_names_and_index_alone():
    changed = REWRITES["all_zero"](answer())
    assert [row["symbol"] for row in changed["assets"]] == [row["symbol"] for row in answer()["assets"]]
    assert {row["quoteAsset"]["borrowed"] for row in changed["assets"]} == {"0"}
    assert changed["assets"][0]["indexPrice"] == "100000"


def test_only_a_level_that_means_something_becomes_odd():
    true, changed = answer()["assets"], REWRITES["odd_level"](answer())["assets"]
    assert float(changed[0]["marginLevel"]) == pytest.approx(float(true[0]["marginLevel"]) * 0.97)
    assert changed[-1]["marginLevel"] == "999"


def test_a_level_of_999_comes_with_its_status():
    row = REWRITES["level_999"](answer())["assets"][0]
    assert (row["marginLevel"], row["marginLevelStatus"]) == ("999", "EXCESSIVE")


def test_enabled_can_be_left_out():
    assert all("enabled" not in row for row in REWRITES["no_enabled"](answer())["assets"])


def test_rows_can_be_reversed_or_missing():
    assert REWRITES["reversed_rows"](answer())["assets"][-1]["symbol"] == "BTCUSDT"
    assert REWRITES["no_rows"]({"total": 2, "rows": [1, 2]}) == {"total": 0, "rows": []}
    assert REWRITES["no_rows"]([1, 2]) == []


def test_times_can_be_in_seconds():
    assert REWRITES["in_seconds"]({"rows": [{"timestamp": 1_700_000_000_123, "txId": 5_000}]}) == {
        "rows": [{"timestamp": 1_700_000_000, "txId": 5_000}]
    }


def test_decimals_can_be_padded_and_other_text_is_not():
    assert REWRITES["padded"]({"free": "0.5", "symbol": "BTCUSDT", "n": 3, "net": "-1"}) == {
        "free": "0.50000000",
        "symbol": "BTCUSDT",
        "n": 3,
        "net": "-1.00000000",
    }


@pytest.mark.parametrize("name", REWRITES)
def test_an_answer_of_another_shape_passes(name):
    assert REWRITES[name](None) is None


def test_a_rewrite_names_one_that_exists():
    with pytest.raises(ValueError, match="needs a `rewrite`"):
        Fault(kind="rewrite", rewrite="backwards")
    with pytest.raises(ValueError, match="needs a `rewrite`"):
        Fault(kind="slow", rewrite="all_zero")
