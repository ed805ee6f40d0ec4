"""How a world begins: from a scenario the package knows by name, or from a file that describes one."""

from __future__ import annotations

import gzip
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from marginbot.paper.api.endpoint import Refusal
from marginbot.paper.books.events import event_from_row
from marginbot.paper.books.market import Market
from marginbot.paper.books.market_drive import Drive
from marginbot.paper.books.rescaled import at_prices
from marginbot.paper.books.scenario import Scenario
from marginbot.paper.books.scenarios import SCENARIOS, named
from marginbot.paper.books.staging import stage
from marginbot.paper.books.world import World
from marginbot.paper.errors import PaperError
from marginbot.paper.faults import FaultScript

DEFAULT_SCENARIO = "default"


def begin(scenario: str, now_ms: int, markets: dict[str, Market] | None = None) -> World:
    """A fresh world of the scenario with that name, or of the TOML or JSON file at that path.

    A file has the fields of books.scenario.Scenario; its events are written as books.events.event_from_row reads them.
    markets: instead of the catalogue's; the scenario's amounts and prices are then rescaled to theirs.
    Raises: PaperError when there is no such scenario or the file does not describe one.
    """
    try:
        file = Path(scenario)
        of_a_file = scenario not in SCENARIOS and file.is_file()
        if markets is not None:
            written = _read(file) if of_a_file else named(scenario)
            world = stage(scenario, at_prices(written, markets), now_ms, markets)
        else:
            world = stage(scenario, _read(file), now_ms) if of_a_file else World.fresh(scenario, now_ms)
        FaultScript(scenario=world.faults)
        return world
    except (ValueError, LookupError, ArithmeticError, TypeError, OSError, msgspec.MsgspecError, Refusal) as problem:
        raise PaperError(f"no paper world can begin from {scenario!r}: {problem}") from problem


def read_scenario(data: Any) -> Scenario:
    """A scenario from decoded TOML or JSON. Raises: ValueError, msgspec.ValidationError."""
    if not isinstance(data, dict):
        raise ValueError("a scenario is a table of fields")
    events = tuple(event_from_row(row) for row in data.get("events", ()))
    plain = {name: value for name, value in data.items() if name != "events"}
    scenario = msgspec.convert(plain, Scenario)
    if strays := sorted(_strays(plain, msgspec.to_builtins(scenario))):
        raise ValueError(f"unknown fields: {', '.join(strays)}")
    return replace(scenario, events=events)


def _read(file: Path) -> Scenario:
    text = file.read_text(encoding="utf-8")
    scenario = read_scenario(msgspec.json.decode(text) if file.suffix == ".json" else tomllib.loads(text))
    return replace(scenario, drives={symbol: _with_rows(drive, file.parent) for symbol, drive in scenario.drives.items()})


def _with_rows(drive: Drive, directory: Path) -> Drive:
    """Candles in a file beside the scenario become part of it, so that a saved world needs no file but its own."""
    if drive.file is None:
        return drive
    contents = (directory / drive.file).read_bytes()
    # The first six columns are all that is replayed.
    text = (gzip.decompress(contents) if drive.file.endswith(".gz") else contents).decode("utf-8")
    rows = "\n".join(",".join(line.split(",")[:6]) for line in text.split())
    return replace(drive, rows=rows, file=None)


def _strays(data: Any, understood: Any) -> set[str]:
    """Names that are in the file and not in what was made of it."""
    if isinstance(data, dict) and isinstance(understood, dict):
        strays = {name for name in data if name not in understood}
        return strays.union(*(_strays(value, understood[name]) for name, value in data.items() if name in understood))
    if isinstance(data, list) and isinstance(understood, list | tuple):
        return set().union(*(_strays(one, other) for one, other in zip(data, understood, strict=True)))
    return set()
