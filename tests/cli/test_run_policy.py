"""`policy check` on the paper world, and the rules in `status`: what would happen to each pair, and at which prices."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal as D
from pathlib import Path

import pytest

from marginbot.cli.main import main
from marginbot.domain.amounts import Symbol
from marginbot.domain.situation import RuleMemory
from marginbot.engine.journal.journal import Journal
from marginbot.engine.journal.notebook import Notebook
from marginbot.settings import state_dir
from tests.cli.paper_world import ALL, balances, documents

CONFIG = Path(__file__).parents[2] / "config"
SELL_BELOW = '[[policy]]\nname = "mine"\npairs = ["{pairs}"]\n[[policy.rule]]\nname = "sell"\ndo = "unwind"\n'


def written(folder: Path, level: str, pairs: str = "*") -> str:
    text = SELL_BELOW.format(pairs=pairs) + f'when = {{ margin_level_below = "{level}" }}\n'
    (folder / "p.toml").write_text(text)
    return "p.toml"


def words(capsys) -> str:
    return " ".join(capsys.readouterr().out.split())


def test_the_preset_is_told_for_every_pair_with_its_prices(marginbot, capsys):
    assert marginbot("policy", "check") == 0
    said = words(capsys)
    assert "Policy: the preset balanced on paper" in said
    assert "BTCUSDT: level 1.2531, index 100000, guarded by the preset balanced" in said
    # (0.05 p + 12.5) / 4000.12 = 1.1053 at 88,176.65
    assert "unwind: at 88176.65 (11.82 % lower), when the margin level is below 1.1053: close everything" in said
    assert "At once: repay idle coins (level 1.2531: the margin level is below 1.2805)" in said
    assert "ADAUSDT: nothing owed now" in said
    assert said.endswith("It fits every open pair.")


def test_the_check_as_a_document(marginbot, capsys, folder):
    found = documents(marginbot, capsys, "policy", "check", written(folder, "1.2", "BTC*"), code=0)
    assert (found["venue"], found["source"], found["fits"]) == ("paper", "p.toml", True)
    (ladder,) = found["ladders"]
    assert (ladder["name"], ladder["pairs"], ladder["problems"]) == ("mine", ["BTC*"], [])
    assert [pair["symbol"] for pair in found["pairs"]] == ALL
    btc, eth = found["pairs"][:2]
    (rule,) = btc["rules"]
    assert (rule["name"], rule["do"], rule["fires_now"], btc["at_once"]) == ("sell", "unwind", False, None)
    assert abs(D("4000.12") * D("1.2") - D("0.05") * D(rule["fires_at_price"]) - D("12.5")) < D("0.000001")
    assert eth["ladder"] == "alert-only"
    assert eth["alarms"] == ["ETHUSDT owes and no policy matches it: it is watched by the preset alert-only, nobody acts"]


def test_what_would_happen_at_once_is_said(marginbot, capsys, folder):
    found = documents(marginbot, capsys, "policy", "check", written(folder, "1.3"))
    assert found["pairs"][0]["at_once"] == {
        "name": "sell", "do": "unwind", "because": "level 1.2531: the margin level is below 1.3",
    }  # fmt: skip
    assert marginbot("policy", "check", "p.toml") == 0
    assert "sell: now, since the margin level is below 1.3: close everything" in words(capsys)


def test_a_ladder_that_does_not_fit_a_pair_fails_and_says_who_guards_it_instead(marginbot, capsys, folder):
    """SOLUSDT is a 5x pair and ADAUSDT a 3x pair: liquidated at 1.15 and 1.18, above a trigger of 1.1."""
    name = written(folder, "1.1")
    assert marginbot("policy", "check", name) == 1
    said = words(capsys)
    assert "SOLUSDT: level 2.15, index 200, guarded by the preset balanced" in said
    assert "does not fit: SOLUSDT: 'sell' fires at 1.1, too near to liquidation at 1.15" in said
    assert "does not fit: ADAUSDT: 'sell' fires at 1.1, too near to liquidation at 1.18" in said
    assert said.endswith("It does not fit. Nothing was sent.")
    found = documents(marginbot, capsys, "policy", "check", name, code=1)
    assert [bool(pair["problems"]) for pair in found["pairs"]] == [False, False, True, True]
    assert found["fits"] is False


def test_a_ladder_that_fits_no_pair_fails_even_where_none_is_open(marginbot, capsys, folder):
    name = written(folder, "1.01")
    assert marginbot("paper", "reset", "--scenario", "empty") == 0
    capsys.readouterr()
    assert marginbot("policy", "check", name) == 1
    said = words(capsys)
    assert "No isolated pair is open on this account" in said
    assert "sell: when the margin level is below 1.01, close everything" in said
    assert "does not fit: mine: 'sell' fires at 1.01, too near" in said


def test_pairs_without_debt_get_the_ladder_in_levels(marginbot, capsys, folder):
    assert marginbot("unwind", "--all", "--yes", "--quiet") == 0
    capsys.readouterr()
    assert marginbot("policy", "check", written(folder, "1.3")) == 0
    said = words(capsys)
    assert f"{', '.join(sorted(ALL))}: nothing owed now, guarded by the policy 'mine':" in said
    assert "sell: when the margin level is below 1.3, close everything" in said


def test_a_wrong_file_is_exit_2_and_names_the_rule_and_the_key(marginbot, capsys, folder):
    (folder / "p.toml").write_text(SELL_BELOW.format(pairs="*") + 'when = { margin_level_belo = "1.2" }\n')
    found = documents(marginbot, capsys, "policy", "check", "p.toml", code=2)
    assert found["key"] == "policy.rule.when.margin_level_belo"
    assert found["error"].startswith(
        "p.toml, policy 'mine', rule 'sell', when: margin_level_belo is not a condition; did you mean"
    )
    assert documents(marginbot, capsys, "policy", "check", "none.toml", code=2)["key"] == "policy.file"


def test_the_file_of_the_settings_is_checked_and_a_named_one_goes_before_it(marginbot, capsys, folder, monkeypatch):
    monkeypatch.setenv("MARGINBOT_POLICY__FILE", written(folder, "1.3"))
    assert documents(marginbot, capsys, "policy", "check")["source"] == "p.toml"
    example = str(CONFIG / "policy.example.toml")
    assert documents(marginbot, capsys, "policy", "check", example)["source"] == example
    monkeypatch.delenv("MARGINBOT_POLICY__FILE")
    monkeypatch.setenv("MARGINBOT_POLICY__PRESET", "cautious")
    assert documents(marginbot, capsys, "policy", "check")["source"] == "the preset cautious"
    assert documents(marginbot, capsys, "policy", "check", example)["source"] == example


def test_the_check_only_reads(marginbot, capsys, folder):
    assert marginbot("status") == 0
    before = balances(folder)
    assert marginbot("policy", "check", str(CONFIG / "policy.example.toml")) == 0
    assert balances(folder) == before
    capsys.readouterr()


# The rules in `status`


def test_status_tells_every_rule_its_price_and_that_it_is_armed(marginbot, capsys):
    btc, *_, ada = documents(marginbot, capsys, "status")["pairs"]
    assert [rule["name"] for rule in btc["rules"]] == ["warn", "repay idle coins", "deleverage", "unwind"]
    assert all(rule["armed"] for rule in btc["rules"])
    unwind = D(btc["rules"][-1]["fires_at_price"])
    assert abs(D("4000.12") * D("1.1053") - D("0.05") * unwind - D("12.5")) < D("0.000001")
    assert unwind > D(btc["liquidation_price"])
    assert [rule["fires_at_price"] for rule in ada["rules"]] == [None] * 4


def test_status_says_of_a_rule_that_fired_that_it_is_not_armed(marginbot, capsys):
    btc = Symbol("BTCUSDT")
    with closing(Journal.in_file(state_dir() / "journal.sqlite")) as journal:
        Notebook(journal.file, "1").remember(btc, "warn", RuleMemory(armed=False))
    pairs = documents(marginbot, capsys, "status")["pairs"]
    armed = {pair["symbol"]: {rule["name"]: rule["armed"] for rule in pair["rules"]} for pair in pairs}
    assert armed["BTCUSDT"] == {"warn": False, "repay idle coins": True, "deleverage": True, "unwind": True}
    assert all(armed["ADAUSDT"].values())
    assert marginbot("status") == 0
    assert "rules of BTCUSDT (balanced) warn (has fired), repay idle coins now" in words(capsys)


def test_status_shows_the_rules_of_pairs_in_debt_to_people(marginbot, capsys, folder, monkeypatch):
    assert marginbot("status") == 0
    said = words(capsys)
    assert "rules of BTCUSDT (balanced) warn now, repay idle coins now, deleverage at 93088.8, unwind at 88176.65" in said
    assert "rules of ADAUSDT" not in said
    monkeypatch.setenv("MARGINBOT_POLICY__FILE", written(folder, "1.2", "BTC*"))
    assert marginbot("status", "BTCUSDT", "ETHUSDT") == 0
    said = words(capsys)
    assert "rules of BTCUSDT (mine) sell at " in said
    assert "alarm: ETHUSDT owes and no policy matches it" in said


def test_status_with_a_wrong_policy_is_a_wrong_setting_and_an_unwind_goes_on(marginbot, capsys, monkeypatch):
    monkeypatch.setenv("MARGINBOT_POLICY__FILE", "none.toml")
    assert marginbot("status") == 2
    assert "none.toml cannot be read" in capsys.readouterr().err
    assert marginbot("unwind", "BTCUSDT", "--yes", "--quiet") == 0


@pytest.mark.parametrize("line", [("policy",), ("policy", "chek"), ("policy", "check", "a.toml", "b.toml")])
def test_a_wrong_command_line_is_exit_2(line, capsys):
    assert main(line) == 2
    capsys.readouterr()
