"""SIGINT and SIGTERM while a command only begins: no slow imports in here, they are what takes the time."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

CAUGHT: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interrupting() -> Iterator[None]:
    """While inside and nothing better is set up, SIGTERM interrupts as Ctrl-C does, so that even a start ends with a word."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def held_back() -> Iterator[None]:
    """Signals that arrive inside take effect at the end."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, CAUGHT)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
