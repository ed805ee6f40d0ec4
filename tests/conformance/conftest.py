"""One testnet a module, with a tap in front of it; every raw answer of a module must have the right shape."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.tap import Tap, tapped
from tests.sockets.server import Server, served

HERE = ("127.0.0.1", "::1", "localhost")


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that was not wholly pointed at the testnet fails, instead of asking the live exchange."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        assert not isinstance(address, tuple) or address[0] in HERE, f"left the machine: {address}"
        connect(self, address)

    def guarded_look_up(host: Any, *more: Any, **named: Any) -> Any:
        assert host in HERE, f"left the machine: {host}"
        return look_up(host, *more, **named)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("exchange"), "--scenario", "empty") as server:
        yield server


@pytest.fixture(scope="module")
def tap(server: Server) -> Iterator[Tap]:
    with tapped(server.url) as tap:
        yield tap


@pytest.fixture
def answers(tap: Tap) -> Iterator[Tap]:
    """The tap, empty; after the test nothing that went through it may be misshapen."""
    tap.heard.clear()
    yield tap
    assert tap.wrongs() == []
