"""Two faults in one unwind, drawn by lot from a fixed seed: the second may strike while the first is still being mended.

500 pairs by default, 2,000 with PROOF=complete, PROOF_PAIRS=20000 for any other number.
"""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest

from tests.engine.stage import LOAN, ORDER, TRANSFER
from tests.proof.faults import Spot, Trouble, troubles_of
from tests.proof.runs import go_wrong, life_of, told
from tests.proof.situations import COMPLETE, SITUATIONS

PAIRS = int(os.environ.get("PROOF_PAIRS", "2000" if COMPLETE else "500"))
BATCHES = 10
LOOK_UPS = [Spot("GET", path, nth) for path in (ORDER, LOAN, TRANSFER) for nth in (1, 2, 3)]
"""Requests that a fault-free run does not make, or not as often: those that find out what a lost write came to."""


def requests_of(scenario: str) -> list[Spot]:
    """The requests of the fault-free run, every write once more, and the look-ups."""
    spots = life_of(scenario, SITUATIONS[scenario]).spots
    last = Counter({(spot.method, spot.path): spot.nth for spot in spots})
    again = [Spot(method, path, nth + 1) for (method, path), nth in last.items() if method != "GET"]
    return list(dict.fromkeys([*spots, *again, *LOOK_UPS]))


def draw(lots: random.Random) -> tuple[str, list[tuple[Spot, Trouble]]]:
    """A situation, and two faults at two requests; writes and look-ups are drawn as often as all other reads together."""
    scenario = lots.choice(list(SITUATIONS))
    spots = requests_of(scenario)
    special = [spot for spot in spots if spot.method != "GET" or spot in LOOK_UPS]
    first, second = (lots.choice(lots.choice([spots, special])) for _ in range(2))
    return scenario, [(spot, lots.choice(troubles_of(spot))) for spot in (first, second)]


@pytest.mark.parametrize("batch", range(BATCHES))
def test_two_faults_in_one_unwind_change_neither_the_end_nor_the_money(batch, record_property):
    lots, broken = random.Random(f"pairs of faults, batch {batch}"), []  # noqa: S311
    runs = PAIRS // BATCHES
    for _ in range(runs):
        scenario, strikes = draw(lots)
        try:
            go_wrong(scenario, SITUATIONS[scenario], strikes, must_strike=False)
        except AssertionError as broke:
            faults = " + ".join(f"{spot}, {trouble.name}" for spot, trouble in strikes)
            broken.append(f"{scenario}: {faults}: {told(broke)}")
    record_property("runs of an unwind with two faults", runs)
    assert not broken, "\n".join([f"{len(broken)} of {runs}:", *broken])
