"""`plan` on the paper world: the way to flat, and not a step on it."""

import pytest

from tests.cli.paper_world import balances, documents


def test_the_plan_as_a_document_holds_every_step_and_what_it_would_cost(marginbot, capsys, folder):
    before = documents(marginbot, capsys, "status")["pairs"]
    plan = documents(marginbot, capsys, "plan", "BTCUSDT")
    assert (plan["outcome"], plan["venue"]) == ("planned", "paper")
    assert [(step["kind"], step["asset"], step["amount"]) for step in plan["steps"]] == [
        ("close", "BTC", "0.05"),
        ("repay", "USDT", "4000.12"),
        ("sweep", "USDT", "1006.8805"),
    ]
    assert all(step["client_id"] is step["exchange_id"] is step["started_at"] is None for step in plan["steps"])
    assert plan["cost"]["fees"] == {"USDT": "4.9995"}
    assert plan["swept"] == {}
    assert documents(marginbot, capsys, "status")["pairs"] == before
    assert documents(marginbot, capsys, "journal") == {"entries": []}
    assert "mb-" not in balances(folder)


def test_the_plan_as_a_table_says_why(marginbot, capsys):
    assert marginbot("plan", "ETHUSDT") == 0
    out, err = capsys.readouterr()
    words = " ".join(out.split())
    assert err == ""
    assert "buy 1.0011 ETH at market" in words
    assert "steps lead to flat" in words


def test_a_flat_pair_has_nothing_to_plan(marginbot, capsys):
    plan = documents(marginbot, capsys, "plan", "ADAUSDT")
    assert (plan["outcome"], plan["steps"]) == ("planned", [])
    assert plan["reason"].startswith("nothing to do")


@pytest.mark.parametrize(("into", "kept"), [("quote", {"USDT"}), ("keep", {"BTC", "USDT"}), ("base", {"BTC", "USDT"})])
def test_what_comes_home_follows_into(marginbot, capsys, into, kept):
    plan = documents(marginbot, capsys, "plan", "BTCUSDT", "--into", into)
    assert {step["asset"] for step in plan["steps"] if step["kind"] == "sweep"} == kept


def test_a_pair_never_opened_is_refused_and_an_unknown_one_is_a_wrong_word(marginbot, capsys):
    assert "never opened" in documents(marginbot, capsys, "plan", "XRPUSDT", code=3)["reason"]
    assert "did you mean" in documents(marginbot, capsys, "plan", "XRPUSD", code=2)["error"]
