"""A web server on loopback that keeps what is posted to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Hook:
    """What came, oldest first: path and JSON. held: requests are answered only once it is set."""

    port: int = 0
    status: int = 200
    got: list[tuple[str, Any]] = field(default_factory=list)
    held: threading.Event | None = None

    @property
    def texts(self) -> list[str]:
        return [body.get("message", body.get("text")) for _, body in self.got]


@contextmanager
def a_hook() -> Iterator[Hook]:
    """Listens while inside."""
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            hook.got.append((self.path, body))
            if hook.held is not None:
                hook.held.wait(10)
            self.send_response(hook.status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
