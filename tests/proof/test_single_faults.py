"""Every fault at every request of an unwind, one at a time: it costs time, never money, and the run ends where it should.

The default suite plays every 37th of them, always the same; PROOF=complete plays all.
"""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import dataclass

import pytest

from tests.proof.faults import TROUBLES, Spot, Trouble, is_write, troubles_of
from tests.proof.runs import go_wrong, life_of, told
from tests.proof.situations import COMPLETE, SITUATIONS

STRIDE = 1 if COMPLETE else 37
FIRST_BATCH = 11
PARTS = ("the first look", "later looks", "writes")
SHARES = 4 if COMPLETE else 1
"""Into so many tests a part is cut, so that workers side by side end at about the same time."""


@dataclass(frozen=True)
class Case:
    """One fault at one request of one situation, and the part of the run it strikes."""

    scenario: str
    part: str
    spot: Spot
    trouble: Trouble

    def __str__(self) -> str:
        return f"{self.spot}, {self.trouble.name}"


def part_of(number: int, spot: Spot) -> str:
    """Which part of a run its request of this number belongs to."""
    if is_write(spot):
        return "writes"
    return "the first look" if number < FIRST_BATCH else "later looks"


@functools.cache
def everything() -> tuple[Case, ...]:
    """Every request of every situation with every fault that fits it."""
    return tuple(
        Case(scenario, part_of(number, spot), spot, trouble)
        for scenario, symbol in SITUATIONS.items()
        for number, spot in enumerate(life_of(scenario, symbol).spots)
        for trouble in troubles_of(spot)
    )


@functools.cache
def chosen() -> tuple[Case, ...]:
    """Those that this run of the suite plays: of each kind of fault the first and every nth, each kind at other requests."""
    met: Counter[int] = Counter()
    found = []
    for case in everything():
        kind = TROUBLES.index(case.trouble)
        if met[kind] == 0 or (met[kind] + kind) % STRIDE == 0:
            found.append(case)
        met[kind] += 1
    return tuple(found)


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("scenario", SITUATIONS)
def test_one_fault_at_any_request_changes_neither_the_end_nor_the_money(scenario, part, share, record_property):
    cases = [case for case in chosen() if (case.scenario, case.part) == (scenario, part)][share::SHARES]
    broken = []
    for case in cases:
        try:
            go_wrong(scenario, SITUATIONS[scenario], [(case.spot, case.trouble)])
        except AssertionError as broke:
            broken.append(f"{case}: {told(broke)}")
    record_property("runs of an unwind with a single fault", len(cases))
    assert not broken, "\n".join([f"{len(broken)} of {len(cases)} in {scenario}:", *broken])


def test_the_sample_holds_every_kind_of_fault_and_all_of_them_are_at_least_2500():
    assert all(any(case.trouble is trouble for case in chosen()) for trouble in TROUBLES)
    assert len(everything()) >= 2_500
    assert len(SITUATIONS) >= 15
