"""What an answer must look like, and everything that is wrong with one.

A tree is JSON: "string", "int", "bool", "decimal" (text), "number" (bare), "null", several of them joined by "|"; {key: tree}
where a key ending in ? may be absent; {"*": tree} a map with free keys; [tree] an array; {"tuple": [...]} an array of that
order; {"union": [...]} any of the trees.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
SHELL = frozenset({"timestamp", "recvWindow", "signature"})
FULL_BY_DEFAULT = frozenset({"MARKET", "LIMIT"})


def wrongs(value: Any, tree: Any, where: str = "answer") -> Iterator[str]:
    """One line for every missing key, unlisted key and wrong type in `value`."""
    if isinstance(tree, str):
        if not any(_is(value, name) for name in tree.split("|")):
            yield f"{where}: {value!r} is no {tree}"
    elif isinstance(tree, list):
        yield from _in_array(value, tree[0], where)
    elif "union" in tree:
        tries = [list(wrongs(value, one, where)) for one in tree["union"]]
        if all(tries):
            yield from min(tries, key=len)
    elif "tuple" in tree:
        if not isinstance(value, list) or len(value) != len(tree["tuple"]):
            yield f"{where}: no array of {len(tree['tuple'])}"
            return
        for index, (item, one) in enumerate(zip(value, tree["tuple"], strict=True)):
            yield from wrongs(item, one, f"{where}[{index}]")
    else:
        yield from _in_object(value, tree, where)


def _in_array(value: Any, tree: Any, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where}: {type(value).__name__} is no array"
        return
    for index, item in enumerate(value):
        yield from wrongs(item, tree, f"{where}[{index}]")


def _in_object(value: Any, tree: Mapping[str, Any], where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: {type(value).__name__} is no object"
        return
    if "*" in tree:
        for key, item in value.items():
            yield from wrongs(item, tree["*"], f"{where}.{key}")
        return
    wanted = {key.removesuffix("?"): one for key, one in tree.items()}
    yield from (f"{where}.{key}: missing" for key in tree if not key.endswith("?") and key not in value)
    yield from (f"{where}.{key}: not listed" for key in value if key not in wanted)
    for key, one in wanted.items():
        if key in value:
            yield from wrongs(value[key], one, f"{where}.{key}")


def _is(value: Any, name: str) -> bool:
    match name:
        case "string":
            return isinstance(value, str)
        case "decimal":
            return isinstance(value, str) and DECIMAL.fullmatch(value) is not None
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "bool":
            return isinstance(value, bool)
        case "null":
            return value is None
    raise AssertionError(f"unknown type {name}")


@dataclass(frozen=True)
class Entry:
    """What is known of one endpoint: its parameters without the shell's own, and its answer."""

    needs: frozenset[str]
    takes: frozenset[str]
    forms: Mapping[str, Any]
    many_without: str

    def tree(self, sent: Mapping[str, str]) -> Any:
        """The tree of the answer to a request with these parameters."""
        if "FULL" in self.forms:
            default = "FULL" if sent.get("type") in FULL_BY_DEFAULT else "ACK"
            return self.forms[sent.get("newOrderRespType", default)]
        if "rates" in self.forms:
            return self.forms["rates" if sent.get("computeCommissionRates") == "true" else "plain"]
        tree = self.forms["only"]
        return [tree] if self.many_without and self.many_without not in sent else tree


def _entry(row: Mapping[str, Any]) -> Entry:
    forms = row.get("forms") or {"only": row["answer"]}
    return Entry(frozenset(row["needs"]), frozenset(row["takes"]), forms, row.get("many_without", ""))


def _all() -> dict[str, Entry]:
    files = sorted(Path(__file__).with_name("types").glob("*.json"))
    return {name: _entry(row) for file in files for name, row in json.loads(file.read_text("utf-8")).items()}


ENTRIES = _all()
REFUSAL = {"code": "int", "msg": "string"}


def wrong_in_answer(method: str, path: str, sent: Mapping[str, str], status: int, body: bytes) -> list[str]:
    """Everything wrong with one raw answer to one request, refusals included."""
    name = f"{method} {path}"
    if name not in ENTRIES:
        return [f"{name}: an endpoint nobody listed"]
    entry = ENTRIES[name]
    tree = entry.tree(sent) if status == 200 else REFUSAL
    found = list(wrongs(json.loads(body), tree, name))
    if status == 200:
        found += [f"{name}: {key} is no parameter" for key in sent if key not in entry.needs | entry.takes | SHELL]
        found += [f"{name}: answered without {key}" for key in entry.needs - set(sent)]
    return found
