"""Helpers for command lines that play on the embedded paper world."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.contract import check_status, check_unwind, only_document

ALL = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "ADAUSDT"]
BUSY = ALL[:3]


def documents(marginbot: Any, capsys: Any, *words: str, code: int = 0) -> Any:
    """Run a command line with --json: its one document, every `unwind` document in it checked."""
    assert marginbot(*words, "--json") == code
    found = only_document(capsys.readouterr().out)
    if words[0] in ("unwind", "plan") and code != 2:
        for document in found.get("pairs", [found]):
            check_unwind(document, code if "pairs" not in found else exit_code(document))
    if words[0] == "status" and code == 0:
        check_status(found)
    return found


def exit_code(document: Any) -> int:
    """The exit code one pair's document stands for."""
    return {"flat": 0, "planned": 0, "refused": 3}.get(document["outcome"], 1)


def balances(folder: Path) -> Any:
    """Every balance of the world as it lies on the disk, and how many orders, loans and transfers there ever were."""
    saved = json.loads((folder / "state" / "marginbot" / "paper-world.json").read_text())["world"]
    return json.dumps(saved["accounts"], sort_keys=True)
