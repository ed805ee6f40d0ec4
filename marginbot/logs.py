"""Diagnostic logs on stderr, with everything that could be a secret taken out of every line."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import structlog

HIDDEN: Final = "[hidden]"

_NAMED: Final = re.compile(
    r"""(?ix) (?P<name> ["']? (?: x-mbx-apikey | api_?key | api_?secret | secret_?key | secret | signature
        | listen_?key | listen_?token | token | password | authorization ) ["']? \s* [=:] \s* (?: b? ["'] )?
        (?: (?: bearer | basic ) \s+ )?+ )
        (?! \[hidden ) [^\s"'&,;}\])]+"""
)
_FRAME: Final = re.compile(r"(?P<kind>[<>] (?:TEXT|BINARY|CONT) ).*?(?P<size> \[\d+ bytes)", re.DOTALL)
"""What websockets logs of a frame: its beginning and its end, which may be half a listen token."""
_PEM: Final = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_LONG_WORD: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Za-z0-9]{60,}|[A-Za-z0-9+/]{60,}={1,2}|[A-Za-z0-9+/]{300,})(?![A-Za-z0-9])"
)
"""Keys and HMAC signatures are single words of 64 characters, Ed25519 and RSA signatures longer base64; a path is neither."""

_SHOWS_ADDRESSES: Final = ("httpx", "httpcore", "uvicorn.access", "apprise", "urllib3")
"""Libraries that tell signed URLs, or addresses with tokens inside, at INFO or DEBUG."""
_CHATTY: Final = ("apscheduler",)


class Scrubber:
    """Takes known secrets, named secrets and anything shaped like a key out of a text."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        # The longest first, so that no secret survives as the rest of a shorter one.
        self._secrets = sorted((secret for secret in secrets if len(secret) >= 4), key=len, reverse=True)

    def knowing(self, secret: str) -> Scrubber:
        """One that knows this secret too."""
        return Scrubber([*self._secrets, secret])

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        text = _PEM.sub(HIDDEN, text)
        text = _FRAME.sub(lambda found: found["kind"] + HIDDEN + found["size"], text)
        text = _NAMED.sub(lambda found: found["name"] + HIDDEN, text)
        return _LONG_WORD.sub(HIDDEN, text)


def set_up(verbose: int, secrets: Sequence[str] = ()) -> None:
    """Errors and warnings by default, INFO with -v, DEBUG with -vv; for structlog and the standard library alike."""
    import structlog

    level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    shared = _shared()
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
    )
    handler = _ScrubbedStderr(Scrubber(secrets))
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in (*_SHOWS_ADDRESSES, *_CHATTY):
        logging.getLogger(name).setLevel(logging.WARNING)


def keep_a_diary() -> None:
    """For a daemon: INFO at least, and where no terminal reads stderr one JSON object a line. Rotation is the platform's."""
    import structlog

    root = logging.getLogger()
    root.setLevel(min(root.level, logging.INFO))
    if sys.stderr.isatty():
        return
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _scrubbed,
            structlog.processors.JSONRenderer(default=str),
        ],
    )
    for handler in _ours():
        handler.setFormatter(formatter)


def hide(secret: str) -> None:
    """From now on no line shows `secret`; for those that no setting holds."""
    for handler in _ours():
        handler.scrub = handler.scrub.knowing(secret)


def scrubber() -> Scrubber:
    """What cleans the lines of this run, knowing its secrets."""
    return next((handler.scrub for handler in _ours()), Scrubber())


def _shared() -> list[structlog.types.Processor]:
    """What every line gets, ours and those of libraries."""
    import structlog

    return [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]


def _scrubbed(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Value by value, since a scrubber that runs over finished JSON could take one of its quotes along."""
    scrub = scrubber()
    first = {name: line[name] for name in ("timestamp", "level", "event") if name in line}
    whole = {**first, **line}
    return {name: value if isinstance(value, (int, float, type(None))) else scrub(str(value)) for name, value in whole.items()}


def _ours() -> list[_ScrubbedStderr]:
    return [handler for handler in logging.getLogger().handlers if isinstance(handler, _ScrubbedStderr)]


class _ScrubbedStderr(logging.Handler):
    """The last hand on every line, whichever library wrote it. Looks up stderr each time, as tests and shells swap it."""

    def __init__(self, scrub: Scrubber) -> None:
        super().__init__()
        self.scrub = scrub

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.scrub(self.format(record)) + "\n")
        except (OSError, ValueError, TypeError):
            # The line cannot be told, and its arguments must not be: logging's own report would show them unscrubbed.
            sys.stderr.write("a log line could not be written\n")
