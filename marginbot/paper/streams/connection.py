"""One connection as the exchange sees it: what is still to be sent, and how it is to end."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque

import msgspec

from marginbot.paper.streams.orders import Kind

LIFE_MS = 86_400_000
# A client that reads nothing for so many frames is let go.
LONGEST_QUEUE = 10_000
NORMAL, GOING_AWAY, POLICY, BROKEN, RESTART = 1000, 1001, 1008, 1011, 1012
CUT = 0


class Connection(ABC):
    """Frames go out in order; once it is closed nothing is added any more.

    close_code: None while it lives, CUT when the connection is to break without a word.
    """

    kind: Kind

    def __init__(self, opened_ms: int, peer: str) -> None:
        self.opened_ms = opened_ms
        self.peer = peer
        self.close_code: int | None = None
        self.close_reason = ""
        self._frames: deque[bytes] = deque()
        self._ready = asyncio.Event()

    def send(self, frame: object) -> None:
        """Queue one JSON document."""
        if self.close_code is not None:
            return
        if len(self._frames) >= LONGEST_QUEUE:
            self.close(POLICY, "too slow")
            return
        self._frames.append(frame if isinstance(frame, bytes) else msgspec.json.encode(frame))
        self._ready.set()

    def close(self, code: int, reason: str = "") -> None:
        """End it once everything queued was sent; CUT throws the queue away."""
        if self.close_code is None:
            self.close_code, self.close_reason = code, reason
        if code == CUT:
            self._frames.clear()
        self._ready.set()

    async def next_frame(self) -> bytes | None:
        """What is to be sent next; None when nothing will follow."""
        while not self._frames:
            if self.close_code is not None:
                return None
            self._ready.clear()
            await self._ready.wait()
        return self._frames.popleft()

    @abstractmethod
    def received(self, text: str, now_ms: int) -> None:
        """The client sent a message."""

    @abstractmethod
    def event(self, payload: dict[str, object]) -> object:
        """`payload`, an event of the connection itself such as serverShutdown, in this connection's frame."""
