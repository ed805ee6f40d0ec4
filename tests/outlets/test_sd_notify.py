"""What systemd hears on its socket: ready, the watchdog while the watch goes round, the end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from marginbot.outlets.sd_notify import Systemd
from tests.virtual_time import VirtualClock, in_virtual_time


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(str(tmp_path / "notify"))
        bound.setblocking(False)
        yield bound


def heard(listener: socket.socket) -> list[str]:
    said = []
    while True:
        try:
            said += listener.recv(4096).decode().split("\n")
        except BlockingIOError:
            return said


@in_virtual_time
async def test_it_says_ready_beats_at_half_of_the_time_and_says_when_it_stops(listener: socket.socket):
    stop, clock, alive = asyncio.Event(), VirtualClock(), [True]
    systemd = Systemd(listener.getsockname(), watchdog_s=12)
    running = asyncio.create_task(systemd.run(stop, clock, lambda: alive[0], lambda: "2 pairs\nowe"))
    await asyncio.sleep(13)
    assert heard(listener) == ["READY=1", "STATUS=2 pairs owe"] + ["WATCHDOG=1", "STATUS=2 pairs owe"] * 2
    alive[0] = False
    await asyncio.sleep(6)
    assert heard(listener) == ["STATUS=2 pairs owe"]
    stop.set()
    await running
    assert heard(listener)[-1] == "STOPPING=1"


@in_virtual_time
async def test_without_a_watchdog_it_tells_how_it_is_and_never_beats(listener: socket.socket):
    stop = asyncio.Event()
    running = asyncio.create_task(Systemd(listener.getsockname()).run(stop, VirtualClock(), lambda: True, lambda: "fine"))
    await asyncio.sleep(25)
    stop.set()
    await running
    assert heard(listener) == ["READY=1", *["STATUS=fine"] * 4, "STOPPING=1"]


def test_an_abstract_socket_is_heard_too():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind("\0marginbot-tests-notify")
        Systemd("@marginbot-tests-notify").tell("READY=1")
        bound.settimeout(5)
        assert bound.recv(100) == b"READY=1"


def test_a_socket_that_is_gone_stops_nothing(tmp_path: Path):
    Systemd(str(tmp_path / "nobody")).tell("READY=1")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"NOTIFY_SOCKET": "relative"}, None),
        ({"NOTIFY_SOCKET": "/run/n"}, Systemd("/run/n")),
        ({"NOTIFY_SOCKET": "@n", "WATCHDOG_USEC": "60000000"}, Systemd("@n", 60)),
        ({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "42"}, Systemd("/run/n", 60)),
        ({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, Systemd("/run/n")),
        ({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "soon"}, Systemd("/run/n")),
    ],
)
def test_the_environment_says_whether_and_how_often(environment: dict[str, str], expected: Systemd | None):
    assert Systemd.of(environment, pid=42) == expected
