"""From (status, code, text, transport error, byte written?, write?) to one of six outcomes. The whole table is this file."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

import httpx
import msgspec

from marginbot.errors import (
    AnswerMalformed,
    ExchangeError,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    ReadFailed,
    RequestRejected,
)
from marginbot.exchange.codes import meaning
from marginbot.exchange.messages import Answer, Call

BAD_TIMESTAMP: Final = -1021
NO_SUCH_ORDER: Final = -2013
CANCEL_REJECTED: Final = -2011
TOO_MANY_REQUESTS: Final = -1003
TOO_MANY_ORDERS: Final = -1015

UNKNOWN_CODES: Final = frozenset({-1000, -1001, -1006, -1007, -1008, -3000, -3029, -3044, -5010, -5012})
"""Codes behind which an order, a loan or a transfer was seen to happen, or may."""
BUSY_CODES: Final = UNKNOWN_CODES | {-1004, -21003}
"""Codes that say nothing about a read but that the exchange could not answer it now."""
NOT_SENT_ERRORS: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
"""Transport errors that can only come before the first byte of the request."""

_DEFAULT_SILENCE_MS: Final = 60_000
_DEFAULT_BAN_MS: Final = 120_000
_ORDER_WINDOW_MS: Final = 10_000
_DAY_MS: Final = 86_400_000
_BANNED_UNTIL: Final = re.compile(r"banned until (\d{10,16})", re.ASCII | re.IGNORECASE)
_TAG: Final = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_QUERY: Final = re.compile(r"\?\S*|\S*signature=\S*", re.IGNORECASE)
_SECRET: Final = re.compile(r"[A-Za-z0-9+/=%_-]{40,}", re.ASCII)


class Outcome(Enum):
    """What a request came to."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    THROTTLED = "throttled"
    NOT_SENT = "not sent"
    MALFORMED = "malformed"


class _Refusal(msgspec.Struct):
    code: int
    msg: str


class _MaybeRefusal(msgspec.Struct):
    code: Any = None
    msg: Any = None


_decode: Final = msgspec.json.Decoder(_MaybeRefusal | list[msgspec.Raw] | str | float | bool | None).decode


def outcome_of_answer(writes: bool, status: int, code: int | None, readable: bool, banned: bool = False) -> Outcome:
    """The table for an answered request. code: of a JSON refusal; readable: the body is JSON; banned: its text says so."""
    if writes and status >= 500:
        return Outcome.UNKNOWN
    if status in (418, 429) or banned or code in (TOO_MANY_REQUESTS, TOO_MANY_ORDERS):
        return Outcome.THROTTLED
    if code is not None and code in (UNKNOWN_CODES if writes else BUSY_CODES):
        return Outcome.UNKNOWN
    if status >= 500:
        return Outcome.UNKNOWN
    if code is not None or not 200 <= status < 300:
        return Outcome.REFUSED
    if readable:
        return Outcome.DONE
    return Outcome.UNKNOWN if writes else Outcome.MALFORMED


def outcome_of_break(error: BaseException, written: bool) -> Outcome:
    """The table for a request that was not answered. written: whether a byte of it may have left this machine."""
    return Outcome.NOT_SENT if isinstance(error, NOT_SENT_ERRORS) or not written else Outcome.UNKNOWN


def fault_of_answer(answer: Answer, now_ms: int) -> ExchangeError | None:
    """The error an answer amounts to, None for an answer worth reading. now_ms: the server's time, ms since 1970."""
    refusal, readable = _read(answer.body)
    code, text = (refusal.code, refusal.msg) if refusal else (None, "")
    ban_end = _BANNED_UNTIL.search(text)
    call, status = answer.call, answer.status
    outcome = outcome_of_answer(call.writes, status, code, readable, ban_end is not None)
    if outcome is Outcome.DONE:
        return None
    if outcome is Outcome.THROTTLED:
        return _throttled(answer, code, text, now_ms)
    message = _sentence(call, status, code, text or ("" if readable else answer.body.decode("utf-8", "replace")))
    if outcome is Outcome.REFUSED and not call.writes and not readable and answer.body.lstrip()[:1] in (b"{", b"["):
        return AnswerMalformed(message)  # a refusal that was cut off on its way says nothing; a read may be asked again
    if outcome is Outcome.REFUSED:
        return RequestRejected(message, code=code, http_status=status, text=tidy(text))
    if outcome is Outcome.MALFORMED:
        return AnswerMalformed(message)
    return OutcomeUnknown(message, code=code, http_status=status) if call.writes else ReadFailed(message)


