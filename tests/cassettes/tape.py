"""Loads cassettes and plays them to the real adapter: what it sends must be what was recorded, all of it and nothing else."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import respx

from marginbot.exchange.adapter import BinanceExchange
from tests.exchange.conftest import BASE

CASSETTES = Path(__file__).parents[2] / "cassettes"
STAMPS = ("timestamp", "signature")


@dataclass(frozen=True)
class Asked:
    """A request as a cassette knows it: without key, timestamp and signature."""

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]


@dataclass(frozen=True)
class Cassette:
    """One file. `body` is the answer byte for byte: a JSON answer in the compact form the exchange sends."""

    asked: Asked
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Play:
    """What the adapter makes of cassettes: `sees` applied to the result of `method(*args)` equals `expects`.

    An expected error is an instance: its class, text and the attributes it was made with are compared by the test.
    """

    cassettes: tuple[str, ...]
    method: str
    args: tuple[Any, ...] = ()
    expects: Any = None
    sees: Callable[[Any], Any] = field(default=lambda result: result)

    def __str__(self) -> str:
        return f"{self.method}-{self.cassettes[0].rpartition('/')[2]}"

    def ask(self, exchange: BinanceExchange) -> Awaitable[Any]:
        """The call."""
        return getattr(exchange, self.method)(*self.args)


def load(name: str, directory: Path = CASSETTES) -> Cassette:
    """`get-api-v3-time/documented` -> the cassette."""
    parts = json.loads((directory / f"{name}.json").read_text(encoding="utf-8"))
    request, response = parts["request"], parts["response"]
    asked = Asked(request["method"], request["path"], request["query"], request.get("form", {}))
    return Cassette(asked, response["status"], response["headers"], _body(response))


@contextmanager
def playing(*cassettes: Cassette) -> Iterator[respx.MockRouter]:
    """httpx's network answers with these, those of one endpoint in this order; a request too many or too few fails."""
    waiting: dict[tuple[str, str], list[Cassette]] = {}
    for cassette in cassettes:
        waiting.setdefault((cassette.asked.method, cassette.asked.path), []).append(cassette)

    def answer(request: httpx.Request) -> httpx.Response:
        left = waiting[request.method, request.url.path]
        assert left, f"{request.method} {request.url.path} was asked more often than it was recorded"
        cassette = left.pop(0)
        sent = asked_by(request)
        assert sent == cassette.asked, f"sent {sent}, recorded {cassette.asked}"
        return httpx.Response(cassette.status, headers=cassette.headers, content=cassette.body)

    with respx.mock(base_url=BASE, assert_all_called=True, assert_all_mocked=True) as router:
        for method, path in waiting:
            router.route(method=method, path=path).mock(side_effect=answer)
        yield router
    assert not any(waiting.values()), "a recording was not asked for"


def asked_by(request: httpx.Request) -> Asked:
    """What a cassette of this request would hold. A window without a signature, or the other way round, fails."""
    query, form = (dict(parse_qsl(text.decode(), strict_parsing=bool(text))) for text in (request.url.query, request.content))
    sent = query | form
    stamps = [name in sent for name in ("recvWindow", *STAMPS)]
    assert all(stamps) or not any(stamps), f"signed in part: {sorted(sent)}"
    without = [{name: value for name, value in part.items() if name not in STAMPS} for part in (query, form)]
    return Asked(request.method, request.url.path, *without)


def _body(response: Mapping[str, Any]) -> bytes:
    if "text" in response:
        return str(response["text"]).encode()
    return json.dumps(response["json"], separators=(",", ":"), ensure_ascii=False).encode()
