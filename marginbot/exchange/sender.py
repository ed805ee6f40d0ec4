"""One request on the wire: built once, signed as built, sent as signed, bounded as a whole."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import httpx

from marginbot import __version__
from marginbot.errors import ConfigError
from marginbot.exchange.faults import fault_of_break
from marginbot.exchange.messages import Answer, Call
from marginbot.exchange.ports import Clock
from marginbot.exchange.server_clock import ServerClock
from marginbot.exchange.signing import Signer, encode, with_signature

_FORM: Final = "application/x-www-form-urlencoded"
_QUERY_METHODS: Final = ("GET", "DELETE")
_HEADERS: Final = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "User-Agent": f"marginbot/{__version__}"}
LIMITS: Final = httpx.Limits(max_connections=20, max_keepalive_connections=20, keepalive_expiry=60)
"""As many may be idle as there are: above that the library closes those of the pair that was answered first."""


class Sender:
    """Sends calls to one base address with one key. Judges broken requests, not answers.

    It speaks to the transport itself: httpx's client would parse every address three times, keep cookies and prepare to
    follow redirects, and nothing of that may happen to a signed request.
    timeout: seconds for a whole request, from asking for a connection to the last byte of the answer. one_by_one: requests are
    built and written one after the other, which needs a transport that tells when it has written one.
    """

    def __init__(
        self,
        *,
        rest_url: str,
        api_key: str | None,
        signer: Signer | None,
        clock: Clock,
        server: ServerClock,
        transport: httpx.AsyncBaseTransport,
        timeout: float,
        one_by_one: bool = False,
    ) -> None:
        self._rest_url = rest_url
        self._signer = signer
        self._clock = clock
        self._server = server
        self._timeout = timeout
        # Phases are shorter than the whole, so that a full pool or a dead host is known as "not sent".
        self._phases = httpx.Timeout(timeout, connect=timeout / 2, pool=timeout / 4).as_dict()
        self._transport = transport
        self._plain = httpx.Headers(_HEADERS)
        self._keyed = httpx.Headers(_HEADERS if api_key is None else {**_HEADERS, "X-MBX-APIKEY": api_key})
        # Side by side all of them would leave late; one by one those begun first, of the pair most in danger, leave at once. Of a
        # transport that tells nothing, as many at once as it would have connections.
        self._turns = asyncio.Semaphore(1 if one_by_one else LIMITS.max_connections or 1)
        _silence_url_logs()

    async def send(self, call: Call, recv_window_ms: int) -> Answer:
        """The answer, whatever its status. Raises: NotSent, OutcomeUnknown (writes), ReadFailed (reads)."""
        trace = _Trace(self._turns)
        try:
            async with self._clock.timeout(self._timeout):
                await self._turns.acquire()
                trace.begun = True
                try:
                    response = await self._transport.handle_async_request(self.request_of(call, recv_window_ms, trace))
                finally:
                    trace.over()
                try:
                    body = await response.aread()
                finally:
                    await response.aclose()
        except (TimeoutError, httpx.HTTPError) as error:
            raise fault_of_break(call, error, trace.may_have_sent) from error
        return Answer(call, response.status_code, response.headers, body, self._clock.now())

    def request_of(self, call: Call, recv_window_ms: int, trace: _Trace | None = None) -> httpx.Request:
        """The request exactly as it will be sent. Raises: ConfigError for a signed call without a key."""
        text = self._text(call, recv_window_ms)
        url, extensions = self._rest_url + call.path, {"timeout": self._phases, "trace": trace}
        headers = self._keyed if call.signed or call.path.startswith("/sapi/") else self._plain
        if call.method in _QUERY_METHODS:
            return httpx.Request(call.method, f"{url}?{text}" if text else url, headers=headers, extensions=extensions)
        request = httpx.Request(call.method, url, headers=headers, content=text.encode("ascii"), extensions=extensions)
        request.headers["Content-Type"] = _FORM
        return request

    async def aclose(self) -> None:
        """Closes connections."""
        await self._transport.aclose()

    def _text(self, call: Call, recv_window_ms: int) -> str:
        if not call.signed:
            return encode(call.params)
        if self._signer is None:
            raise ConfigError(f"{call.endpoint} needs a key and a secret or private key", "exchange.api_key")
        stamped = {**call.params, "recvWindow": str(recv_window_ms), "timestamp": str(self._server.now_ms())}
        return with_signature(encode(stamped), self._signer)


class _Trace:
    """Watches httpcore, to know whether a timeout struck before the first byte of the request was written, and when it is the
    next one's turn.
    """

    def __init__(self, turns: asyncio.Semaphore) -> None:
        self.begun = False
        self._turns: asyncio.Semaphore | None = turns
        self._connecting = False
        self._writing = False

    @property
    def may_have_sent(self) -> bool:
        """False only while it had to wait, or when a connection was being made and no request was begun on it."""
        return self._writing or (self.begun and not self._connecting)

    def over(self) -> None:
        """This one is written, or its connection is being made: it is the next one's turn."""
        if self._turns is not None:
            self._turns.release()
            self._turns = None

    async def __call__(self, name: str, info: object) -> None:
        self._connecting = self._connecting or name.startswith("connection.connect")
        self._writing = self._writing or ".send_request_headers" in name
        if self._connecting or name.endswith(".send_request_body.complete"):
            self.over()


def _no_urls(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def _silence_url_logs() -> None:
    """httpx logs whole URLs at INFO, signatures included: below WARNING nothing of it gets through, whatever the level."""
    logger = logging.getLogger("httpx")
    if _no_urls not in logger.filters:
        logger.addFilter(_no_urls)
    logging.getLogger("httpcore").setLevel(logging.WARNING)
