"""True answers made untrue on purpose, by name, for faults of kind `rewrite`. Each takes decoded JSON and returns another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

Rewrite = Callable[[Any], Any]

_AMOUNTS = ("free", "locked", "borrowed", "interest", "netAsset", "netAssetOfBtc", "totalAsset")
_TIMES = ("timestamp", "time", "updateTime", "interestAccuredTime", "updatedTime", "transactTime")


def all_zero(answer: Any) -> Any:
    """Isolated accounts that hold and owe nothing."""
    return _accounts(answer, _emptied)


def level_999(answer: Any) -> Any:
    """The placeholder of "no debt" although something is owed."""
    return _accounts(answer, lambda row: row | {"marginLevel": "999", "marginLevelStatus": "EXCESSIVE"})


def odd_level(answer: Any) -> Any:
    """A level 3 % below what the row's own figures give, as if it were of another instant than the index."""
    return _accounts(answer, _with_odd_level)


def no_enabled(answer: Any) -> Any:
    """No `enabled`, as in older answers."""
    return _accounts(answer, lambda row: {name: value for name, value in row.items() if name != "enabled"})


def reversed_rows(answer: Any) -> Any:
    """Rows in the opposite order."""
    return _lists(answer, lambda rows: rows[::-1])


def no_rows(answer: Any) -> Any:
    """An empty list, or an empty history."""
    return _lists(answer, lambda rows: []) | {"total": 0} if _has_total(answer) else _lists(answer, lambda rows: [])


def in_seconds(answer: Any) -> Any:
    """Times in seconds where they are milliseconds."""
    return _every_object(answer, lambda row: {name: _seconds(name, value) for name, value in row.items()})


def padded(answer: Any) -> Any:
    """Every decimal text with eight places."""
    return _every_object(answer, lambda row: {name: _padded(value) for name, value in row.items()})


def extra_keys(answer: Any) -> Any:
    """A key nobody knows in every object, as Binance adds fields without notice."""
    return _every_object(answer, lambda row: row | {"paperExtraField": "unknown"})


REWRITES: Mapping[str, Rewrite] = {
    rewrite.__name__: rewrite
    for rewrite in (
        all_zero, level_999, odd_level, no_enabled, reversed_rows, no_rows, in_seconds, padded, extra_keys,
    )
}  # fmt: skip


def _accounts(answer: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Every row of an isolated account answer changed; other answers stay as they are."""
    if not isinstance(answer, dict) or not isinstance(answer.get("assets"), list):
        return answer
    return answer | {"assets": [change(row) for row in answer["assets"]]}


def _emptied(row: dict[str, Any]) -> dict[str, Any]:
    zeros = dict.fromkeys(_AMOUNTS, "0")
    calm = {"marginLevel": "999", "marginLevelStatus": "EXCESSIVE", "liquidatePrice": "0", "liquidateRate": "0"}
    return row | calm | {side: row[side] | zeros for side in ("baseAsset", "quoteAsset")}


def _with_odd_level(row: dict[str, Any]) -> dict[str, Any]:
    level = Decimal(row["marginLevel"])
    return row if level == 999 else row | {"marginLevel": str((level * Decimal("0.97")).quantize(Decimal("1E-8")))}


def _lists(answer: Any, change: Callable[[list[Any]], list[Any]]) -> Any:
    if isinstance(answer, list):
        return change(answer)
    if isinstance(answer, dict):
        return {name: change(value) if isinstance(value, list) else value for name, value in answer.items()}
    return answer


def _has_total(answer: Any) -> bool:
    return isinstance(answer, dict) and "total" in answer


def _every_object(answer: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    if isinstance(answer, dict):
        return change({name: _every_object(value, change) for name, value in answer.items()})
    if isinstance(answer, list):
        return [_every_object(item, change) for item in answer]
    return answer


def _seconds(name: str, value: Any) -> Any:
    return value // 1000 if name in _TIMES and isinstance(value, int) else value


def _padded(value: Any) -> Any:
    if not isinstance(value, str) or not value.removeprefix("-").replace(".", "", 1).isdecimal():
        return value
    return format(Decimal(value).quantize(Decimal("1E-8")), "f")
