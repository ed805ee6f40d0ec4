"""Locks: one process at a time works on one pair, one daemon on one account. The system frees them when their holder dies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

from filelock import FileLock, Timeout

from marginbot.domain.amounts import Symbol
from marginbot.errors import SafetyRefused

PROBED_FOR = 0.2
"""Seconds after which a daemon's lock is held by a daemon, and not by a command that asks whether it is held."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


@contextmanager
def pair_lock(directory: Path, venue: str, account: str, symbol: Symbol) -> Iterator[None]:
    """Hold the pair, or raise SafetyRefused at once when somebody else does.

    account: the exchange account's number, so that two keys of one account exclude each other.
    """
    busy = (
        f"another marginbot is working on {symbol} of this account; nothing was sent. "
        "Wait for it to end, then run the same command"
    )
    with _held(directory, f"pair-{venue}-{account}-{symbol}", busy):
        yield


@contextmanager
def instance_lock(directory: Path, venue: str, account: str) -> Iterator[None]:
    """Be the one daemon of an account, or raise SafetyRefused when there is one already."""
    busy = (
        "another `marginbot run` watches this account already; this one did nothing. "
        "Speak to it with pause, resume, ack and panic, or stop it first"
    )
    with _held(directory, _daemon_name(venue, account), busy, PROBED_FOR):
        yield


def running_daemons(directory: Path, venue: str) -> tuple[str, ...]:
    """Numbers of the accounts that a daemon watches now, from the locks that are held in this directory."""
    prefix = _file_name(_daemon_name(venue, ""))
    found = []
    for file in sorted(directory.glob(f"{prefix}*.lock")):
        lock = FileLock(file, timeout=PROBED_FOR)
        try:
            lock.acquire(poll_interval=PROBED_FOR / 4)
        except (Timeout, OSError):
            found.append(unquote(file.name.removeprefix(prefix).removesuffix(".lock")))
        else:
            lock.release()
    return tuple(found)


def _daemon_name(venue: str, account: str) -> str:
    return f"daemon-{venue}-{account}"


def _file_name(name: str) -> str:
    return _UNSAFE.sub(lambda found: f"%{ord(found.group()):02x}", name)


@lru_cache(maxsize=256)
def _lock(file: Path) -> FileLock:
    """Kept, since making one takes longer than locking it."""
    return FileLock(file, thread_local=False)


@contextmanager
def _held(directory: Path, name: str, busy: str, within: float = 0) -> Iterator[None]:
    lock = _lock(directory / f"{_file_name(name)}.lock")
    # By itself it would let this process in a second time.
    if lock.is_locked:
        raise SafetyRefused(busy)
    try:
        lock.acquire(timeout=within)
    except Timeout as taken:
        raise SafetyRefused(busy) from taken
    except OSError as trouble:
        raise SafetyRefused(
            f"the lock file {lock.lock_file} cannot be made ({trouble.strerror}): nobody could be kept out, so nothing was sent. "
            "Free disk space or mend the rights of its directory, then run the same command"
        ) from trouble
    try:
        yield
    finally:
        lock.release()
