"""An empty folder, an empty environment: nothing of the machine may reach a test. And settings as they are typed there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from marginbot.settings import Settings, load_settings


def emptied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """From now on the test works in this folder, and its state lies there too."""
    for name in list(os.environ):
        if name.upper().startswith("MARGINBOT_") or name in ("CREDENTIALS_DIRECTORY", "NO_COLOR", "FORCE_COLOR"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def typed_settings(**typed: str) -> Settings:
    """`exchange__timeout="5"` is `exchange.timeout` by a flag."""
    return load_settings({name.replace("__", "."): (f"--{name}", value) for name, value in typed.items()})
