"""What is kept in memory: of the process, and of marginbot's own objects."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

MOST_MIB, MOST_GROWTH_MIB = 150.0, 24.0
SOME_OBJECTS = 3000
"""A look at each pair has 200 levels of a book, and each pair may be in the middle of one."""


@dataclass
class Memory:
    """At one moment: of the process in KiB, and of marginbot's own objects by kind."""

    kib: int
    objects: Counter[str]


def memory_kib() -> int:
    """What of this process is in memory now."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def measured() -> Memory:
    gc.collect()
    ours = (type(one) for one in gc.get_objects())
    names = (f"{kind.__module__}.{kind.__qualname__}" for kind in ours)
    counted = Counter(name for name in names if name.startswith("marginbot.") and not name.startswith("marginbot.paper"))
    return Memory(memory_kib(), counted)


def flat(warm: Memory, ended: Memory, *, of_the_process: bool) -> Iterator[tuple[str, bool, str]]:
    """Truth, whether it holds, and what was seen."""
    grown = {
        name: (warm.objects[name], number)
        for name, number in ended.objects.items()
        if number > 1.5 * warm.objects[name] + SOME_OBJECTS
    }
    yield "memory is flat: objects", not grown, str(grown)
    if not of_the_process:
        return
    rise, size = (ended.kib - warm.kib) / 1024, ended.kib / 1024
    yield "memory is flat: the process", rise < MOST_GROWTH_MIB, f"{rise:.1f} MiB more than when warm"
    yield "memory stays below its limit", size < MOST_MIB, f"{size:.0f} MiB"
