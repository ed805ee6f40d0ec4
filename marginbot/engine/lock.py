"""The pair lock: one process at a time works on one pair of one account. The system frees it when its holder dies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from marginbot.domain.amounts import Symbol
from marginbot.errors import SafetyRefused

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


@contextmanager
def pair_lock(directory: Path, venue: str, account: str, symbol: Symbol) -> Iterator[None]:
    """Hold the pair, or raise SafetyRefused at once when somebody else does.

    account: the exchange account's number, so that two keys of one account exclude each other.
    """
    name = f"pair-{venue}-{account}-{symbol}"
    safe = _UNSAFE.sub(lambda found: f"%{ord(found.group()):x}", name)
    lock = FileLock(directory / f"{safe}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as busy:
        raise SafetyRefused(
            f"another marginbot is working on {symbol} of this account; nothing was sent. "
            "Wait for it to end, then run the same command"
        ) from busy
    except OSError as trouble:
        raise SafetyRefused(
            f"the lock file {lock.lock_file} cannot be made ({trouble.strerror}): nobody could be kept out, so nothing was sent. "
            "Free disk space or mend the rights of its directory, then run the same command"
        ) from trouble
    try:
        yield
    finally:
        lock.release()
