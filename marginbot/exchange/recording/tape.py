"""Listens between the adapter and the network and keeps what was asked and answered; keys and signatures never get on it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

import httpx

_NEVER_KEPT: Final = ("timestamp", "signature")
_KEY_HEADER: Final = "X-MBX-APIKEY"
_KEPT_HEADERS: Final = re.compile(r"content-type|retry-after|x-(mbx|sapi)-(used|order-count)-.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One request and its answer, not yet scrubbed. `label` tells apart several requests to one endpoint."""

    label: str
    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Tape:
    """Everything that passed, in order, and every secret seen in passing, so that a scrubber can look for echoes of it."""

    secrets: set[str] = field(default_factory=set)
    exchanged: list[Exchanged] = field(default_factory=list)
    _label: str = ""

    @contextmanager
    def labelled(self, label: str) -> Iterator[None]:
        """What passes inside gets this label."""
        before, self._label = self._label, label
        try:
            yield
        finally:
            self._label = before

    def under(self, inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        """A transport that carries requests on to `inner` and writes them down."""
        return _Recorder(self, inner)

    def note(self, request: httpx.Request, response: httpx.Response, body: bytes) -> None:
        """Write one exchange down."""
        query, form = parse_qsl(request.url.query.decode(), True), parse_qsl(request.content.decode(), True)
        self.secrets.update(value for name, value in (*query, *form) if name == "signature")
        self.secrets.update(filter(None, [request.headers.get(_KEY_HEADER)]))
        kept = {name.lower(): value for name, value in response.headers.items() if _KEPT_HEADERS.fullmatch(name)}
        self.exchanged.append(
            Exchanged(
                self._label,
                request.method,
                request.url.path,
                _without_stamps(query),
                _without_stamps(form),
                response.status_code,
                kept,
                body,
            )
        )


class _Recorder(httpx.AsyncBaseTransport):
    def __init__(self, tape: Tape, inner: httpx.AsyncBaseTransport) -> None:
        self._tape = tape
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises: whatever the inner transport raises; what has no answer is not kept."""
        response = await self._inner.handle_async_request(request)
        self._tape.note(request, response, await response.aread())
        return response

    async def aclose(self) -> None:
        """Closes the inner transport."""
        await self._inner.aclose()


def _without_stamps(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name: value for name, value in pairs if name not in _NEVER_KEPT}
