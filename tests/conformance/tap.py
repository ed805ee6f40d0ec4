"""A wire tap: hands every request on to the testnet byte for byte, and remembers what came back."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from tests.conformance.shapes import wrong_in_answer

CLIENT_HEADERS = ("X-MBX-APIKEY", "Content-Type", "User-Agent", "X-MBX-TIME-UNIT")


@dataclass(frozen=True)
class Heard:
    """One raw answer and what was asked."""

    method: str
    path: str
    sent: dict[str, str]
    status: int
    body: bytes

    def wrongs(self) -> list[str]:
        return wrong_in_answer(self.method, self.path, self.sent, self.status, self.body)


@dataclass
class Tap:
    """`url` is where a client is pointed; `heard` is everything said since."""

    url: str
    heard: list[Heard] = field(default_factory=list)

    def wrongs(self) -> list[str]:
        return [line for one in self.heard for line in one.wrongs()]

    def calls(self) -> Counter[str]:
        """How often each endpoint answered with 200."""
        return Counter(f"{one.method} {one.path}" for one in self.heard if one.status == 200)

    def refused(self) -> list[Heard]:
        return [one for one in self.heard if one.status != 200]


@contextmanager
def tapped(upstream: str) -> Iterator[Tap]:
    """A tap in front of `upstream`, on a loopback port of its own."""

    class Handler(_Handler):
        host = urlsplit(upstream).netloc

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        tap = Tap(f"http://127.0.0.1:{server.server_port}")
        Handler.tap = tap
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield tap
        finally:
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    host: str
    tap: Tap

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        line = HTTPConnection(self.host, timeout=20)
        kept = {name: self.headers[name] for name in CLIENT_HEADERS if name in self.headers}
        try:
            line.request(self.command, self.path, body or None, kept)
            answer = line.getresponse()
            raw = answer.read()
        finally:
            line.close()
        url = urlsplit(self.path)
        sent = dict(parse_qsl(body.decode())) | dict(parse_qsl(url.query))
        self.tap.heard.append(Heard(self.command, url.path, sent, answer.status, raw))
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "server", "date", "transfer-encoding"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    do_POST = do_DELETE = do_PUT = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what was said is in the tap."""
