"""Dataclasses to JSON-ready values and back, driven by their annotations: decimals as text, enums by value."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

# Metadata of a field that is rebuilt after loading and therefore never written.
DERIVED = {"derived": True}

_PLAIN = frozenset({str, int, bool, type(None)})


def pack(value: Any) -> Any:
    """A JSON-ready copy of dataclasses, lists, mappings, decimals and enums."""
    kind = value.__class__
    if kind in _PLAIN:
        return value
    if kind is Decimal:
        return str(value)
    if kind is list or kind is tuple:
        return [pack(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): pack(item) for key, item in value.items()}
    row = {}
    for name in _names(kind):
        part = getattr(value, name)
        part_kind = part.__class__
        # The two commonest kinds are written here: histories are long and every save passes through.
        row[name] = part if part_kind in _PLAIN else str(part) if part_kind is Decimal else pack(part)
    return row


def unpack(kind: Any, data: Any) -> Any:
    """The value of type `kind` that `pack` wrote as `data`; keys added to `kind` since then take their defaults."""
    if data is None:
        return None
    if kind is Decimal:
        return Decimal(data)
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return unpack(next(option for option in get_args(kind) if option is not type(None)), data)
    if origin is list:
        return [unpack(get_args(kind)[0], item) for item in data]
    if origin is dict:
        key, item = get_args(kind)
        return {key(name): unpack(item, part) for name, part in data.items()}
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = stored_fields(kind)
        return kind(**{name: unpack(hints[name], part) for name, part in data.items() if name in hints})
    return kind(data) if isinstance(kind, type) and issubclass(kind, Enum) else data


@cache
def stored_fields(kind: type) -> dict[str, Any]:
    """The fields of a dataclass that are written, with their types."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind) if "derived" not in field.metadata}


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(stored_fields(kind))
