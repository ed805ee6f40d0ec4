"""A short cut of the soak: twelve minutes in which much happens. The whole is `python -m tests.soak`."""

from __future__ import annotations

from tests.soak.report import report_of
from tests.soak.soak import Soak


def test_twelve_minutes_of_trouble_leaves_every_truth_standing(tmp_path):
    soak = Soak(seed=5, hours=0.2, directory=tmp_path, pace=8, alone=False)
    soak.run()
    assert not soak.violations, report_of(soak)
    assert soak.lines.requests > 50
    assert sum(soak.events.values()) >= 5
