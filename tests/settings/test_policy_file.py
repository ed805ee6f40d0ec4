"""The policy file: what it says, and how it refuses what it does not understand, naming policy, rule and key."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from decimal import Decimal as D
from pathlib import Path

import pytest

from marginbot.domain.account import LevelStatus
from marginbot.domain.amounts import Symbol
from marginbot.domain.plan import Into
from marginbot.domain.policy import (
    AgeAbove,
    Budget,
    Cron,
    DelistingWithin,
    DistanceBelow,
    Do,
    InterestPaidAbove,
    LevelAbove,
    LevelBelow,
    OpenOrders,
    Policy,
    Preset,
    PriceAbove,
    PriceBelow,
    RateAbove,
    Rule,
    StatusAtLeast,
    Then,
    TrailingLevel,
)
from marginbot.errors import ConfigError
from marginbot.rules.soundness import problems
from marginbot.settings import load_settings
from marginbot.settings.policy_file import parse_policy, policy_of, read_policy
from tests.rules.policies import a_tier

EXAMPLE = Path(__file__).parents[2] / "config" / "policy.example.toml"
HEAD = '[[policy]]\npairs = ["*USDT"]\n'


def a_rule_text(**lines: str) -> str:
    """A rule that is fine but for the lines given; a line of "" is left out."""
    keys = {"name": '"sell"', "when": '{ margin_level_below = "1.25" }', "do": '"deleverage"', "target_level": '"1.4"'} | lines
    return "[[policy.rule]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items() if value)


def one_rule(**lines: str) -> Rule:
    return parse_policy(HEAD + a_rule_text(**lines), "p.toml").ladders[0].rules[0]


def refused(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as error:
        parse_policy(text, "p.toml")
    assert "\n" not in str(error.value)
    return error.value


def test_a_policy_is_ladders_of_rules_in_the_order_they_are_written():
    text = HEAD + 'name = "mine"\nbackstop = true\n' + a_rule_text() + a_rule_text(name='"b"', do='"unwind"', target_level="")
    policy = parse_policy(text, "p.toml")
    (ladder,) = policy.ladders
    assert (ladder.name, ladder.pairs, ladder.backstop) == ("mine", ("*USDT",), True)
    assert [(rule.name, rule.do) for rule in ladder.rules] == [("sell", Do.DELEVERAGE), ("b", Do.UNWIND)]
    assert policy.digest == hashlib.sha256(text.encode()).hexdigest()
    assert policy.preset is None


def test_what_is_left_out_has_the_defaults_of_the_rule():
    assert one_rule() == Rule("sell", LevelBelow(D("1.25")), Do.DELEVERAGE, target_level=D("1.4"))
    assert parse_policy(HEAD + a_rule_text(), "p.toml").ladders[0].name == "*USDT"


def test_the_first_policy_that_matches_is_a_pairs_own_and_names_may_be_small():
    text = '[[policy]]\npairs = ["btcusdt"]\npreset = "cautious"\n[[policy]]\npairs = ["*USDT", "ETH*"]\n' + a_rule_text()
    policy = parse_policy(text, "p.toml")
    found = [policy.ladder_of(Symbol(pair)) for pair in ("BTCUSDT", "SOLUSDT", "ETHBTC", "SOLBTC")]
    assert [ladder and ladder.name for ladder in found] == ["BTCUSDT", "*USDT, ETH*", "*USDT, ETH*", None]
    assert policy.ladders[0].preset is Preset.CAUTIOUS


@pytest.mark.parametrize(
    ("written", "when"),
    [
        ('margin_level_below = "1.25"', LevelBelow(D("1.25"))),
        ('margin_level_above = "3"', LevelAbove(D(3))),
        ("margin_level_above = 3", LevelAbove(D(3))),
        ('distance_to_liquidation_below = "7.5"', DistanceBelow(D("7.5"))),
        ('status_at_least = "margin_call"', StatusAtLeast(LevelStatus.MARGIN_CALL)),
        ('price_below = "90000"', PriceBelow(D(90000))),
        ('price_above = "0.00001234"', PriceAbove(D("0.00001234"))),
        ('rate_above = "0.1"', RateAbove(D("0.1"))),
        ('delisting_within = "3d"', DelistingWithin(timedelta(days=3))),
        ('cron = "*/15 8-18/2 1,15 jan-mar Mon,fri"', Cron("*/15 8-18/2 1,15 jan-mar mon,fri")),
        ('trailing_level = "0.2"', TrailingLevel(D("0.2"))),
        ('interest_paid_above = "50"', InterestPaidAbove(D(50))),
        ('age_above = "2w"', AgeAbove(timedelta(weeks=2))),
    ],
)
def test_every_condition_is_read(written, when):
    assert one_rule(when=f"{{ {written} }}", do='"alert"', target_level="").when == when


@pytest.mark.parametrize(
    ("do", "key", "written", "value"),
    [
        ("alert", "rearm_level", '"1.3"', D("1.3")),
        ("alert", "cool_down", '"90s"', timedelta(seconds=90)),
        ("alert", "cool_down", '"0s"', timedelta(0)),
        ("repay", "target_level", '"1.5"', D("1.5")),
        ("repay", "open_orders", '"leave"', OpenOrders.LEAVE),
        ("deleverage", "max_slippage_bps", '"12.5"', D("12.5")),
        ("deleverage", "open_orders", '"cancel_what_blocks"', OpenOrders.CANCEL),
        ("unwind", "into", '"keep"', Into.KEEP),
        ("unwind", "sweep_home", "false", False),
        ("unwind", "max_slippage_bps", "200", D(200)),
    ],
)
def test_every_option_is_read(do, key, written, value):
    target = '"1.4"' if do == "deleverage" else ""
    assert getattr(one_rule(**{"do": f'"{do}"', "target_level": target, key: written}), key) == value


def test_a_top_up_has_a_budget_and_what_then():
    budget = '{ per_action = "200", per_day = "500", total = "2000", keep_in_spot = "100" }'
    rule = one_rule(do='"top_up"', then='"hold"', budget=budget)
    assert (rule.then, rule.budget) == (Then.HOLD, Budget(D(200), D(500), D(2000), D(100)))
    assert one_rule(do='"top_up"', budget='{ total = "9" }').budget == Budget(total=D(9))


ALERT = {"do": '"alert"', "target_level": ""}
WRONG_RULES = [
    ({"target_lvel": '"1.4"'}, "target_lvel", "did you mean target_level?"),
    ({"name": ""}, "name", "is missing"),
    ({"name": '"  "'}, "name", "is empty"),
    ({"do": ""}, "do", "is missing: one of alert, repay"),
    ({"do": '"delever"'}, "do", "did you mean deleverage?"),
    ({"when": ""}, "when", "exactly one condition"),
    ({"when": '"1.25"'}, "when", "must be a table"),
    ({"when": '{ price_below = "1", price_above = "2" }'}, "when", "exactly one condition"),
    ({"when": '{ margin_levle_below = "1.25" }'}, "when.margin_levle_below", "did you mean margin_level_below?"),
    ({"when": "{ margin_level_below = 1.25 }"}, "when.margin_level_below", "must be written in quotes"),
    ({"when": '{ margin_level_below = "1" }'}, "when.margin_level_below", "above 1 and at most 999"),
    ({"when": '{ margin_level_below = "NaN" }'}, "when.margin_level_below", "a margin level above 1"),
    ({"when": '{ status_at_least = "NORMAL" }'}, "when.status_at_least", "one of MARGIN_CALL"),
    ({"when": '{ distance_to_liquidation_below = "91" }'}, "when.distance_to_liquidation_below", "at most 90"),
    ({"when": '{ age_above = "0s" }'}, "when.age_above", "longer than nothing"),
    ({"when": '{ age_above = "3 days" }'}, "when.age_above", "such as 90s, 10m, 2h or 7d"),
    ({"when": '{ age_above = "999999d" }'}, "when.age_above", "at most ten years"),
    ({"when": '{ cron = "0 8 * *" }'}, "when.cron", "must be five fields"),
    ({"when": '{ cron = "60 8 * * *" }'}, "when.cron", "has a minute that is none: accepted are *, 0 to 59"),
    ({"when": '{ cron = "0 18-8 * * *" }'}, "when.cron", "has a hour"),
    ({"when": '{ cron = "0 8/2 * * *" }'}, "when.cron", "has a hour"),
    ({"when": '{ cron = "0 8 * * 0" }'}, "when.cron", "has a day of the week that is none: accepted are *, mon to sun"),
    ({"target_level": ""}, "target_level", "is missing: deleverage needs the level"),
    ({"target_level": "true"}, "target_level", "must be a margin level"),
    ({"cool_down": "600"}, "cool_down", "as text in quotes"),
    ({"max_slippage_bps": '"0"'}, "max_slippage_bps", "above 0"),
    ({"open_orders": '"cancel"'}, "open_orders", "one of cancel_what_blocks, leave"),
    ({"do": '"sweep"'}, "when", "must be margin_level_above"),
    ({"do": '"top_up"'}, "budget", "must limit what top_up takes"),
    ({"do": '"top_up"', "budget": '{ keep_in_spot = "5" }'}, "budget", "must limit what top_up takes"),
    ({"do": '"top_up"', "budget": '{ perday = "5" }'}, "budget.perday", "did you mean per_day?"),
    ({"do": '"top_up"', "budget": '{ per_day = "-5" }'}, "budget.per_day", "from 0"),
    ({**ALERT, "target_level": '"1.4"'}, "target_level", "has no meaning for alert"),
    ({**ALERT, "max_slippage_bps": '"9"'}, "max_slippage_bps", "has no meaning for alert"),
    ({"budget": '{ per_day = "5" }'}, "budget", "has no meaning for deleverage"),
    ({"do": '"unwind"', "target_level": "", "open_orders": '"leave"'}, "open_orders", "has no meaning for unwind"),
]


@pytest.mark.parametrize(("lines", "key", "says"), WRONG_RULES)
def test_a_wrong_rule_is_one_sentence_with_its_policy_its_name_and_the_key(lines, key, says):
    error = refused(HEAD + a_rule_text(**lines))
    assert error.key == f"policy.rule.{key}"
    assert says in str(error)
    unnamed = lines.get("name") is not None
    assert str(error).startswith(f"p.toml, policy 1, rule {'1' if unnamed else repr('sell')}")


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("", "policy", "the file: policy is missing"),
        ("polcy = 1\n", "polcy", "did you mean policy?"),
        ("[policy]\npairs = []\n", "policy", "write [[policy]] above each"),
        ("[[policy]]\n" + a_rule_text(), "policy.pairs", "policy 1: pairs is missing"),
        ("[[policy]]\npairs = []\n" + a_rule_text(), "policy.pairs", "a list of pairs"),
        ('[[policy]]\npairs = "*USDT"\n' + a_rule_text(), "policy.pairs", "a list of pairs"),
        ('[[policy]]\npairs = ["BTC/USDT"]\n' + a_rule_text(), "policy.pairs", "of letters, digits"),
        (HEAD + "[[policy.rules]]\n", "policy.rules", "did you mean rule?"),
        (HEAD, "policy.rule", "or preset, one of both, says what to do"),
        (HEAD + 'preset = "balanced"\n' + a_rule_text(), "policy.rule", "or preset, one of both"),
        (HEAD + 'preset = "balancd"\n', "policy.preset", "did you mean balanced?"),
        (HEAD + 'backstop = "perhaps"\n' + a_rule_text(), "policy.backstop", "must be true or false"),
        (HEAD + a_rule_text(name='"backstop"'), "policy.rule.name", "is what the stop order at the exchange is called"),
        (HEAD + a_rule_text() + a_rule_text(), "policy.rule", "'sell' is there twice"),
        (HEAD + "rule = 1\n", "policy.rule", "write [[policy.rule]] above each"),
    ],
)
def test_a_wrong_policy_says_which_and_what_to_write(text, key, says):
    error = refused(text)
    assert (error.key, says in str(error)) == (key, True), str(error)


def test_a_pair_that_an_earlier_policy_takes_is_refused():
    first = '[[policy]]\nname = "all"\npairs = ["*USDT"]\npreset = "balanced"\n'
    for later in ("BTCUSDT", "*USDT"):
        error = refused(first + f'[[policy]]\npairs = ["{later}"]\npreset = "cautious"\n')
        assert f"pairs names {later}, which the earlier policy 'all' matches: first match wins" in str(error)


def test_a_file_that_is_no_toml_or_cannot_be_read_is_refused(write, folder: Path):
    assert "is not valid TOML" in str(refused("[[policy]\n"))
    for name, says in (("nowhere.toml", "No such file"), (".", "Is a directory")):
        with pytest.raises(ConfigError, match=says):
            read_policy(Path(name))
    (folder / "latin.toml").write_bytes(b'[[policy]]\npairs = ["\xff"]')
    with pytest.raises(ConfigError, match="cannot be read as UTF-8"):
        read_policy(folder / "latin.toml")
    with pytest.raises(ConfigError, match="too large"):
        read_policy(write("big.toml", "#" * (1024 * 1024 + 1)))


def test_the_file_of_the_settings_is_the_policy(write, monkeypatch: pytest.MonkeyPatch):
    text = HEAD + a_rule_text()
    monkeypatch.setenv("MARGINBOT_POLICY__FILE", str(write("p.toml", text)))
    assert policy_of(load_settings()) == parse_policy(text, "p.toml")


def test_without_a_file_the_preset_of_the_settings_is_the_policy(monkeypatch: pytest.MonkeyPatch):
    balanced = policy_of(load_settings())
    assert (balanced.preset, balanced.ladders) == (Preset.BALANCED, ())
    monkeypatch.setenv("MARGINBOT_POLICY__PRESET", "alert-only")
    other = policy_of(load_settings())
    assert other == Policy(other.digest, preset=Preset.ALERT_ONLY)
    assert other.digest != balanced.digest


def test_a_preset_beside_a_file_would_be_ignored_and_is_refused(write, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MARGINBOT_POLICY__FILE", "p.toml")
    write("config/marginbot.toml", '[policy]\npreset = "cautious"\n')
    with pytest.raises(ConfigError, match=r"policy.preset \(in .*\) speaks only without MARGINBOT_POLICY__FILE: keep one"):
        load_settings()


def test_a_flag_of_none_takes_the_preset_out_of_the_way(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MARGINBOT_POLICY__PRESET", "cautious")
    flags = {"policy.file": ("FILE", "p.toml"), "policy.preset": ("FILE", None)}
    assert load_settings(flags).policy.file == Path("p.toml")


@pytest.mark.parametrize(("leverage", "liquidation"), [("3", "1.18"), ("5", "1.15"), ("10", "1.05")])
def test_the_example_fits_pairs_of_3x_5x_and_10x(leverage, liquidation):
    tier = a_tier(liquidation, leverage)
    assert [problems(ladder, tier) for ladder in read_policy(EXAMPLE).ladders] == [(), (), ()]


def test_the_example_shows_every_condition_and_every_deed():
    from marginbot.settings.policy_values import WHEN

    policy = read_policy(EXAMPLE)
    assert {rule.do for ladder in policy.ladders for rule in ladder.rules} == set(Do)
    assert [name for name in WHEN if name not in EXAMPLE.read_text()] == []
    assert policy.ladders[-1].preset is Preset.BALANCED
