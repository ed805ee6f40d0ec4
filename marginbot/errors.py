"""What can go wrong, named for what the caller may do next. Messages never hold a key, a signature or a signed URL."""

from __future__ import annotations


class MarginbotError(Exception):
    """Root of everything marginbot raises on purpose. The text is one or two sentences for a person."""


class ConfigError(MarginbotError):
    """A setting, flag or argument is wrong; nothing was sent. `key` is the setting's name as the user types it."""

    def __init__(self, message: str, key: str | None = None) -> None:
        super().__init__(message)
        self.key = key


class SafetyRefused(MarginbotError):
    """A safety check says no (permission, withdrawal right, lock, pair never opened); only reads were sent."""


class PlanRefused(MarginbotError):
    """The guard found a plan that must not be sent. A defect or a changed world: a person or the next look decides."""


class JournalUnavailable(MarginbotError):
    """The journal cannot be written or read; a one-shot stops before its next write."""


class NotificationFailed(MarginbotError):
    """A message did not reach the place it was sent to. Nothing else follows from that."""


class MoneyError(MarginbotError, ValueError):
    """A text that should be an amount, a price or a level is not one: not finite, not plain, out of range, negative."""


class ExchangeError(MarginbotError):
    """Root of what one request to the exchange can end in besides an answer."""


class RequestRejected(ExchangeError):
    """The exchange refused: nothing happened. Look again and decide anew.

    code: the exchange's number (mostly negative), or None for a refusal without JSON. http_status: as received.
    """

    def __init__(self, message: str, *, code: int | None, http_status: int, text: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.http_status = http_status
        self.text = text


class RateLimited(ExchangeError):
    """Nothing happened. `until_ms` (server time, ms since 1970) is when the named scope may be asked again.

    scope: "endpoint" (one endpoint and kind of weight), "orders" or "host" (a ban: nothing at all may be sent).
    """

    def __init__(self, message: str, *, until_ms: int, scope: str) -> None:
        super().__init__(message)
        self.until_ms = until_ms
        self.scope = scope


class OutcomeUnknown(ExchangeError):
    """Sent and perhaps done. Never resend: look it up (settle)."""

    def __init__(self, message: str, *, code: int | None = None, http_status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.http_status = http_status


class NotSent(ExchangeError):
    """No byte of the request reached the exchange (connection refused, name not found): nothing happened."""


class ReadFailed(ExchangeError):
    """A read got no usable answer (break, timeout, 5xx, malformed). Reads change nothing: ask again."""


class AnswerMalformed(ReadFailed):
    """The answer arrived and is not what the endpoint promises: a missing key, a wrong type, a number out of range."""
