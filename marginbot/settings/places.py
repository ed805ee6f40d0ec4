"""Where marginbot keeps things on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_state_path

from marginbot.errors import ConfigError

if TYPE_CHECKING:
    from marginbot.settings.model import Settings


def state_dir() -> Path:
    """The platform's state directory for marginbot, made with rights for its owner alone. Lock files always live here."""
    folder = user_state_path("marginbot")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        message = f"the state directory {folder} cannot be made ({error.strerror}); set XDG_STATE_HOME to a writable one"
        raise ConfigError(message) from error
    return folder


def testnet_dir() -> Path:
    """Where the margin books of `venue = testnet` lie, and what was done on them."""
    folder = state_dir() / "testnet"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"the directory {folder} cannot be made ({error.strerror})") from error
    return folder


def journal_file(settings: Settings) -> Path:
    """The journal's SQLite file; its folder exists afterwards. Raises: ConfigError."""
    if settings.state.url is None:
        # The books of paper and testnet know the same account number: their writes must not be taken for each other's.
        return (testnet_dir() if settings.venue.value == "testnet" else state_dir()) / "journal.sqlite"
    file = Path(settings.state.url.removeprefix("sqlite:///")).expanduser().absolute()
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"MARGINBOT_STATE__URL: {file.parent} cannot be made ({error.strerror})", "MARGINBOT_STATE__URL"
        ) from error
    return file
