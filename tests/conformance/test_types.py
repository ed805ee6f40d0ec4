"""The testnet's own table says what the published types say, and the walker finds what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from marginbot.paper.api.table import ENDPOINTS
from tests.conformance.shapes import ENTRIES, wrongs


def test_the_testnet_answers_exactly_the_endpoints_whose_types_are_known():
    assert {f"{one.method} {one.path}" for one in ENDPOINTS} == set(ENTRIES)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: f"{one.method} {one.path}")
def test_the_testnet_asks_for_the_parameters_that_are_published(endpoint: Any):
    entry = ENTRIES[f"{endpoint.method} {endpoint.path}"]
    assert (set(endpoint.required), set(endpoint.optional)) == (entry.needs, entry.takes)


@pytest.mark.parametrize(
    ("value", "tree"),
    [
        ("0E-8", "decimal"), ("1", "string"), (1, "int"), (1.5, "number"), (True, "bool"), (None, "decimal|null"),
        ({}, {"a?": "int"}), ({"a": 1}, {"a?": "int"}), ({"USDT": "1"}, {"*": "decimal"}), ([], ["int"]),
        ([1, "2"], {"tuple": ["int", "decimal"]}), ({"b": "x"}, {"union": [{"a": "int"}, {"b": "string"}]}),
    ],
)  # fmt: skip
def test_what_fits_is_not_complained_about(value: Any, tree: Any):
    assert list(wrongs(value, tree)) == []


@pytest.mark.parametrize(
    ("value", "tree", "complaint"),
    [
        (1, "decimal", "answer: 1 is no decimal"),
        ("1,5", "decimal", "answer: '1,5' is no decimal"),
        (True, "int", "answer: True is no int"),
        (True, "number", "answer: True is no number"),
        (1, "bool", "answer: 1 is no bool"),
        (None, "string", "answer: None is no string"),
        ({}, {"a": "int"}, "answer.a: missing"),
        ({"b": 1}, {"a?": "int"}, "answer.b: not listed"),
        ({"a": [{"b": "x"}]}, {"a": [{"b": "int"}]}, "answer.a[0].b: 'x' is no int"),
        ({"USDT": 1}, {"*": "decimal"}, "answer.USDT: 1 is no decimal"),
        ([], {"a": "int"}, "answer: list is no object"),
        ({}, ["int"], "answer: dict is no array"),
        ([1], {"tuple": ["int", "int"]}, "answer: no array of 2"),
        ({"c": 1}, {"union": [{"c": "bool"}, {"a": "int", "b": "int"}]}, "answer.c: 1 is no bool"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(value: Any, tree: Any, complaint: str):
    assert list(wrongs(value, tree)) == [complaint]
