"""What goes wrong when: spells of trouble, so that a truth can tell a hindered marginbot from one that failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

HINDERING = frozenset(
    {"storm", "ban", "limit", "drops", "slow", "lost answers", "busy loans", "skew", "down", "halt", "pause", "thin book", "tier"}
)
"""While one of these lasts an act may come late through nobody's fault."""
KEPT_S = 7200.0


@dataclass
class Spell:
    """One trouble from `since` to `until` (seconds of the soak); of one pair, or of everything."""

    kind: str
    symbol: str | None
    since: float
    until: float | None = None

    @property
    def lasts(self) -> bool:
        return self.until is None


@dataclass
class Weather:
    """Every spell of the last hours."""

    now: Callable[[], float]
    spells: list[Spell] = field(default_factory=list)

    def begin(self, kind: str, symbol: str | None = None) -> Spell:
        now = self.now()
        self.spells = [spell for spell in self.spells if spell.until is None or now - spell.until < KEPT_S]
        self.spells.append(Spell(kind, symbol, now))
        return self.spells[-1]

    def end(self, spell: Spell) -> None:
        spell.until = self.now()

    @contextmanager
    def spell(self, kind: str, symbol: str | None = None) -> Iterator[Spell]:
        """A trouble for as long as the block takes."""
        begun = self.begin(kind, symbol)
        try:
            yield begun
        finally:
            self.end(begun)

    def since(self, kinds: frozenset[str] | None, symbol: str | None = None) -> float:
        """Seconds since the last trouble of these kinds (None: of any) that concerns this pair; 0 while one lasts."""
        ends = [
            self.now() if spell.until is None else spell.until
            for spell in self.spells
            if (kinds is None or spell.kind in kinds) and (symbol is None or spell.symbol in (None, symbol))
        ]
        return self.now() - max(ends, default=-KEPT_S)

    def lasting(self, kind: str) -> Spell | None:
        """The oldest spell of this kind that is not over."""
        return next((spell for spell in self.spells if spell.kind == kind and spell.lasts), None)
