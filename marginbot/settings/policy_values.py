"""The words of a policy: conditions, lengths of time, moments of the clock. Each refusal says which form is accepted."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from enum import Enum
from typing import Final, TypeVar

from marginbot.domain.account import LevelStatus
from marginbot.domain.policy import (
    AgeAbove,
    Cron,
    DelistingWithin,
    DistanceBelow,
    InterestPaidAbove,
    LevelAbove,
    LevelBelow,
    PriceAbove,
    PriceBelow,
    RateAbove,
    StatusAtLeast,
    TrailingLevel,
    When,
)
from marginbot.settings.values import did_you_mean, money_between, text

E = TypeVar("E", bound=Enum)

level = money_between("1", "999", what="a margin level", example="1.25", above=True)
bps = money_between("0", "10000", what="basis points", example="150", above=True)
amount = money_between("0", None, what="a value in the quote asset", example="200")
_positive = money_between("0", None, what="an amount", example="100", above=True)
_drop = money_between("0", "999", what="a part of a margin level", example="0.2", above=True)
_distance = money_between("0", "90", what="percent of price", example="8", above=True)
_rate = money_between("0", "100", what="percent a day", example="0.1", above=True)

_DURATION: Final = re.compile(r"([0-9]{1,6})([smhdw])", re.ASCII)
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST: Final = timedelta(days=3650)

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FIELDS: Final[tuple[tuple[str, int, int, Sequence[str]], ...]] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, -1, _DAYS),
)
"""Name, least and greatest number, words. Days of the week have words only: 0 is Sunday to some and Monday to others."""


def duration(value: object) -> timedelta:
    """`90s`, `10m`, `2h`, `7d`, `2w`; `0s` for none."""
    form = "a length of time such as 90s, 10m, 2h or 7d"
    found = _DURATION.fullmatch(text(value, form))
    time = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None
    if time is None or time > _LONGEST:
        raise ValueError(f"must be {form}, at most ten years")
    return time


def some_time(value: object) -> timedelta:
    """A length of time above zero."""
    time = duration(value)
    if not time:
        raise ValueError("must be longer than nothing")
    return time


def word_of(words: type[E]) -> Callable[[object], E]:
    """Reads one of an enumeration's values."""
    names = [word.value for word in words]

    def read(value: object) -> E:
        form = f"one of {', '.join(names)}"
        word = text(value, form)
        if word not in names:
            raise ValueError(f"must be {form}{did_you_mean(word, names)}")
        return words(word)

    return read


def cron(value: object) -> Cron:
    """Five fields in UTC: minute, hour, day, month, day of the week; `*`, `*/15`, `8-18/2`, lists by commas, words."""
    fields = text(value, "five cron fields such as 0 8 * * mon").lower().split()
    if len(fields) != len(_FIELDS):
        raise ValueError('must be five fields: minute, hour, day, month, day of the week, such as "0 8 * * mon"')
    for field, (name, least, most, words) in zip(fields, _FIELDS, strict=True):
        if not all(_cron_part(part, least, most, words) for part in field.split(",")):
            accepted = f"{least} to {most}" if most > 0 else ""
            accepted += (" or " if accepted and words else "") + (f"{words[0]} to {words[-1]}" if words else "")
            raise ValueError(f"has a {name} that is none: accepted are *, {accepted}, a-b, */n and lists with commas")
    return Cron(" ".join(fields))


def _cron_part(part: str, least: int, most: int, words: Sequence[str]) -> bool:
    span, slash, step = part.partition("/")
    if slash and not (step.isascii() and step.isdigit() and 0 < int(step) < 60 and (span == "*" or "-" in span)):
        return False
    if span == "*":
        return True
    ends = [_cron_number(end, least, most, words) for end in span.split("-", 1)]
    return all(end is not None for end in ends) and ends == sorted(end for end in ends if end is not None)


def _cron_number(word: str, least: int, most: int, words: Sequence[str]) -> int | None:
    if word in words:
        return words.index(word) + 1
    number = int(word) if word.isascii() and word.isdigit() and len(word) < 3 else -1
    return number if least <= number <= most else None


def _status(value: object) -> StatusAtLeast:
    names = [status.value for status in (LevelStatus.MARGIN_CALL, LevelStatus.PRE_LIQUIDATION, LevelStatus.FORCE_LIQUIDATION)]
    form = f"one of {', '.join(names)}"
    word = text(value, form).upper()
    if word not in names:
        raise ValueError(f"must be {form}{did_you_mean(word, names)}")
    return StatusAtLeast(LevelStatus(word))


WHEN: Final[dict[str, Callable[[object], When]]] = {
    "margin_level_below": lambda value: LevelBelow(level(value)),
    "margin_level_above": lambda value: LevelAbove(level(value)),
    "distance_to_liquidation_below": lambda value: DistanceBelow(_distance(value)),
    "status_at_least": _status,
    "price_below": lambda value: PriceBelow(_positive(value)),
    "price_above": lambda value: PriceAbove(_positive(value)),
    "rate_above": lambda value: RateAbove(_rate(value)),
    "delisting_within": lambda value: DelistingWithin(some_time(value)),
    "cron": cron,
    "trailing_level": lambda value: TrailingLevel(_drop(value)),
    "interest_paid_above": lambda value: InterestPaidAbove(_positive(value)),
    "age_above": lambda value: AgeAbove(some_time(value)),
}
"""Every condition by its key."""
