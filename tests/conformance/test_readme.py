"""What the README tells users of other clients to write works as it stands."""

from __future__ import annotations

import gc
import re
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.clients import optional
from tests.conformance.tap import Tap
from tests.own_loop import own_loop
from tests.sockets.server import Server

README = Path(__file__).parents[2] / "README.md"
NEEDS = {"ccxt": "ccxt", "binance_sdk_margin_trading": "binance-sdk-margin-trading"}


def snippets() -> list[str]:
    section = README.read_text("utf-8").partition("### Other people's clients")[2].partition("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


def test_the_lines_of_the_readme_run(server: Server, answers: Tap, capsys: pytest.CaptureFixture[str]):
    found = snippets()
    assert len(found) == 3
    for module, package in NEEDS.items():
        optional(module, package)
    for text in found:
        names: dict[str, Any] = {"api_key": server.key(), "api_secret": server.ready["api_secret"]}
        with own_loop():
            exec(compile(text.replace("http://127.0.0.1:8080", answers.url), "README.md", "exec"), names)  # noqa: S102
        assert "BTC" in capsys.readouterr().out
    gc.collect()
    assert answers.refused() == []
