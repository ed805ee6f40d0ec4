"""REGISTER.md: every open question has its row, and every switch it names exists, has that default, and does something."""

import dataclasses
import re
from pathlib import Path

import pytest

import marginbot.paper
from marginbot.paper.books.config import Config

ROW = re.compile(r"\| (\d+) \| (.+\?) \| (.+) \|")
SWITCH = re.compile(r"`(\w+) = ([^`]*)`")
ROWS = [match.groups() for match in map(ROW.fullmatch, (Path(__file__).parent / "REGISTER.md").read_text().splitlines()) if match]
SWITCHES = [found for _, _, text in ROWS for found in SWITCH.findall(text)]
PAPER = Path(marginbot.paper.__file__).parent
CODE = "\n".join(file.read_text() for file in PAPER.rglob("*.py") if file.name != "config.py")


def test_every_question_of_the_register_has_a_row():
    assert [int(number) for number, _, _ in ROWS] == list(range(1, 39))


def test_a_row_without_a_switch_says_why():
    without = [(number, text) for number, _, text in ROWS if not SWITCH.search(text)]
    assert [number for number, _ in without] == ["6", "7", "21", "25", "30", "34"]
    assert all(text.startswith("No switch: ") and text.endswith(".") for _, text in without)


@pytest.mark.parametrize(("name", "default"), SWITCHES, ids=[name for name, _ in SWITCHES])
def test_every_switch_of_the_register_exists_with_its_default(name, default):
    assert str(getattr(Config(), name)) == default


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Config)])
def test_every_switch_is_read_somewhere(name):
    assert re.search(rf"config\.{name}\b", CODE)
