"""Reading the values of parameters: each reader answers a typed value or raises the refusal of the exchange."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marginbot.paper.books.records import Scope
from marginbot.paper.books.refusal import Refusal, refuse
from marginbot.paper.books.world import World

Params = Mapping[str, str]
Row = dict[str, Any]

DAY = 86_400_000
HIGHEST_VIP = 9
_DECIMAL = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
_INTEGER = re.compile(r"[0-9]{1,18}")
_CLIENT_ID = re.compile(r"[a-zA-Z0-9_-]{1,36}")
_FLAGS = {"TRUE": True, "FALSE": False}


def amount(params: Params, name: str) -> Decimal | None:
    """A decimal of at most 8 places, None when not sent; -1100 for other text, -1111 for more places."""
    text = params.get(name)
    if text is None:
        return None
    if not _DECIMAL.fullmatch(text):
        raise refuse(-1100, name=name)
    value = Decimal(text)
    if "." in text and len(text.rstrip("0").partition(".")[2]) > 8:
        raise refuse(-1111)
    return value


def needed_amount(params: Params, name: str) -> Decimal:
    value = amount(params, name)
    if value is None:
        raise refuse(-1102, name=name)
    return value


def moved_amount(world: World, params: Params) -> Decimal:
    """`amount` of a loan or a transfer; this world's code for more than 8 decimals."""
    try:
        return needed_amount(params, "amount")
    except Refusal as refusal:
        if refusal.code != -1111:
            raise
        raise refuse(world.config.amount_precision_code, name="amount") from None


def integer(params: Params, name: str) -> int | None:
    """A whole number, None when not sent; -1100 for other text."""
    text = params.get(name)
    if text is None:
        return None
    if not _INTEGER.fullmatch(text):
        raise refuse(-1100, name=name)
    return int(text)


def vip_level(world: World, params: Params) -> int:
    """The level terms are asked for, else the customer's own; -1130 above the highest."""
    level = integer(params, "vipLevel")
    if level is None:
        return world.config.vip_level
    if level > HIGHEST_VIP:
        raise refuse(-1130, name="vipLevel")
    return level


def flag(params: Params, name: str, default: bool = False) -> bool:
    """TRUE or FALSE in any case; -1102 for other text."""
    text = params.get(name)
    if text is None:
        return default
    value = _FLAGS.get(text.upper())
    if value is None:
        raise refuse(-1102, name=name)
    return value


def choice(params: Params, name: str, allowed: frozenset[str], default: str, refusal: Refusal | None = None) -> str:
    """One of `allowed`; anything else is `refusal`, or -1130."""
    text = params.get(name, default)
    if text not in allowed:
        raise refusal or refuse(-1130, name=name)
    return text


def margin_scope(params: Params, name: str = "isIsolated") -> Scope:
    """Which margin account is meant: without the parameter the cross account acts."""
    return Scope.ISOLATED if flag(params, name) else Scope.CROSS


def symbol_scope(params: Params) -> tuple[Scope, str]:
    """(ISOLATED, the pair) where `isolatedSymbol` is sent, else the cross account."""
    symbol = params.get("isolatedSymbol", "")
    return (Scope.ISOLATED if symbol else Scope.CROSS), symbol


def client_id(params: Params, name: str) -> str:
    """A client order id, empty when not sent; -1100 for illegal characters or more than 36 of them."""
    text = params.get(name, "")
    if text and not _CLIENT_ID.fullmatch(text):
        raise refuse(-1100, name=name)
    return text


def json_symbols(params: Params) -> list[str] | None:
    """`symbols` of /api/v3: a JSON array of text; None when not sent, -1100 for anything else."""
    text = params.get("symbols")
    if text is None:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise refuse(-1100, name="symbols") from None
    if not isinstance(found, list) or not found or not all(isinstance(item, str) for item in found):
        raise refuse(-1100, name="symbols")
    return found


def window(params: Params, now_ms: int, *, default_ms: int, largest_ms: int, too_wide: Refusal | None = None) -> tuple[int, int]:
    """(start, end) in ms, both inside; a bound not sent is `default_ms` from the other or now. `too_wide`: else -1127."""
    start, end = integer(params, "startTime"), integer(params, "endTime")
    if end is None:
        end = now_ms if start is None else max(now_ms, start)
        if start is not None and end - start > largest_ms:
            end = start + largest_ms
    if start is None:
        start = end - default_ms
    if start > end:
        raise refuse(-1130, name="startTime")
    if end - start > largest_ms:
        raise too_wide or refuse(-1127)
    return start, end


def page(params: Params, default: int = 10) -> slice:
    """The rows of page `current` (from 1) of `size` rows (`default`, at most 100)."""
    current, size = integer(params, "current"), integer(params, "size")
    current, size = 1 if current is None else current, default if size is None else size
    if current < 1:
        raise refuse(-1130, name="current")
    if not 1 <= size <= 100:
        raise refuse(-1130, name="size")
    return slice((current - 1) * size, current * size)


def listed(world: World, rows: list[Row], time_name: str = "timestamp") -> list[Row]:
    """The rows of a history as this world lists them: all of them, unless its switches make it late or disorderly."""
    config = world.config
    if config.history_lag_ms:
        rows = [row for row in rows if world.now_ms - row[time_name] >= config.history_lag_ms]
    if config.history_shuffled:
        rows = rows[1::2] + rows[::2]
    if config.history_in_seconds:
        rows = [row | {time_name: row[time_name] // 1000} for row in rows]
    return rows


def limit(params: Params, default: int, largest: int) -> int:
    """How many rows: at least one, cut to `largest`."""
    value = integer(params, "limit")
    if value is None:
        return default
    if value < 1:
        raise refuse(-1130, name="limit")
    return min(value, largest)
