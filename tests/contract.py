"""The JSON documents scripts rely on, as checks: every key there, none besides, every value of its kind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any, str], None]

OUTCOMES = {"flat", "residue", "stopped", "refused", "planned"}
KINDS = {"cancel_orders", "close", "repay", "sweep", "top_up"}
STATUSES = {"done", "rejected", "unknown", "skipped", "planned"}
BY_EXIT_CODE = {0: {"flat", "planned"}, 1: {"residue", "stopped"}, 3: {"refused"}, 4: {"stopped"}}


def check_unwind(document: object, exit_code: int) -> None:
    """`unwind --json` of one pair."""
    _fields(UNWIND)(document, "document")
    assert isinstance(document, dict)
    assert document["outcome"] in BY_EXIT_CODE[exit_code], (document["outcome"], exit_code, document["reason"])


def check_status(document: object) -> None:
    """`status --json`."""
    _fields(STATUS)(document, "document")


def only_document(stdout: str) -> Any:
    """The one JSON document that stdout must be."""
    assert stdout.endswith("\n")
    document = json.loads(stdout)
    assert isinstance(document, dict)
    return document


def _fields(shape: Mapping[str, Check]) -> Check:
    def check(value: Any, at: str) -> None:
        assert isinstance(value, dict), f"{at} is no object"
        assert set(value) == set(shape), f"{at} has the keys {sorted(value)}"
        for name, inner in shape.items():
            inner(value[name], f"{at}.{name}")

    return check


def _matching(pattern: str) -> Check:
    def check(value: Any, at: str) -> None:
        assert isinstance(value, str), f"{at} is no text"
        assert re.fullmatch(pattern, value, re.ASCII), f"{at} reads {value!r}"

    return check


def _of(kind: type) -> Check:
    def check(value: Any, at: str) -> None:
        assert type(value) is kind, f"{at} is {type(value).__name__}"

    return check


def _word(words: set[str]) -> Check:
    def check(value: Any, at: str) -> None:
        assert value in words, f"{at} says {value!r}"

    return check


def _or_null(inner: Check) -> Check:
    return lambda value, at: None if value is None else inner(value, at)


def _list(inner: Check) -> Check:
    def check(value: Any, at: str) -> None:
        assert isinstance(value, list), f"{at} is no list"
        for number, item in enumerate(value):
            inner(item, f"{at}[{number}]")

    return check


def _money(value: Any, at: str) -> None:
    assert isinstance(value, dict), f"{at} is no object"
    for asset, amount in value.items():
        ASSET(asset, at)
        AMOUNT(amount, f"{at}.{asset}")


AMOUNT = _matching(r"(0|[1-9]\d*)(\.\d+)?")
SIGNED = _matching(r"-?(0|[1-9]\d*)(\.\d+)?")
ASSET = _matching(r"[A-Z0-9]+")
TIME = _matching(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
TEXT = _matching(r"(?s).+")
COUNT = _of(int)

SIDE = {"asset": ASSET, "free": AMOUNT, "locked": AMOUNT, "borrowed": AMOUNT, "interest": AMOUNT}
SNAPSHOT = {
    "margin_level": _or_null(AMOUNT),
    "index_price": AMOUNT,
    "base": _fields(SIDE),
    "quote": _fields(SIDE),
    "at": TIME,
}
STEP = {
    "kind": _word(KINDS),
    "asset": _or_null(ASSET),
    "amount": _or_null(AMOUNT),
    "status": _word(STATUSES),
    "client_id": _or_null(_matching(r"[A-Za-z0-9_-]{1,36}")),
    "exchange_id": _or_null(TEXT),
    "because": TEXT,
    "level_after": _or_null(AMOUNT),
    "fee": _money,
    "slippage_bps": _or_null(SIGNED),
    "started_at": _or_null(TIME),
    "elapsed_ms": _or_null(COUNT),
}
UNWIND = {
    "symbol": TEXT,
    "venue": _word({"paper", "testnet", "live"}),
    "outcome": _word(OUTCOMES),
    "reason": TEXT,
    "before": _or_null(_fields(SNAPSHOT)),
    "after": _or_null(_fields(SNAPSHOT)),
    "steps": _list(_fields(STEP)),
    "cost": _fields({"fees": _money, "slippage_value": SIGNED, "interest_paid": _money}),
    "swept": _money,
    "requests": COUNT,
    "round_trips": COUNT,
    "elapsed_ms": COUNT,
}
RULE = {"name": TEXT, "fires_at_price": _or_null(AMOUNT), "armed": _of(bool)}
PAIR = {
    "symbol": TEXT,
    "margin_level": _or_null(AMOUNT),
    "reported_level": _or_null(AMOUNT),
    "status": TEXT,
    "index_price": AMOUNT,
    "liquidation_level": AMOUNT,
    "liquidation_price": _or_null(AMOUNT),
    "distance_to_liquidation_pct": _or_null(SIGNED),
    "base": _fields(SIDE),
    "quote": _fields(SIDE),
    "equity_value": SIGNED,
    "liability_value": AMOUNT,
    "interest_per_day_value": _or_null(AMOUNT),
    "trade_enabled": _of(bool),
    "rules": _list(_fields(RULE)),
}
STATUS = {
    "venue": _word({"paper", "testnet", "live"}),
    "at": TIME,
    "spot": _money,
    "pairs": _list(_fields(PAIR)),
}
