"""What is told to the outside: messages for people, numbers for machines. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, IntEnum


class Severity(IntEnum):
    """How much a message matters: nice to know; look at it today; get up now. Whoever wants one wants all above it."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3

    @property
    def word(self) -> str:
        """`warning`."""
        return self.name.lower()


class Phase(Enum):
    """Where a message stands in its thread; a NOTE stands alone."""

    OPENED = "opened"
    ACTING = "acting"
    REPEATED = "repeated"
    SOLVED = "solved"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Message:
    """Plain text for a person, in no service's markup. severity: of the whole thread, so that whoever heard of a trouble hears
    of its end too. subject: a pair, or a part of marginbot. thread: equal in all messages of one story. at: aware UTC.
    """

    subject: str
    thread: str
    severity: Severity
    phase: Phase
    title: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """One number for a machine. name: without the prefix `marginbot_`. counts: it only grows, until a restart."""

    name: str
    help: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    counts: bool = False
