"""The sockets the exchange listens on, and what their addresses mean: this machine alone, or others too."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from marginbot.paper.errors import PaperError

LOOPBACK = "127.0.0.1"
_WILDCARD_LOOPBACK = {"0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104 - compared with, not bound


@dataclass(frozen=True, slots=True)
class Listeners:
    """The sockets, and two authorities (`HOST:PORT`): the one asked for, and one by which this machine reaches it."""

    sockets: tuple[socket.socket, ...]
    asked: str
    local: str


def address_of(host: str) -> str:
    """The IP address `host` names: itself, or localhost. Raises: PaperError for anything else."""
    text = LOOPBACK if host == "localhost" else host
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise PaperError(f"the paper exchange listens on an IP address such as 127.0.0.1 or 0.0.0.0, not on {host!r}") from None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there. Raises: PaperError."""
    return ipaddress.ip_address(address_of(host)).is_loopback


@contextmanager
def listening(host: str, port: int) -> Iterator[Listeners]:
    """Listen while the context is open. port: 0 takes a free one.

    Beside a single address of a network card there is a second socket on loopback, on a free port: by that one the short
    commands of this machine find the world. Raises: PaperError when the address cannot be had.
    """
    address = address_of(host)
    with ExitStack() as stack:
        first = stack.enter_context(_bound(address, port))
        number = first.getsockname()[1]
        if address in _WILDCARD_LOOPBACK:
            yield Listeners((first,), _authority(address, number), _authority(_WILDCARD_LOOPBACK[address], number))
        elif is_loopback(address):
            yield Listeners((first,), _authority(address, number), _authority(address, number))
        else:
            second = stack.enter_context(_bound(LOOPBACK, 0))
            local = _authority(LOOPBACK, second.getsockname()[1])
            yield Listeners((first, second), _authority(address, number), local)


def _bound(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family, backlog=1024)
    except (OSError, OverflowError) as problem:
        raise PaperError(f"the paper exchange cannot listen on {address} port {port}: {problem}") from problem


def _authority(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
