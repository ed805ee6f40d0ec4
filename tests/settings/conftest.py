"""An empty folder, an empty environment: nothing of the machine may reach a test."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.empty_folder import emptied


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return emptied(tmp_path, monkeypatch)


@pytest.fixture
def write(folder: Path) -> Callable[..., Path]:
    """Writes a file of the given mode and answers its path."""

    def inside(name: str, text: str, mode: int = 0o600) -> Path:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        return file

    return inside
