"""What the tests of the proof share."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="package", autouse=True)
def seldom_collected() -> Iterator[None]:
    """Every run leaves rings of objects behind; to look for them as often as Python does costs a tenth of the time."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    yield
    gc.set_threshold(*usual)
    gc.unfreeze()
