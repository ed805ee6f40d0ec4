"""Exact decimals: the context the books reckon in, steps and roundings, and the text of an amount on the wire."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, localcontext
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

ZERO = Decimal(0)
ONE = Decimal(1)
BPS = Decimal("0.0001")
EIGHT = Decimal("1E-8")
CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)


def precise(function: Callable[P, R]) -> Callable[P, R]:
    """Run `function` in the books' context of 60 digits, whatever context the caller lives in."""

    @wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with localcontext(CONTEXT):
            return function(*args, **kwargs)

    return inside


def floor8(value: Decimal) -> Decimal:
    """Down to 8 decimals, the precision of every balance."""
    return value.quantize(EIGHT, ROUND_DOWN)


def ceil8(value: Decimal) -> Decimal:
    return value.quantize(EIGHT, ROUND_CEILING)


def half_up8(value: Decimal) -> Decimal:
    """The published rounding of prices, levels and interest."""
    return value.quantize(EIGHT, ROUND_HALF_UP)


def floor_step(value: Decimal, step: Decimal) -> Decimal:
    """Down to a multiple of `step`; a step of zero means there is no rule."""
    return value if not step else value // step * step


def ceil_step(value: Decimal, step: Decimal) -> Decimal:
    floored = floor_step(value, step)
    return floored if floored == value else floored + step


def is_multiple(value: Decimal, step: Decimal) -> bool:
    return not step or value % step == 0


def decimals(value: Decimal) -> int:
    """Digits after the point that carry meaning: 1.50 has 1."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def plain(value: Decimal) -> str:
    """As live answers write it: no exponent, no trailing zeros."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def padded(value: Decimal) -> str:
    """As the documentation's samples write it: always 8 decimals."""
    return format(value.quantize(EIGHT, ROUND_DOWN), "f")


def verbatim(value: Decimal) -> str:
    """With the digits it was written with: 1.00 stays 1.00."""
    return format(value, "f")
