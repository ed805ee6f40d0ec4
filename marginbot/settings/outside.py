"""Settings of what the daemon tells the outside: `notify.*`, `metrics.*`, `heartbeat.*`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr
from pydantic_settings import NoDecode

from marginbot.domain.message import Severity
from marginbot.settings import values

_STRICT: Final = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
_SEVERITIES: Final = {severity.word: severity for severity in Severity}
_ONE: Final = re.compile(r"(?:(?P<least>[A-Za-z]+)=)?(?P<url>[A-Za-z][A-Za-z0-9+.-]*://\S+)")
_BETWEEN: Final = re.compile(r"\s+|,\s*(?=(?:[A-Za-z]+=)?[A-Za-z][A-Za-z0-9+.-]*://)|,\s+")
_PARTS: Final = re.compile(r"[/:@?&=#,;]+")
_NOTIFY_FORM: Final = "Apprise addresses such as ntfy://TOPIC or critical=tgram://TOKEN/CHAT, with blanks between them"
_FROM_LENGTH: Final = 8


@dataclass(frozen=True, slots=True)
class NotifyUrl:
    """One Apprise address, a secret as a whole, and the least severity it is to hear."""

    url: SecretStr
    least: Severity = Severity.INFO


@dataclass(frozen=True, slots=True)
class Listen:
    """Where metrics are served."""

    host: str
    port: int


def _notify_urls(value: object) -> tuple[NotifyUrl, ...]:
    """A list, or one text with blanks or commas between its addresses."""
    if isinstance(value, (list, tuple)):
        return tuple(one if isinstance(one, NotifyUrl) else _notify_url(values.text(one, _NOTIFY_FORM)) for one in value)
    return tuple(_notify_url(word) for word in _BETWEEN.split(values.text(value, _NOTIFY_FORM)) if word)


def _notify_url(text: str) -> NotifyUrl:
    found = _ONE.fullmatch(text)
    least = None if found is None else _SEVERITIES.get((found["least"] or "info").lower())
    if found is None or least is None:
        raise ValueError(f"must be {_NOTIFY_FORM}; what stands before `=` is info, warning or critical")
    return NotifyUrl(SecretStr(found["url"]), least)


def _listen(value: object) -> Listen | None:
    """HOST:PORT, None for `off`."""
    form = f"HOST:PORT such as 127.0.0.1:9464, or {values.OFF}"
    if value is None or isinstance(value, Listen):
        return value
    word = values.text(value, form)
    if word.lower() == values.OFF:
        return None
    try:
        parts = urlsplit(f"//{word}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or port is None or parts.netloc != word or parts.username is not None or any(c.isspace() for c in word):
        raise ValueError(f"must be {form}")
    return Listen(host, port)


def _heartbeat(value: object) -> SecretStr:
    """An https address, or http on loopback; its path is mostly what makes it a secret, and a query is fine."""
    form = "an https:// URL (http:// only for 127.0.0.1, ::1 or localhost)"
    url = values.text(value.get_secret_value() if isinstance(value, SecretStr) else value, form)
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0 and not any(character.isspace() for character in url)
    except ValueError:
        usable = False
    secure = usable and (parts.scheme == "https" or (parts.scheme == "http" and values.is_loopback(url)))
    if not secure:
        raise ValueError(f"must be {form}")
    return SecretStr(url)


class Notify(BaseModel):
    """`notify.*`: where alerts go. None by default: then they are only logged."""

    model_config = _STRICT

    urls: Annotated[tuple[NotifyUrl, ...], NoDecode, BeforeValidator(_notify_urls)] = ()


class Metrics(BaseModel):
    """`metrics.*`: where /metrics and /healthz are served, None for nowhere. Anybody who reaches it sees the positions."""

    model_config = _STRICT

    listen: Annotated[Listen | None, BeforeValidator(_listen)] = Listen("127.0.0.1", 9464)


class Heartbeat(BaseModel):
    """`heartbeat.*`: what is asked for once a minute while looks succeed, so that somebody notices when it stops."""

    model_config = _STRICT

    url: Annotated[SecretStr | None, BeforeValidator(_heartbeat)] = None


def secrets_in(url: SecretStr) -> Iterator[str]:
    """The address, and whatever in it may be a secret by itself, since libraries speak of parts. Names of hosts are none."""
    whole = url.get_secret_value()
    yield whole
    host = urlsplit(whole).hostname or ""
    for part in _PARTS.split(whole.partition("://")[2]):
        if len(part) >= _FROM_LENGTH and not (part.lower() == host and "." in host):
            yield part
