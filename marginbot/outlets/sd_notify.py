"""What systemd wants to know: that the daemon is ready, how it is, that its watch goes round, that it is ending.

Source: sd_notify(3). A datagram to $NOTIFY_SOCKET; $WATCHDOG_USEC says how often systemd wants to hear, for $WATCHDOG_PID.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from marginbot.outlets.ports import Clock, rest

STATUS_EVERY: Final = 10.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Systemd:
    """address: of the socket; `@` begins an abstract one. watchdog_s: how often systemd wants to hear, None when it does not."""

    address: str
    watchdog_s: float | None = None

    @staticmethod
    def of(environment: Mapping[str, str], pid: int) -> Systemd | None:
        """Who started this process, None when it was not systemd with `Type=notify`."""
        address = environment.get("NOTIFY_SOCKET", "")
        if not address.startswith(("/", "@")):
            return None
        microseconds, whose = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", str(pid))
        wanted = microseconds.isascii() and microseconds.isdigit() and int(microseconds) > 0 and whose == str(pid)
        return Systemd(address, int(microseconds) / 1_000_000 if wanted else None)

    def tell(self, *lines: str) -> None:
        """Never waits and never raises: what systemd does not hear is no reason to stop."""
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as sender:
                sender.sendto("\n".join(lines).encode(), address)
        except OSError as error:
            log.warning("systemd could not be told", why=error.strerror)

    async def run(
        self,
        stop: asyncio.Event,
        clock: Clock,
        alive: Callable[[], bool],
        status: Callable[[], str],
        ending: Callable[[], bool] = lambda: True,
    ) -> None:
        """READY=1, then WATCHDOG=1 at half of its time while `alive`, and STOPPING=1. status: one line for `systemctl status`.

        Ready is the daemon that watches, whether the exchange answers or not: systemd starting it anew would not mend that.
        ending: asked at the end, whether the process ends too.
        """
        every = STATUS_EVERY if self.watchdog_s is None else min(STATUS_EVERY, self.watchdog_s / 2)
        self.tell("READY=1", _status(status()))
        while not stop.is_set():
            await rest(clock, stop, every)
            beat = ("WATCHDOG=1",) if self.watchdog_s is not None and alive() else ()
            self.tell(*beat, _status(status()))
        if ending():
            self.tell("STOPPING=1")


def from_environment() -> Systemd | None:
    """Read from this process's own environment."""
    return Systemd.of(os.environ, os.getpid())


def _status(text: str) -> str:
    return "STATUS=" + " ".join(text.split())
