"""What the adapter needs from outside: time, and a place that remembers bans across restarts."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol


class Clock(Protocol):
    """Time. `now` is aware UTC; `monotonic` in seconds."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...
    def timeout(self, seconds: float) -> AbstractAsyncContextManager[Any]: ...


class BanStore(Protocol):
    """Keeps the end of a ban across restarts. Times in ms since 1970."""

    def banned_until_ms(self, host: str) -> int: ...
    def remember_ban(self, host: str, until_ms: int, reason: str) -> None: ...
