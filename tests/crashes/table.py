"""Every position in every crash, played without anybody and under both presets: rows, and the tables that the README prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass

from marginbot.domain.policy import Preset
from tests.crashes.files import CRASHES
from tests.crashes.play import Ending, abandoned, alone, guarded
from tests.crashes.world import Case

LEVERAGES = (2, 3, 5)
PRESETS = (Preset.BALANCED, Preset.CAUTIOUS)
SHORTS = (("2021-05-19", "BCHUSDT"),)
"""The shorts that are played: the spike after the bottom."""


@dataclass(frozen=True)
class Row:
    """One position: its ending alone, under each preset, and with nothing but the backstop that a daemon with it left behind."""

    case: Case
    alone: Ending
    guarded: dict[Preset, Ending]
    abandoned: dict[Preset, Ending]


def cases(only: str = "") -> Iterator[Case]:
    """Every position in every crash; with `only`, those whose name has that in it."""
    for crash in CRASHES:
        sides = ("long", "short") if (crash.day, crash.symbol) in SHORTS else ("long",)
        for side in sides:
            for leverage in LEVERAGES:
                case = Case(crash, side, leverage)
                if only in case.name:
                    yield case


def played(wanted: Iterable[Case], backstop: bool, processes: int) -> Iterator[Row]:
    """Play them, so many at a time, under daemons with a backstop or without; rows come in order."""
    with ProcessPoolExecutor(processes) as pool:
        plays = [
            (
                case,
                pool.submit(alone, case),
                {preset: pool.submit(guarded, case, preset, backstop) for preset in PRESETS},
                {preset: pool.submit(abandoned, case, preset) for preset in PRESETS},
            )
            for case in wanted
        ]
        for case, first, watched, left in plays:
            yield Row(case, first.result(), _results(watched), _results(left))


def _results(plays: dict[Preset, Future[Ending]]) -> dict[Preset, Ending]:
    return {preset: play.result() for preset, play in plays.items()}


def markdown(rows: list[Row]) -> str:
    """What became of each position alone and under each preset."""
    lines = ["| crash | position | alone | `balanced` | `cautious` |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        cells = [_cell(row.alone), *(_cell(row.guarded[preset]) for preset in PRESETS)]
        lines.append(f"{_beginning(row.case)} {' | '.join(cells)} |")
    return "\n".join(lines)


def backstop_markdown(rows: list[Row]) -> str:
    """What the backstop alone made of those that are liquidated without it."""
    lines = ["| crash | position | alone | `balanced`'s backstop alone | `cautious`'s |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        if row.alone.liquidated:
            cells = [_cell(row.alone), *(_cell(row.abandoned[preset]) for preset in PRESETS)]
            lines.append(f"{_beginning(row.case)} {' | '.join(cells)} |")
    return "\n".join(lines)


def _beginning(case: Case) -> str:
    return f"| {case.crash.day} {case.symbol} | {case.leverage}x {case.side} |"


def _cell(ending: Ending) -> str:
    """`51.2, cost 0.1`: % of the equity at the opening."""
    what = "gap, **liquidated**, " if ending.gap else "**liquidated**, " if ending.liquidated else ""
    return f"{what}{ending.kept:.1f}, cost {ending.cost:.1f}"
