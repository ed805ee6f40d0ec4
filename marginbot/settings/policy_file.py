"""The owner's policy: a TOML file of `[[policy]]` tables with `[[policy.rule]]` ladders, or one preset for all pairs."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from marginbot.domain.amounts import Symbol
from marginbot.domain.plan import BACKSTOP, Into
from marginbot.domain.policy import Budget, Do, Ladder, LevelAbove, OpenOrders, Policy, Preset, Rule, Then, When
from marginbot.errors import ConfigError
from marginbot.settings import policy_values as read
from marginbot.settings.model import Settings
from marginbot.settings.policy_table import Table
from marginbot.settings.values import text, truth

LARGEST: Final = 1024 * 1024

_LADDER_KEYS: Final = ("pairs", "name", "backstop", "preset", "rule")
_BUDGET_KEYS: Final = ("per_action", "per_day", "total", "keep_in_spot")
_ALWAYS: Final = ("name", "when", "do", "rearm_level", "cool_down")
_OPTIONS: Final[dict[Do, tuple[str, ...]]] = {
    Do.ALERT: (),
    Do.REPAY: ("target_level", "open_orders"),
    Do.TOP_UP: ("target_level", "then", "budget"),
    Do.DELEVERAGE: ("target_level", "max_slippage_bps", "open_orders"),
    Do.UNWIND: ("max_slippage_bps", "into", "sweep_home"),
    Do.SWEEP: ("target_level",),
}
"""What each deed takes beyond `_ALWAYS`: an option that would change nothing is refused."""

_OPTION_READERS: Final[dict[str, Callable[[object], Any]]] = {
    "target_level": read.level,
    "rearm_level": read.level,
    "cool_down": read.duration,
    "max_slippage_bps": read.bps,
    "into": read.word_of(Into),
    "sweep_home": truth,
    "then": read.word_of(Then),
    "open_orders": read.word_of(OpenOrders),
}

_RULE_KEYS: Final = (*_ALWAYS, *dict.fromkeys(option for options in _OPTIONS.values() for option in options))
_AIMING: Final = frozenset({Do.TOP_UP, Do.DELEVERAGE, Do.SWEEP})


def policy_of(settings: Settings) -> Policy:
    """The policy these settings name: the file, read now, or the preset. Raises: ConfigError."""
    if settings.policy.file is not None:
        return read_policy(settings.policy.file)
    preset = settings.policy.preset
    return Policy(_digest(f"preset {preset.value}"), preset=preset)


def read_policy(file: Path) -> Policy:
    """One policy file. Raises: ConfigError naming the file, the policy, the rule and the key."""
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise ConfigError(f"the policy file {file} cannot be read ({error.strerror})", "policy.file") from error
    if len(content) > LARGEST:
        raise ConfigError(f"the policy file {file} is too large to be one", "policy.file")
    try:
        return parse_policy(content.decode("utf-8"), str(file))
    except UnicodeDecodeError as error:
        raise ConfigError(f"the policy file {file} cannot be read as UTF-8 text", "policy.file") from error


def parse_policy(written: str, file: str) -> Policy:
    """The text of a policy file; `file` is how messages call it. Raises: ConfigError."""
    try:
        data = tomllib.loads(written)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is not valid TOML: {error}", file) from error
    top = Table(data, "", "the file", file)
    top.known(("policy",), of="a table of a policy file")
    rows = top.tables("policy", "policy")
    if not rows:
        raise top.wrong("policy", "is missing: write [[policy]], its pairs and its rules")
    ladders: list[Ladder] = []
    for row in rows:
        ladders.append(_ladder(row, ladders))
    return Policy(_digest(written), tuple(ladders))


def _digest(written: str) -> str:
    return hashlib.sha256(written.encode()).hexdigest()


def _ladder(table: Table, before: list[Ladder]) -> Ladder:
    table.known(_LADDER_KEYS)
    pairs = table.need("pairs", _pairs, 'write the pairs it speaks of, such as pairs = ["BTCUSDT", "*USDT"]')
    for earlier in before:
        for pair in pairs:
            if pair in earlier.pairs or (_is_one_pair(pair) and earlier.matches(Symbol(pair))):
                raise table.wrong("pairs", f"names {pair}, which the earlier policy {earlier.name!r} matches: first match wins")
    preset = table.get("preset", read.word_of(Preset), None)
    rules = tuple(_rule(row) for row in table.tables("rule", "rule"))
    if (preset is None) is not bool(rules):
        raise table.wrong("rule", 'or preset, one of both, says what to do: write [[policy.rule]] or preset = "balanced"')
    for number, rule in enumerate(rules):
        if rule.name in {earlier.name for earlier in rules[:number]}:
            raise table.wrong("rule", f"{rule.name!r} is there twice: give each rule of a policy a name of its own")
    name = table.get("name", _name, ", ".join(pairs))
    return Ladder(name, pairs, rules, table.get("backstop", truth, False), preset)


def _rule(table: Table) -> Rule:
    table.known(_RULE_KEYS, of="a key of a rule")
    name = table.need("name", _rule_name, "call the rule something, it is how messages speak of it")
    do = table.need("do", read.word_of(Do), f"one of {', '.join(deed.value for deed in Do)}")
    for key in table.data:
        if key not in (*_ALWAYS, *_OPTIONS[do]):
            raise table.wrong(key, f"has no meaning for {do.value}: remove it")
    when = _when(table)
    if do is Do.SWEEP and not isinstance(when, LevelAbove):
        raise table.wrong("when", "of a sweep must be margin_level_above: only excess goes home")
    if do in _AIMING:
        table.need("target_level", read.level, f"{do.value} needs the level at which it stops")
    budget = _budget(table) if do is Do.TOP_UP else Budget()
    options = {key: table.need(key, reader, "") for key, reader in _OPTION_READERS.items() if key in table.data}
    return Rule(name, when, do, budget=budget, **options)


def _when(table: Table) -> When:
    inner = table.table("when")
    inner.known(read.WHEN, of="a condition")
    if len(inner.data) != 1:
        raise table.wrong("when", 'must hold exactly one condition, such as when = { margin_level_below = "1.25" }')
    (key,) = inner.data
    return inner.need(key, read.WHEN[key], "")


def _budget(rule: Table) -> Budget:
    """What a top-up may take; without any limit it could empty the spot wallet, so one must be written."""
    table = rule.table("budget")
    table.known(_BUDGET_KEYS, of="a key of a budget")
    limits = {key: table.need(key, read.amount, "") for key in _BUDGET_KEYS if key in table.data}
    if not limits.keys() - {"keep_in_spot"}:
        raise rule.wrong("budget", f'must limit what {Do.TOP_UP.value} takes from spot, such as {{ per_day = "500" }}')
    return Budget(**limits)


def _name(value: object) -> str:
    name = text(value, "a name")
    if len(name) > 60 or not name.isprintable():
        raise ValueError("must be one line of at most 60 characters")
    return name


def _rule_name(value: object) -> str:
    name = _name(value)
    if name == BACKSTOP:
        raise ValueError(f"{name!r} is what the stop order at the exchange is called: call the rule something else")
    return name


def _pairs(value: object) -> tuple[str, ...]:
    form = 'a list of pairs or patterns such as ["BTCUSDT", "*USDT"]'
    if not isinstance(value, list) or not value:
        raise ValueError(f"must be {form}")
    found = tuple(text(one, form).upper() for one in value)
    for pattern in found:
        if not all(letter.isalnum() or letter in "*?[]!-" for letter in pattern) or len(pattern) > 40:
            raise ValueError(f"must be {form}, of letters, digits, * and ?")
    return found


def _is_one_pair(pattern: str) -> bool:
    return pattern.isalnum()
