"""The last requests the exchange met, for whoever asks what was sent; bounded in number and in bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from marginbot.paper.params import lenient_params

LOG_SIZE = 10_000
# Beyond this the oldest go: ten thousand ordinary requests fit in, a flood of large bodies does not stay.
LOG_BYTES = 4 * 1024 * 1024


class LogEntry(NamedTuple):
    """One request met and the status it was answered with; the raw bytes are read only when somebody looks."""

    at_ms: int
    method: str
    path: str
    query: bytes
    body: bytes
    status: int

    def params(self) -> dict[str, str]:
        """Decoded parameters without the signature."""
        return lenient_params(self.query, self.body)

    @property
    def size(self) -> int:
        """Bytes of what the client sent."""
        return len(self.path) + len(self.query) + len(self.body)


class RequestLog:
    """Oldest first."""

    def __init__(self) -> None:
        self._entries: deque[LogEntry] = deque()
        self._bytes = 0

    def __iter__(self) -> Iterator[LogEntry]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> LogEntry:
        return self._entries[index]

    def append(self, entry: LogEntry) -> None:
        self._entries.append(entry)
        self._bytes += entry.size
        while len(self._entries) > LOG_SIZE or self._bytes > LOG_BYTES:
            self._bytes -= self._entries.popleft().size
