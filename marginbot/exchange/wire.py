"""From an answer's bytes to checked values: what is missing, malformed or out of range is an error that says where."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import msgspec

from marginbot.domain.amounts import parse_amount
from marginbot.errors import MoneyError
from marginbot.exchange.faults import fault_of_content
from marginbot.exchange.messages import Answer, from_epoch

S = TypeVar("S")
V = TypeVar("V")

Id = int | str
"""An id: a whole number nearly everywhere, text in the answer to a cancel. Kept as text, it fits no float."""


def read(answer: Answer, shape: type[S], convert: Callable[[S], V]) -> V:
    """Decode a body as `shape` (unknown keys ignored) and turn it into a value of the domain.

    Raises: AnswerMalformed for reads, OutcomeUnknown for writes, naming the endpoint and the key.
    """
    try:
        return convert(msgspec.json.decode(answer.body, type=shape))
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, MoneyError, OverflowError) as error:
        raise fault_of_content(answer.call, str(error)) from error


def positive(text: str, what: str) -> Decimal:
    """An amount above zero. Raises: MoneyError."""
    value = parse_amount(text, what)
    if value == 0:
        raise MoneyError(f"{what} must be above zero")
    return value


def instant(value: int, what: str) -> datetime:
    """Aware UTC from seconds, milliseconds or microseconds. Raises: MoneyError where no such time exists."""
    try:
        return from_epoch(value)
    except OverflowError as error:
        raise MoneyError(f"{what} is not a time: {value}") from error


class _ServerTime(msgspec.Struct):
    serverTime: int


class _Transaction(msgspec.Struct):
    tranId: Id


class _MaxTransferable(msgspec.Struct):
    amount: str


def read_server_time(answer: Answer) -> int:
    """Server time in ms since 1970."""
    return read(answer, _ServerTime, lambda body: body.serverTime)


def read_transaction_id(answer: Answer) -> str:
    """The id under which a loan or a transfer is found in its history."""
    return read(answer, _Transaction, lambda body: str(body.tranId))


def read_max_transferable(answer: Answer) -> Decimal:
    """The most that may leave the isolated wallet now, in units of the asset."""
    return read(answer, _MaxTransferable, lambda body: parse_amount(body.amount, "amount"))
