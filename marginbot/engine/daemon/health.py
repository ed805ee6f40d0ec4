"""Whether protection works, part by part: what was last well and when, and what is wrong now. Red means a person must look."""

from __future__ import annotations

from dataclasses import dataclass, field

from marginbot.engine.ports import Clock


@dataclass(slots=True)
class _Part:
    within: float | None
    well_at: float | None = None
    trouble: str | None = None
    failures: int = 0


@dataclass(slots=True)
class Health:
    """Parts by name. A part is well when it said so within its time and has reported no trouble since.

    A part that never said anything counts from when it was expected: silence is a fault.
    """

    clock: Clock
    _parts: dict[str, _Part] = field(default_factory=dict)

    def expect(self, part: str, within: float | None = None) -> None:
        """From now on this part must be heard every `within` seconds; None: it is well until it says otherwise."""
        known = self._parts.setdefault(part, _Part(within))
        known.within, known.well_at, known.trouble = within, self.clock.monotonic(), None

    def forget(self, part: str) -> None:
        """This part does not matter any more."""
        self._parts.pop(part, None)

    def well(self, part: str) -> None:
        """The part works."""
        known = self._parts.setdefault(part, _Part(None))
        known.well_at, known.trouble = self.clock.monotonic(), None

    def was_well(self, part: str) -> bool:
        """Whether the part ever worked."""
        return part in self._parts and self._parts[part].well_at is not None

    def ill(self, part: str, why: str) -> None:
        """The part does not work; every call counts as one more failure."""
        known = self._parts.setdefault(part, _Part(None))
        known.trouble = why
        known.failures += 1

    def troubles(self) -> dict[str, str]:
        """Why it is red, by part; empty when everything works."""
        now = self.clock.monotonic()
        found = {}
        for name, part in self._parts.items():
            silent = None if part.within is None or part.well_at is None else now - part.well_at
            if part.trouble is not None:
                found[name] = part.trouble
            elif part.within is not None and silent is not None and silent > part.within:
                found[name] = f"not heard for {silent:.0f} s, expected every {part.within:.0f} s"
        return found

    def failures(self) -> dict[str, int]:
        """How often each part failed since the start."""
        return {name: part.failures for name, part in self._parts.items()}
