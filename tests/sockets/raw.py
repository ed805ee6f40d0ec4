"""Bytes as they are, sent to a server by a socket: what no HTTP library would let through."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

HOST = b"Host: paper\r\n"


@dataclass(frozen=True)
class Answer:
    """What came back. `body` as far as it came before the server closed or all of it was there."""

    status: int
    headers: bytes
    body: bytes

    @property
    def code(self) -> int:
        """The exchange's code, 0 for a page."""
        return int(json.loads(self.body)["code"]) if self.body.startswith(b"{") else 0

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def dial(url: str) -> socket.socket:
    parts = urlsplit(url)
    assert parts.hostname is not None
    return socket.create_connection((parts.hostname, parts.port or 80), timeout=10)


def exchange(url: str, request: bytes) -> Answer:
    """Send `request`, as much of it as the server takes, and read one answer."""
    with dial(url) as connection:
        with suppress(ConnectionError):
            connection.sendall(request)
        return read(connection)


def read(connection: socket.socket) -> Answer:
    received = b""
    while b"\r\n\r\n" not in received and (more := connection.recv(65536)):
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length and (more := connection.recv(65536)):
        body += more
    assert head, "the connection was closed without an answer"
    return Answer(int(head.split(b" ")[1]), head, body)


def get(target: str, *headers: bytes) -> bytes:
    return b"GET %s HTTP/1.1\r\n%s%s\r\n" % (target.encode("latin-1"), HOST, b"".join(line + b"\r\n" for line in headers))


def post(target: str, body: bytes = b"", *headers: bytes) -> bytes:
    length = b"Content-Length: %d\r\n" % len(body)
    lines = b"".join(line + b"\r\n" for line in headers)
    return b"POST %s HTTP/1.1\r\n%s%s%s\r\n%s" % (target.encode("latin-1"), HOST, length, lines, body)
