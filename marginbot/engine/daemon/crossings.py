"""Crossed fences: those of one turn of the loop are served together, and no pair more often than VISITS_APART."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from marginbot.domain.amounts import Symbol
from marginbot.engine.ports import Clock

VISITS_APART: Final = 0.2
"""Seconds between two visits that ticks cause on one pair: a price that jumps to and fro costs no more looks than that."""


@dataclass(slots=True)
class Crossings:
    """serve: called with the pairs whose time has come. A crossing that comes too soon is served a little later, never lost."""

    clock: Clock
    serve: Callable[[set[Symbol]], None]
    _ready: set[Symbol] = field(default_factory=set)
    _waiting: set[Symbol] = field(default_factory=set)
    _not_before: dict[Symbol, float] = field(default_factory=dict)

    def add(self, symbol: Symbol) -> None:
        """The price of a pair left its fence."""
        if symbol in self._ready or symbol in self._waiting:
            return
        wait = self._not_before.get(symbol, 0.0) - self.clock.monotonic()
        if wait <= 0:
            self._gather(symbol)
            return
        self._waiting.add(symbol)
        asyncio.get_running_loop().call_later(wait, self._gather, symbol)

    def _gather(self, symbol: Symbol) -> None:
        self._waiting.discard(symbol)
        if not self._ready:
            # At the end of this turn of the loop, so that of many pairs that cross at once the most endangered begins.
            asyncio.get_running_loop().call_soon(self._serve)
        self._ready.add(symbol)

    def _serve(self) -> None:
        ready, self._ready = self._ready, set()
        not_before = self.clock.monotonic() + VISITS_APART
        self._not_before.update(dict.fromkeys(ready, not_before))
        self.serve(ready)
