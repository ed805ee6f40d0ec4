"""What the whole suite shares: how it is spread over processes, and the counts of the proof, told at the end of the run."""

from __future__ import annotations

import os
from collections import Counter

import pytest

WAIT_MOST = ("tests/sockets/",)
"""Tests that wait for other processes more than they compute."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """For `-n auto`: one more than there are processors, since somebody nearly always waits."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return len(os.sched_getaffinity(0)) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Each worker gets a stretch of the suite, then what another has left: so what a module shares is mostly made once."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who waits begins, so that others compute meanwhile."""
    items.sort(key=lambda item: not item.nodeid.startswith(WAIT_MOST))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each kind of run that tests counted with `record_property("runs of ...", number)`."""
    counts: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, number in report.user_properties:
                if name.startswith("runs of "):
                    counts[name.removeprefix("runs of ")] += number
    for what, number in counts.items():
        terminalreporter.write_line(f"proof: {number} runs of {what}")
