"""Sends ticks as fast as a socket takes them, to whoever connects, and hangs up: READY-FILE MESSAGES.

The frames are made beforehand and written as they are, so that whoever receives them is what takes the time.
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import sys
from pathlib import Path

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PAIRS = 50


def tick(number: int) -> bytes:
    """One bookTicker payload; the price wanders a little around 25."""
    symbol, price = f"PAIR{number % PAIRS:02}USDT", 25 + number % 1000 / 10_000
    told = {"u": 40_000_000_000 + number, "s": symbol, "b": f"{price:.8f}", "B": "31.21000000"}
    return json.dumps({**told, "a": f"{price + 0.01:.8f}", "A": "40.66000000"}, separators=(",", ":")).encode()


def frame(payload: bytes, opcode: int = 1) -> bytes:
    """A whole message of at most 65535 bytes, as a server sends it."""
    size = bytes([len(payload)]) if len(payload) < 126 else bytes([126]) + len(payload).to_bytes(2, "big")
    return bytes([0x80 | opcode]) + size + payload


def shake_hands(connection: socket.socket) -> None:
    request = b""
    while b"\r\n\r\n" not in request:
        request += connection.recv(4096)
    lines = (line.split(b": ", 1) for line in request.split(b"\r\n") if b": " in line)
    key = {name.lower(): value for name, value in lines}[b"sec-websocket-key"]
    accept = base64.b64encode(hashlib.sha1(key + GUID, usedforsecurity=False).digest())
    upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    connection.sendall(upgrade + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")


def main(ready: Path, messages: int) -> None:
    """Serve one connection after the other, until killed."""
    frames = b"".join(frame(tick(number)) for number in range(messages)) + frame((1000).to_bytes(2, "big"), opcode=8)
    with socket.create_server(("127.0.0.1", 0)) as server:
        half = ready.with_suffix(".half")
        half.write_text(f"ws://127.0.0.1:{server.getsockname()[1]}")
        half.replace(ready)
        while True:
            connection, _ = server.accept()
            with connection:
                shake_hands(connection)
                connection.sendall(frames)
                # The other side's word that it is over.
                connection.recv(4096)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