def fault_of_break(call: Call, error: BaseException, written: bool) -> ExchangeError:
    """The error a request amounts to that got no answer."""
    how = "no answer in time" if isinstance(error, (TimeoutError, httpx.TimeoutException)) else type(error).__name__
    if (doubt := _doubt(error)) is not None:
        return NotSent(f"{call.endpoint} was not sent: the server could not prove to be the exchange, its certificate is {doubt}")
    if outcome_of_break(error, written) is Outcome.NOT_SENT:
        return NotSent(f"{call.endpoint} was not sent: the exchange could not be reached ({how})")
    if call.writes:
        return OutcomeUnknown(f"{call.endpoint} was sent and perhaps done: the connection broke ({how})")
    return ReadFailed(f"{call.endpoint} got no answer ({how})")


def _doubt(error: BaseException | None) -> str | None:
    """What is wrong with the server's certificate, when that is what broke the connection."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"not to be trusted ({tidy(error.verify_message)})"
        error = error.__cause__ or error.__context__
    return None


def fault_of_content(call: Call, problem: str) -> ExchangeError:
    """The error a successful answer amounts to that does not hold what its endpoint promises."""
    message = f"{call.endpoint} answered something unreadable: {tidy(problem)}"
    return OutcomeUnknown(message, http_status=200) if call.writes else AnswerMalformed(message)


def tidy(text: str) -> str:
    """At most 200 characters of foreign text in one line, without tags, queries, keys and signatures."""
    bare = _SECRET.sub("***", _QUERY.sub("?***", _TAG.sub(" ", text)))
    return " ".join("".join(c if c.isprintable() else " " for c in bare).split())[:200]


def _read(body: bytes) -> tuple[_Refusal | None, bool]:
    """The refusal a body is, if it is one, and whether it is JSON at all. What else it holds is only passed over here."""
    try:
        parsed = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None, False
    if not isinstance(parsed, _MaybeRefusal) or parsed.code is None:
        return None, True
    try:
        return msgspec.convert({"code": parsed.code, "msg": parsed.msg}, _Refusal), True
    except msgspec.ValidationError:
        return None, True


def _throttled(answer: Answer, code: int | None, text: str, now_ms: int) -> RateLimited:
    ban_end = _BANNED_UNTIL.search(text)
    retry_ms = retry_after_ms(answer.headers)
    if answer.status == 418 or ban_end:
        until = max(int(ban_end.group(1)) if ban_end else 0, now_ms + retry_ms if retry_ms else 0)
        until = until or now_ms + _DEFAULT_BAN_MS
        return RateLimited(f"the exchange has banned this address ({tidy(text)})", until_ms=until, scope="host")
    if code == TOO_MANY_ORDERS:
        per_day = "day" in text.lower()
        rest = _DAY_MS - now_ms % _DAY_MS if per_day else _ORDER_WINDOW_MS
        until = now_ms + (rest if retry_ms is None else retry_ms)
        return RateLimited(_sentence(answer.call, answer.status, code, text), until_ms=until, scope="orders")
    until = now_ms + (_DEFAULT_SILENCE_MS - now_ms % _DEFAULT_SILENCE_MS if retry_ms is None else retry_ms)
    return RateLimited(_sentence(answer.call, answer.status, code, text), until_ms=until, scope="endpoint")


def retry_after_ms(headers: Mapping[str, str]) -> int | None:
    """How long the exchange asks us to wait; None when it does not say so in whole seconds. headers: in whatever case."""
    value = headers.get("retry-after", "").strip()
    return int(value) * 1000 if value.isascii() and value.isdigit() and len(value) < 10 else None


def _sentence(call: Call, status: int, code: int | None, text: str) -> str:
    says = f": {quoted}" if (quoted := tidy(text)) else ""
    if code is not None:
        return f"{call.endpoint}: {meaning(code, text)} (code {code}, HTTP {status}{says})"
    return f"{call.endpoint}: HTTP {status} without a code of the exchange{says}"
