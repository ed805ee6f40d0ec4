"""Files that hold a secret: only their owner may be able to read them."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from marginbot.errors import ConfigError

LARGEST: Final = 64 * 1024
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def read_private(path: Path, key: str) -> bytes:
    """The content of a file nobody but its owner may open. Raises: ConfigError naming `key` and the way to mend it."""
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ConfigError(f"{key}: {path} is not a file", key)
            if open_to_others(status) and not _is_systemd_credential(path):
                raise ConfigError(f"{key}: {path} can be read by others; run: chmod 600 {path}", key)
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise ConfigError(f"{key}: {path} cannot be read ({error.strerror})", key) from error
    if len(content) > LARGEST:
        raise ConfigError(f"{key}: {path} is too large to be a key", key)
    return content


def read_secret(path: Path, key: str) -> str:
    """The one line of text a secret file holds."""
    try:
        return read_private(path, key).decode("ascii").strip()
    except UnicodeDecodeError:
        raise ConfigError(f"{key}: {path} must hold the secret as plain text and nothing else", key) from None


def refuse_if_open_to_others(path: Path, key: str) -> None:
    """A settings file with a secret inside is a secret file. Raises: ConfigError."""
    if open_to_others(path.stat()):
        raise ConfigError(f"{key} is in {path}, which others can read; run: chmod 600 {path}", key)


def open_to_others(status: os.stat_result) -> bool:
    """Whether group or others have any right. Windows keeps such rights elsewhere."""
    return os.name != "nt" and bool(stat.S_IMODE(status.st_mode) & OTHERS)


def credentials_dir() -> Path | None:
    """Where systemd put this service's credentials."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(folder) if folder else None


def _is_systemd_credential(path: Path) -> bool:
    """systemd guards its folder by ownership and shows an access list as a group right."""
    folder = credentials_dir()
    return folder is not None and path.parent.resolve() == folder.resolve()


def _open_without_waiting(path: str, flags: int) -> int:
    """A FIFO given by mistake must not hang the command."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
