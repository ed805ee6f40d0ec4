"""What the whole suite shares: the counts of the proof, told at the end of the run."""

from __future__ import annotations

from collections import Counter

import pytest


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
