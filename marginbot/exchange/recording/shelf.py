"""Cassettes as files: `<endpoint>/<case>.json`, and SOURCES.md beside them, which says where each comes from."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from marginbot.errors import ConfigError, MarginbotError, SafetyRefused
from marginbot.exchange.recording.scrub import Scrubber
from marginbot.exchange.recording.tape import Exchanged

SOURCES: Final = "SOURCES.md"
CHANGED: Final = "scrubbed"
_HEADING: Final = """# Where each cassette comes from

A cassette is one request, without key, signature and timestamp, and its answer. *Scrubbed* means: the account number is 0,
ids and client ids are replaced alike in all cassettes of one recording, its times are moved so that it begins at 2026-01-01,
addresses, e-mail and long words are hidden. Amounts are kept.

| file | taken from | when | what was changed |
| --- | --- | --- | --- |
"""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What SOURCES.md says of a recording, besides what every recording changes."""

    taken_from: str
    when: str


class Shelf:
    """A directory of cassettes. `force`: files that are there may be replaced."""

    def __init__(self, directory: Path, force: bool = False) -> None:
        self.directory = directory
        self._force = force

    def prepare(self) -> None:
        """Make the directory and see that it takes files. Raises: ConfigError."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.directory):
                pass
        except OSError as error:
            raise ConfigError(f"--out: {self.directory} takes no files ({error.strerror})", "--out") from error

    def keep_free(self, case: str) -> None:
        """See that a recording of this name harms none that is there. Raises: SafetyRefused."""
        taken = sorted(file for name in (f"{case}.json", f"{case}-*.json") for file in self.directory.glob(f"*/{name}"))
        if taken and not self._force:
            raise SafetyRefused(f"{taken[0]} exists already: give --force to replace it, or another directory with --out")

    def put(self, exchanged: Sequence[Exchanged], case: str, scrubber: Scrubber, source: Provenance) -> list[Path]:
        """Write every exchange as `<endpoint>/<case>[-label][-n].json` and its row. Raises: MarginbotError."""
        files: dict[str, str] = {}
        for one in exchanged:
            name, n = f"{folder(one.method, one.path)}/{case}{one.label and f'-{one.label}'}", 1
            while (file := f"{name}{'' if n == 1 else f'-{n}'}.json") in files:
                n += 1
            files[file] = _document(one, scrubber)
            if scrubber.leaks(files[file]):
                raise MarginbotError(f"{file} would still hold a secret after scrubbing; nothing was written")
        try:
            return self._write(files, source)
        except OSError as error:
            raise MarginbotError(f"the cassettes could not all be written ({error})") from error

    def _write(self, files: dict[str, str], source: Provenance) -> list[Path]:
        for file, text in files.items():
            (self.directory / file).parent.mkdir(exist_ok=True)
            (self.directory / file).write_text(text, encoding="utf-8")
        index = self.directory / SOURCES
        lines = (index.read_text(encoding="utf-8") if index.exists() else _HEADING).splitlines()
        kept = [line for line in lines if not any(line.startswith(f"| `{file}` |") for file in files)]
        rows = [f"| `{file}` | {source.taken_from} | {source.when} | {CHANGED} |" for file in files]
        index.write_text("\n".join([*kept, *rows]) + "\n", encoding="utf-8")
        return [self.directory / file for file in files]


def folder(method: str, path: str) -> str:
    """`GET /api/v3/time` -> `get-api-v3-time`."""
    return f"{method.lower()}{path.replace('/', '-')}"


def _document(one: Exchanged, scrubber: Scrubber) -> str:
    request: dict[str, Any] = {"method": one.method, "path": one.path, "query": scrubber.params(one.query)}
    if one.form:
        request["form"] = scrubber.params(one.form)
    headers = {name: scrubber.text(text) for name, text in one.headers.items()}
    response: dict[str, Any] = {"status": one.status, "headers": headers}
    try:
        response["json"] = scrubber.json(one.body)
    except ValueError:
        response["text"] = scrubber.text(one.body.decode("utf-8", "replace"))
    return json.dumps({"request": request, "response": response}, indent=2, ensure_ascii=False) + "\n"
