"""Lives of a customer on the margin testnet, drawn by lot: in any order, and the books stay true all the time.

The default suite lives the same few every time; MODEL=complete lives 500 others at each run, MODEL_LIVES any other number.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.venue import Venue

COMPLETE = os.environ.get("MODEL") == "complete"
LIVES = int(os.environ.get("MODEL_LIVES", "500" if COMPLETE else "30"))
STEPS = 60 if COMPLETE else 40

HOW = settings(
    max_examples=LIVES,
    stateful_step_count=STEPS,
    derandomize=not COMPLETE,
    database=None,
    deadline=None,
    report_multiple_bugs=False,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
COMMON_WRITES = (
    "POST /api/v3/order", "POST /sapi/v1/margin/order", "DELETE /sapi/v1/margin/order", "POST /sapi/v1/margin/order/oco",
    "POST /sapi/v1/margin/borrow-repay", "POST /sapi/v1/asset/transfer",
)  # fmt: skip


def test_whatever_a_customer_does_and_meets_the_books_stay_true(record_property: Callable[[str, object], None]) -> None:
    run_state_machine_as_test(Venue, settings=HOW)
    record_property("runs of whole lives", Venue.lives)
    record_property("runs of steps of whole lives", Venue.steps)
    for write in COMMON_WRITES:
        # A life in which everything is refused would prove nothing.
        assert Venue.answers[write, "done"], (write, Venue.answers)
