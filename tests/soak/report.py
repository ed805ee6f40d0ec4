"""What a soak came to, on one screen."""

from __future__ import annotations

import statistics
from collections import Counter

from tests.soak.soak import Soak


def report_of(soak: Soak) -> str:
    """Figures, then every violation with how to see it again."""
    assert soak.started is not None
    assert soak.ended is not None
    states, lines, stories = soak.states, soak.lines, soak.stories
    shares = states.weights or [0.0]
    told = [
        f"soak: {soak.hours:g} simulated hours, seed {soak.seed}, pace {soak.pace:g}",
        f"took: {soak.wall_s:.0f} s, {soak.cpu_s:.0f} s of CPU",
        f"events: {_counted(soak.events)}; reloads refused {soak.refused_reloads}",
        f"restarts: {_counted(soak.restarts)}",
        f"rules fired: {_counted(stories.fired)}",
        f"errands: {_counted(stories.errands)}",
        f"acts: {_counted(stories.acts)}",
        f"writes: {_counted(lines.writes)}",
        f"refusals met: {_counted(lines.refusals)}",
        f"messages: {_counted(stories.phases)}",
        f"liquidations: {_counted(states.liquidations)}; green for {states.green_s / 3600:.1f} h of checked calm",
        f"requests: {lines.requests}, at most {lines.busiest} in one second; of rate budgets in a minute "
        f"median {statistics.median(shares):.1%}, largest {max(shares):.1%}",
        f"memory with emulator: {soak.started.kib / 1024:.0f} MiB after the start, {soak.ended.kib / 1024:.0f} MiB in the end",
        f"truths: {len(soak.held)} held {sum(soak.held.values())} times; violations: {len(soak.violations)}",
    ]
    again = f"python -m tests.soak --hours {soak.hours:g} --seed {soak.seed} --pace {soak.pace:g}"
    for one in soak.violations.values():
        told.append(f"VIOLATED {one.truth}: {one.seen} (first at hour {one.hours:.3f}, {one.times} times; {again})")
    return "\n".join(told) + "\n"


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counter.items())) or "none"
