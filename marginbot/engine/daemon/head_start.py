"""A head start: what an act needs besides its look is made ready while the rest of the look is still on its way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from marginbot.domain.amounts import Symbol
from marginbot.engine.daemon.outfit import Outfit
from marginbot.errors import JournalUnavailable, SafetyRefused


@dataclass(slots=True)
class HeadStart:
    """Of one pair. `over` belongs after everything that `begin` was called for."""

    symbol: Symbol
    outfit: Outfit
    _held: ExitStack | None = None

    def begin(self) -> None:
        """Ask the journal what an act asks it, and hold the pair if one may follow and nobody else does. What cannot be had now
        is asked for again when it is needed, and told then.
        """
        with suppress(JournalUnavailable):
            self.outfit.journal.read_ahead(self.outfit.account, self.symbol)
        may_act = not self.outfit.dry_run and self.outfit.held_back(self.symbol) is None
        if may_act and self._held is None:
            with suppress(SafetyRefused), ExitStack() as held:
                held.enter_context(self.outfit.lock(self.symbol))
                self._held = held.pop_all()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """The pair is held inside. Raises: SafetyRefused when somebody else holds it."""
        held, self._held = self._held or self.outfit.lock(self.symbol), None
        with held:
            yield

    def over(self) -> None:
        """Nothing follows now: let go of the pair, unless a run has taken it over."""
        if self._held is not None:
            self._held.close()
            self._held = None
