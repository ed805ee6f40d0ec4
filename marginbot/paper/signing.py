"""Who signed what, and when: the text under a signature, the key behind it, and the window of time it is good for.

Source: Binance spot API docs, request security (signature over the percent-encoded text since 2026-01-15; timing security).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from marginbot.paper.api.endpoint import Refusal
from marginbot.paper.keys import Key, KeyRegistry
from marginbot.paper.messages import Request
from marginbot.paper.params import missing

DEFAULT_RECV_WINDOW_MS = 5000
MAX_RECV_WINDOW_MS = 60_000
AHEAD_LIMIT_MS = 1000

# Above this a timestamp counts microseconds; in milliseconds it would lie beyond the year 5000.
_MICROSECONDS_FROM = 10**14
# Everything a query may hold unencoded by RFC 3986; what is not here had to be percent-encoded before signing.
_MUST_BE_ENCODED = re.compile(rb"[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]")
_TIMESTAMP = re.compile(r"[0-9]{1,20}")
_RECV_WINDOW = re.compile(r"[0-9]{1,12}(\.[0-9]{1,3})?")


def text_to_sign(request: Request) -> bytes:
    """Query directly followed by body, both as received, without the signature wherever it stands."""
    return _without_signature(request.query) + _without_signature(request.body)


def identify(request: Request, keys: KeyRegistry) -> Key:
    """The key in the header.

    Raises: Refusal -2014 without or with an ill-formed key, -2015 for an unknown one or one bound to another address.
    Both go out with HTTP 401, since they say who is asking, not what was asked; clients were seen to expect that status.
    """
    api_key = request.api_key
    if not api_key or not api_key.isascii() or not api_key.isalnum():
        raise Refusal(-2014, "API-key format invalid.", 401)
    key = keys.find(api_key)
    if key is None or (key.local_only and not request.is_local):
        raise not_permitted()
    return key


def check_rights(key: Key, needs: tuple[str, ...]) -> None:
    """Raises: Refusal -2015 when the key lacks one of the rights."""
    for right in needs:
        if not key.rights.get(right, False):
            raise not_permitted()


def check_time(sent: Mapping[str, str], now_ms: int) -> None:
    """The time rule: less than 1 s ahead of the server, at most recvWindow behind it.

    Raises: Refusal -1102, -1100, -1131, -1021.
    """
    stamp = sent.get("timestamp")
    if not stamp:
        raise missing("timestamp")
    if not _TIMESTAMP.fullmatch(stamp):
        raise Refusal(-1100, "Illegal characters found in parameter 'timestamp'; legal range is '^[0-9]{1,20}$'.")
    made_at = int(stamp)
    at_ms = made_at / 1000 if made_at >= _MICROSECONDS_FROM else float(made_at)
    window = _recv_window(sent.get("recvWindow"))
    if at_ms >= now_ms + AHEAD_LIMIT_MS:
        raise Refusal(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if now_ms - at_ms > window:
        raise Refusal(-1021, "Timestamp for this request is outside of the recvWindow.")


def check_signature(request: Request, sent: Mapping[str, str], key: Key) -> None:
    """Raises: Refusal -1102 without a signature, -1022 when it is not the key's over the encoded text."""
    signature = sent.get("signature")
    if not signature:
        raise missing("signature")
    text = text_to_sign(request)
    if _MUST_BE_ENCODED.search(text) or not key.verifies(text, signature):
        raise Refusal(-1022, "Signature for this request is not valid.")


def not_permitted() -> Refusal:
    """One text for an unknown key and for a missing right, as on Binance: it does not tell strangers which."""
    return Refusal(-2015, "Invalid API-key, IP, or permissions for action.", 401)


def _recv_window(sent: str | None) -> float:
    if sent is None:
        return DEFAULT_RECV_WINDOW_MS
    if not _RECV_WINDOW.fullmatch(sent):
        raise Refusal(-1100, "Illegal characters found in parameter 'recvWindow'.")
    window = float(sent)
    if window > MAX_RECV_WINDOW_MS:
        raise Refusal(-1131, "recvWindow must be less than 60000.")
    return window


def _without_signature(raw: bytes) -> bytes:
    if b"signature=" not in raw:
        return raw
    return b"&".join(part for part in raw.split(b"&") if not part.startswith(b"signature="))
