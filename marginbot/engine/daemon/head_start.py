"""A head start: what an act needs besides its look is made ready while the rest of the look is still on its way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

from marginbot.domain.amounts import Symbol
from marginbot.engine.daemon.outfit import Outfit
from marginbot.errors import JournalUnavailable, SafetyRefused


@dataclass(slots=True)
class HeadStart:
    """Of one pair. `over` belongs after every look that `begin` was called for."""

    symbol: Symbol
    outfit: Outfit
    _held: ExitStack = field(default_factory=ExitStack)
    _holds: bool = False

    def begin(self) -> None:
        """Hold the pair if nobody else does, and ask the journal what an act asks it. What cannot be had now is asked for again
        when it is needed, and told then.
        """
        with suppress(JournalUnavailable):
            self.outfit.journal.read_ahead(self.outfit.account, self.symbol)
        if not self._holds and not self.outfit.dry_run:
            with suppress(SafetyRefused):
                self._held.enter_context(self.outfit.lock(self.symbol))
                self._holds = True

    @contextmanager
    def lock(self) -> Iterator[None]:
        """The pair is held inside. Raises: SafetyRefused when somebody else holds it."""
        if self._holds:
            yield
            return
        with self.outfit.lock(self.symbol):
            yield

    def over(self) -> None:
        """Let go of the pair."""
        self._holds = False
        self._held.close()
