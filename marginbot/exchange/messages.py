"""One call to the exchange and one answer, before anything is known about their meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)

HARMLESS_POSTS: Final = frozenset({"/sapi/v1/userListenToken", "/api/v3/order/test"})
"""The two POSTs that move nothing: a token for the user stream, and an order that is only checked."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked. `params` hold neither timestamp nor signature."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    signed: bool = False

    @property
    def writes(self) -> bool:
        """Whether the call can change the account, so that its outcome matters."""
        return self.method != "GET" and self.path not in HARMLESS_POSTS

    @property
    def endpoint(self) -> str:
        """The name used in messages and budgets: `POST /sapi/v1/margin/order`."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, unread. `received_at` is the local clock (aware UTC) when the last byte was there."""

    call: Call
    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970, rounded down. moment: aware."""
    return (moment - _EPOCH) // _MILLISECOND


def from_epoch(value: int) -> datetime:
    """An aware UTC time from a number of seconds, milliseconds or microseconds; which one, its magnitude tells.

    Raises: OverflowError for a number no calendar holds.
    """
    if abs(value) < 10**11:
        return _EPOCH + timedelta(seconds=value)
    if abs(value) <= 10**14:
        return _EPOCH + timedelta(milliseconds=value)
    return _EPOCH + timedelta(microseconds=value)
