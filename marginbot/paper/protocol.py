"""uvicorn's HTTP protocol made safe against whoever sends no end of headers, or never comes to an end of them."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from marginbot.paper.messages import html_page

# Key in the scope under which the app finds a way to drop the connection unanswered, which ASGI itself does not offer.
CUT = "marginbot.cut"
# Of the request line and all headers together; more than the exchange's own proxies take.
MAX_HEAD_BYTES = 64 * 1024
# What the websockets library reads of a handshake; beyond that it would leave the client without an answer.
MAX_WS_LINE_BYTES, MAX_WS_HEADERS = 8000, 100
PATIENCE_S = 20.0


class HeadTooLarge(Exception):
    """Raised inside the parser, which ends its work."""


class GuardedProtocol(HttpToolsProtocol):
    """patience_s: a connection whose next request is not there in whole, but for its body, after so long is closed."""

    def __init__(self, *args: Any, patience_s: float = PATIENCE_S, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._patience_s = patience_s
        self._timer: asyncio.TimerHandle | None = None
        self._in_head = False
        self._head_bytes = 0
        self._refused_with = 400

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_there()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        was_in_head = self._in_head
        super().data_received(data)
        if self not in self.connections or self.transport.is_closing():
            return  # refused, or a websocket from here on
        if was_in_head and self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(431)
                return
        if self.cycle is None or self.cycle.response_complete:
            self._await_head()

    def on_message_begin(self) -> None:
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()
        self.scope["extensions"] = {CUT: {"cut": self.transport.abort}}

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_is_there()
        lines = [len(self.url), *(len(name) + len(value) for name, value in self.headers)]
        upgrades = self.parser.should_upgrade() and self._should_upgrade()
        if sum(lines) > MAX_HEAD_BYTES or (upgrades and (max(lines) > MAX_WS_LINE_BYTES or len(lines) > MAX_WS_HEADERS)):
            self._refused_with = 431
            raise HeadTooLarge
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._in_head and not self.transport.is_closing():
            self._await_head()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP request gets the page of a proxy, as in front of the exchange."""
        page = html_page(self._refused_with)
        headers = b"".join(b"%s: %s\r\n" % header for header in page.headers)
        length = b"content-length: %d\r\nconnection: close\r\n\r\n" % len(page.body)
        self.transport.write(STATUS_LINE[page.status] + headers + length + page.body)
        self.transport.close()

    def _refuse(self, status: int) -> None:
        self._refused_with = status
        self.send_400_response("")

    def _await_head(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self._patience_s, self._give_up)

    def _head_is_there(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if self._in_head:
            self._refuse(408)
        else:
            self.transport.close()
