"""Takes out of recordings what tells whose they are: keys, signatures, account numbers, ids, addresses, the hour.

Amounts stay as they are: without them a recording of an account says nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from marginbot.exchange.messages import to_ms
from marginbot.exchange.recording.tape import Exchanged

HIDDEN: Final = "hidden"
BEGINNING: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Every recording seems to begin here; times keep their distance from each other."""
FIRST_ID: Final = 1_000_001

_UID: Final = re.compile(r"u_?id", re.IGNORECASE)
_ID: Final = re.compile(r"ids?|.*_ids?|.*[a-z]I[dD]s?")
_TIME: Final = re.compile(r".*time(stamp)?", re.IGNORECASE)
_PRIVATE: Final = re.compile(
    r"(.*_)?ip|ip_?(list|address)|.*(key|secret|signature|token|e-?mail|phone|address|passw(or)?d"
    r"|(account|api|user|first|last)_?name)",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_DIGITS: Final = re.compile(r"(?<!\w)(?<!\d\.)\d{6,}(?!\w|\.\d)", re.ASCII)
_RECOGNISABLE: Final = 6
"""An id this long is looked for everywhere, not only under its own name."""

_SHAPES: Final = tuple(
    re.compile(pattern, re.ASCII | re.IGNORECASE | re.DOTALL)
    for pattern in (
        r"-----BEGIN [A-Z ]*KEY-----.*?(?:-----END [A-Z ]*KEY-----|\Z)",
        r"(?<=signature=)[^&\s\"'<>]+",
        r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
        r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])",
        r"(?<![\w:])(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}(?![\w:])",
        r"[A-Z0-9+/=_-]{60,}",
        r"(?=[+=_-]*[A-Z0-9+=_-]*[0-9])(?=[+=_-]*[A-Z0-9+=_-]*[A-Z])[A-Z0-9+=_-]{24,}",
    )
)
"""Private keys, signatures, e-mail, IP addresses, and long words of letters and digits: keys, tokens, deposit addresses."""


class Scrubber:
    """Knows everything that must go after it has seen all recordings of one session; then rewrites them alike.

    secrets: texts that must not appear anywhere. began_at: moved to BEGINNING, and every other time with it.
    """

    def __init__(self, exchanged: Iterable[Exchanged], secrets: Iterable[str], began_at: datetime) -> None:
        # The longest first, so that no secret survives as the rest of a shorter one.
        self._secrets = sorted((secret for secret in secrets if secret), key=len, reverse=True)
        self._shift_ms = (to_ms(BEGINNING) - to_ms(began_at)) // 1000 * 1000
        self._ids = _replacements(exchanged)

    def params(self, params: Mapping[str, str]) -> dict[str, str]:
        """The parameters of a request."""
        return {name: str(self._value(name, value)) for name, value in params.items()}

    def json(self, body: bytes) -> Any:
        """A JSON body as a scrubbed tree. Raises: ValueError when it is none."""
        return self._value("", json.loads(body))

    def text(self, text: str) -> str:
        """Any text."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        for known in (known for known in self._ids if len(known) >= _RECOGNISABLE and not known.isdigit()):
            text = text.replace(known, self._ids[known])
        text = _DIGITS.sub(lambda found: self._digits(found[0]), text)
        for shape in _SHAPES:
            text = shape.sub(HIDDEN, text)
        return text

    def leaks(self, text: str) -> bool:
        """Whether a secret is still in there."""
        return any(secret in text for secret in self._secrets)

    def _value(self, key: str, value: Any) -> Any:
        """One node of the tree; `key` is the name it goes by, the nearest above for an element of a list."""
        if isinstance(value, dict):
            named = key if _PRIVATE.fullmatch(key) else None
            return {self.text(name): self._value(named or name, child) for name, child in value.items()}
        if isinstance(value, list):
            return [self._value(key, child) for child in value]
        if value is None or isinstance(value, bool) or value == "":
            return value
        if _PRIVATE.fullmatch(key):
            return HIDDEN if isinstance(value, str) else 0
        return self._scalar(key, value)

    def _scalar(self, key: str, value: Any) -> Any:
        said = str(value)
        same: Callable[[str], Any] = type(value)
        if _UID.fullmatch(key):
            return same("0")
        if _ID.fullmatch(key) and said in self._ids:
            return same(self._ids[said])
        if _NUMBER.fullmatch(said) is None:
            return self.text(said)
        if _TIME.fullmatch(key) and said.isdigit():
            return same(self._moved(said))
        return same(self._ids[said]) if len(said) >= _RECOGNISABLE and said in self._ids else value

    def _digits(self, digits: str) -> str:
        """A long number inside a text: an id that is known, or else a time when it has the length of one."""
        return self._ids.get(digits) or (self._moved(digits) if len(digits) == 13 else digits)

    def _moved(self, digits: str) -> str:
        """A time in seconds, milliseconds or microseconds, which its length tells; what is too short is none."""
        units = {10: self._shift_ms // 1000, 13: self._shift_ms, 16: self._shift_ms * 1000}
        return str(int(digits) + units.get(len(digits), 0))


def _replacements(exchanged: Iterable[Exchanged]) -> dict[str, str]:
    """Every id by its stand-in, the longest first: account numbers are 0, other numbers keep their order, words are counted."""
    named = list(_named_values(exchanged))
    accounts = {said for key, said in named if _UID.fullmatch(key) and len(said) >= _RECOGNISABLE}
    others = list(dict.fromkeys(said for key, said in named if _ID.fullmatch(key) and not _UID.fullmatch(key)))
    numbers = sorted((said for said in others if said.isdigit() and int(said) > 0), key=int)
    words = [said for said in others if not _NUMBER.fullmatch(said)]
    found = dict.fromkeys(accounts, "0")
    found |= {said: str(FIRST_ID + n) for n, said in enumerate(numbers)}
    found |= {said: f"client-{n}" for n, said in enumerate(words, 1)}
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def _named_values(exchanged: Iterable[Exchanged]) -> Iterator[tuple[str, str]]:
    for one in exchanged:
        yield from one.query.items()
        yield from one.form.items()
        try:
            tree = json.loads(one.body)
        except ValueError:
            continue
        yield from _leaves("", tree)


def _leaves(key: str, node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for name, child in node.items():
            yield from _leaves(name, child)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for child in node:
            yield from _leaves(key, child)
    elif isinstance(node, str | int) and not isinstance(node, bool) and node != "":
        yield key, str(node)
