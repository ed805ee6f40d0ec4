"""How a world begins: from a scenario the package knows by name, or from a file that describes one."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from marginbot.paper.api.endpoint import Refusal
from marginbot.paper.books.scenarios import SCENARIOS, Scenario
from marginbot.paper.books.world import World
from marginbot.paper.errors import PaperError

DEFAULT_SCENARIO = "default"
_BUILT_IN = frozenset(SCENARIOS)


def begin(scenario: str, now_ms: int) -> World:
    """A fresh world of the scenario with that name, or of the TOML or JSON file at that path.

    A file has the fields of books.scenarios.Scenario: `spot` (asset to amount), `positions`, `orders`, `moves`; amounts and
    prices are text. Raises: PaperError when there is no such scenario or the file does not describe one.
    """
    try:
        if scenario not in _BUILT_IN and (file := Path(scenario)).is_file():
            # The books build by name, so a file's scenario is known under its path from here on.
            SCENARIOS[scenario] = _read(file)
        return World.fresh(scenario, now_ms)
    except (ValueError, LookupError, ArithmeticError, OSError, msgspec.MsgspecError, Refusal) as problem:
        raise PaperError(f"no paper world can begin from {scenario!r}: {problem}") from problem


def _read(file: Path) -> Scenario:
    text = file.read_text(encoding="utf-8")
    data = msgspec.json.decode(text) if file.suffix == ".json" else tomllib.loads(text)
    unknown = set(data) - set(Scenario.__dataclass_fields__) if isinstance(data, dict) else set()
    if unknown:
        raise ValueError(f"unknown fields: {', '.join(sorted(unknown))}")
    return msgspec.convert(data, Scenario)
