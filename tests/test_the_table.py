"""The table of behaviours in tests/README.md speaks of tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NAMED = re.findall(r"`((?:\w+/)+\w+\.py)::(test_\w+)`", (HERE / "README.md").read_text(encoding="utf-8"))
HELD = [*range(1, 51)]


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_every_test_the_table_names_exists(file: str, name: str):
    assert re.search(rf"^ *(async )?def {name}\(", (HERE / file).read_text(encoding="utf-8"), re.MULTILINE)


def test_every_line_that_must_hold_is_in_the_table():
    lines = (HERE / "README.md").read_text(encoding="utf-8")
    assert [number for number in HELD if f"| F{number} |" not in lines] == []
