"""A connection by `websockets`, and what its troubles mean."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from typing import Final

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from marginbot import __version__
from marginbot.errors import ExchangeError, NotSent, RateLimited, ReadFailed, RequestRejected
from marginbot.exchange.connections import authorities
from marginbot.exchange.faults import retry_after_ms, tidy

TROUBLE: Final = (WebSocketException, OSError, TimeoutError, msgspec.MsgspecError)
"""All that a connection can end in, or that can keep it from beginning."""

_PING_EVERY_S: Final = 20.0
_OPEN_WITHIN_S: Final = 10.0
_CLOSE_WITHIN_S: Final = 1.0
_DEFAULT_SILENCE_MS: Final = 60_000


class _Connect(connect):
    """Goes where it is told and nowhere else: a redirect could lead a venue to a host that is not its own."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def dial(url: str) -> ClientConnection:
    """Connect. Pings are sent and answered by the library. Raises: whatever is in TROUBLE."""
    return await _Connect(
        url,
        compression=None,
        proxy=None,
        ssl=authorities() if url.lower().startswith("wss:") else None,
        user_agent_header=f"marginbot/{__version__}",
        open_timeout=_OPEN_WITHIN_S,
        ping_interval=_PING_EVERY_S,
        ping_timeout=_PING_EVERY_S,
        close_timeout=_CLOSE_WITHIN_S,
        logger=_without_frames(),
    )


def fault_of(error: BaseException, now_ms: Callable[[], int]) -> ExchangeError:
    """The error of ours that a trouble amounts to. now_ms: the clock that RateLimited goes by."""
    if isinstance(error, InvalidStatus):
        return _refused(error, now_ms)
    if isinstance(error, ConnectionClosed):
        last = error.rcvd
        said = "without a word" if last is None else tidy(f"with code {last.code} {last.reason}")
        return ReadFailed(f"the stream's connection ended {said}")
    if isinstance(error, msgspec.MsgspecError):
        return ReadFailed(f"the stream said something unreadable: {tidy(str(error))}")
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotSent(f"the stream's certificate is not to be trusted ({tidy(error.verify_message)})")
    how = "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
    return NotSent(f"the stream could not be reached ({how})")


def _refused(error: InvalidStatus, now_ms: Callable[[], int]) -> ExchangeError:
    status = error.response.status_code
    message = f"the stream refused the connection (HTTP {status})"
    if status not in (418, 429):
        return RequestRejected(message, code=None, http_status=status)
    wait = retry_after_ms(error.response.headers)
    until = now_ms() + (_DEFAULT_SILENCE_MS if wait is None else wait)
    return RateLimited(message, until_ms=until, scope="host" if status == 418 else "endpoint")


def _without_frames() -> logging.Logger:
    """At DEBUG the library shows every frame, listen tokens included, and is slow: whatever the level, never that."""
    logger = logging.getLogger("websockets.client")
    logger.setLevel(logging.WARNING)
    return logger
