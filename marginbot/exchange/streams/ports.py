"""What streams need from outside: a connection, somebody to tell, and a place that knows whether they work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal, Protocol

from marginbot.domain.amounts import Symbol
from marginbot.exchange.tokens import ListenToken

Jitter = Callable[[], float]
"""A number in [0, 1), so that not everybody comes back at the same moment."""


class Socket(Protocol):
    """An open connection, as `websockets` gives it."""

    async def recv(self, decode: Literal[False]) -> bytes: ...
    async def send(self, message: str) -> None: ...
    async def close(self) -> None: ...


Dial = Callable[[str], Awaitable[Socket]]
"""Connects to an address. Raises what `fault_of` reads."""


class TickSink(Protocol):
    """Is told every best bid and ask as it comes. calm: while it is not set ticks wait in the connection."""

    calm: asyncio.Event

    def tick(self, symbol: str, bid: float, ask: float) -> None: ...


class ChangeSink(Protocol):
    """Is told that something happened on the account of a pair, or may have while nobody listened."""

    def changed(self, symbol: Symbol) -> None: ...


class Health(Protocol):
    """Whether a part works; within: seconds after which its silence is a fault."""

    def expect(self, part: str, within: float | None = None) -> None: ...
    def forget(self, part: str) -> None: ...
    def well(self, part: str) -> None: ...
    def ill(self, part: str, why: str) -> None: ...


class ListenTokens(Protocol):
    """Where the right to hear one account's events comes from."""

    async def listen_token(self, symbol: Symbol) -> ListenToken: ...
    def server_now_ms(self) -> int: ...
