"""The cassettes as files: where each comes from is written down, and nothing in them tells whose they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from marginbot.exchange.recording.scrub import HIDDEN, Scrubber
from marginbot.exchange.recording.shelf import SOURCES, folder
from marginbot.paper.keys import PAPER_API_KEY, PAPER_API_SECRET
from tests.cassettes.tape import CASSETTES, STAMPS, load
from tests.exchange.conftest import NOW

FILES = sorted(str(file.relative_to(CASSETTES)) for file in CASSETTES.glob("**/*.json"))
ROW = re.compile(r"\| `(?P<file>[^`]+)` \| (?P<source>[^|]+) \| (?P<when>[^|]+) \| (?P<changed>[^|]+) \|")
ORIGINS = ("documentation", "live", "recorded from paper", "recorded from live")
SUSPICIOUS = {
    "a key, a token or a signature": re.compile(r"[A-Za-z0-9+/=_-]{40,}"),
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.\w+"),
    "an IP address": re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"),
    "a deposit address": re.compile(r"(?i)\b(?:0x[0-9a-f]{20,}|bc1[0-9a-z]{20,}|[13][a-km-z1-9]{25,34})\b"),
    "a key header": re.compile(r"(?i)x-mbx-apikey|authorization|set-cookie|x-mbx-uuid"),
}


def rows() -> list[re.Match[str]]:
    table = [line for line in (CASSETTES / SOURCES).read_text().splitlines() if line.startswith("| `")]
    found = [ROW.fullmatch(line) for line in table]
    assert all(found), "a row is malformed"
    return [row for row in found if row]


def leaves(node: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for name, child in node.items():
            yield from leaves(child, name)
    elif isinstance(node, list):
        for child in node:
            yield from leaves(child, key)
    else:
        yield key, node


def test_the_sources_list_exactly_the_files_that_exist():
    assert sorted(row["file"] for row in rows()) == FILES


def test_every_source_is_documentation_a_live_report_or_a_recording():
    assert [row["source"] for row in rows() if not row["source"].startswith(ORIGINS)] == []


@pytest.mark.parametrize("file", FILES)
def test_a_cassette_lies_in_the_folder_of_its_endpoint_and_is_a_whole_one(file: str):
    cassette = load(file.removesuffix(".json"))
    assert Path(file).parent.name == folder(cassette.asked.method, cassette.asked.path)
    parts = json.loads((CASSETTES / file).read_text())
    assert set(parts) == {"request", "response"}
    assert set(parts["request"]) | {"form"} == {"method", "path", "query", "form"}
    assert set(parts["response"]) - {"json", "text"} == {"status", "headers"}
    assert all(name == name.lower() for name in cassette.headers)


@pytest.mark.parametrize("file", FILES)
def test_no_cassette_holds_a_secret(file: str):
    text = (CASSETTES / file).read_text()
    # A word of the exchange may hold underscores, and a path slashes: neither is a key.
    without_paths = re.sub(r'"/s?api/[^"]*"', '""', text)
    assert [what for what, shape in SUSPICIOUS.items() if shape.search(without_paths)] == []
    assert PAPER_API_KEY not in text
    assert PAPER_API_SECRET not in text
    parts = json.loads(text)
    assert not set(STAMPS) & ({*parts["request"]["query"]} | {*parts["request"].get("form", {})})
    assert {value for key, value in leaves(parts) if key.lower() in ("uid", "accountid", "userid")} <= {0, 1}


@pytest.mark.parametrize("file", FILES)
def test_the_scrubber_finds_nothing_left_to_hide(file: str):
    parts = json.loads((CASSETTES / file).read_text())
    scrubbed = Scrubber([], [PAPER_API_KEY, PAPER_API_SECRET], NOW).json(json.dumps(parts["response"]).encode())
    assert [value for _, value in leaves(scrubbed) if HIDDEN in str(value)] == []
