"""Amounts of money: how they are read, rounded and written. Always Decimal, never a float."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, getcontext, localcontext  # noqa: TID251
from functools import lru_cache, wraps
from typing import Final, NewType, ParamSpec, TypeVar

from marginbot.errors import MoneyError

Asset = NewType("Asset", str)
Symbol = NewType("Symbol", str)

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
CRUMB: Final = Decimal("0.00000001")
"""The last digit that loans and transfers know: amounts are sent with at most 8 decimals (api: undocumented, 8 accepted)."""

CONTEXT: Final = Context(prec=60)
_WIRE_NUMBER: Final = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?", re.ASCII)
_LARGEST: Final = Decimal("1e20")

P = ParamSpec("P")
R = TypeVar("R")


def exact(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function under marginbot's own decimal context, whatever context the caller has."""

    @wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        current = getcontext()
        if current.prec == CONTEXT.prec and current.rounding == CONTEXT.rounding:
            # Called from within: to enter it once more costs more than most of these functions.
            return function(*args, **kwargs)
        with localcontext(CONTEXT):
            return function(*args, **kwargs)

    return inside


def parse_money(text: str, what: str = "amount") -> Decimal:
    """Read a decimal as the exchange writes it: plain digits, rarely `0E-8`. Signed; finite; below 1e20.

    Raises: MoneyError naming `what`, for NaN, infinities, blanks, underscores, non-ASCII digits, huge exponents.
    """
    if not isinstance(text, str) or (value := _number(text)) is None:
        raise MoneyError(f"{what} is not a decimal number: {text!r:.40}")
    if abs(value) >= _LARGEST:
        raise MoneyError(f"{what} is out of range: {text!r:.40}")
    return value


@lru_cache(maxsize=4096)
def _number(text: str) -> Decimal | None:
    """Remembered: two looks at one order book hold mostly the same numbers."""
    return Decimal(text) if _WIRE_NUMBER.fullmatch(text) else None


def parse_amount(text: str, what: str = "amount") -> Decimal:
    """`parse_money`, and not negative."""
    value = parse_money(text, what)
    if value < 0:
        raise MoneyError(f"{what} must not be negative: {text!r:.40}")
    return value


def plain(value: Decimal) -> str:
    """Write an amount for the wire and for people: no exponent, no trailing zeros, `0` for zero."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


@exact
def floor_step(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of `step` not above `value`; a step of 0 means no rule."""
    return value if step <= 0 else (value / step).to_integral_value(ROUND_FLOOR) * step


@exact
def ceil_step(value: Decimal, step: Decimal) -> Decimal:
    """The smallest multiple of `step` not below `value`; a step of 0 means no rule."""
    return value if step <= 0 else (value / step).to_integral_value(ROUND_CEILING) * step


def floor_crumb(value: Decimal) -> Decimal:
    """Rounded down to the 8 decimals that loans and transfers take."""
    return floor_step(value, CRUMB)


@exact
def half_up(value: Decimal, digits: int = 8) -> Decimal:
    """Rounded as the exchange publishes levels and prices."""
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
