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


def pack(value: object) -> Any:
    """A JSON-ready copy of dataclasses, lists, mappings, decimals and enums."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return [pack(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): pack(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: pack(getattr(value, name)) for name in _stored(value.__class__)}
    return value


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
    if origin is tuple:
        return tuple(unpack(get_args(kind)[0], item) for item in data)
    if origin is dict:
        key, item = get_args(kind)
        return {key(name): unpack(item, part) for name, part in data.items()}
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = _stored(kind)
        return kind(**{name: unpack(hints[name], part) for name, part in data.items() if name in hints})
    return kind(data) if isinstance(kind, type) and issubclass(kind, Enum) else data


@cache
def _stored(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind) if "derived" not in field.metadata}
