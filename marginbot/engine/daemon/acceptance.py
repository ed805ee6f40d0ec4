"""A new policy that would act at once waits for its owner's word, pair by pair; one that would not is accepted silently."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from marginbot.domain.amounts import Symbol
from marginbot.domain.policy import Do
from marginbot.domain.situation import Ruling
from marginbot.engine.journal.notebook import Notebook

HOW = "the policy is new and would act at once: stop marginbot and start it with `marginbot run --act-now` to let it"


@dataclass(slots=True)
class Acceptance:
    """Of one policy, known by its digest. A policy that was accepted once acts after every restart."""

    notebook: Notebook
    digest: str
    accepted: bool = False
    _judged: dict[Symbol, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.accepted = self.accepted or self.notebook.accepted(self.digest)

    def accept(self, at: datetime) -> None:
        """The owner's word."""
        self.accepted = True
        self.notebook.accept(self.digest, at)

    def judged(self, symbol: Symbol, ruling: Ruling) -> bool:
        """The first ruling of this policy on a pair says whether it would act there at once, and it waits until one says that
        it would not any more. Answers whether this one does.
        """
        acts, waits = ruling.fires is not None and ruling.fires.do is not Do.ALERT, self._judged.get(symbol)
        if self.accepted or waits is False or (waits and acts):
            return False
        self._judged[symbol] = acts
        return waits is True

    def holds_back(self, symbol: Symbol) -> str | None:
        """Why nothing may be sent for a pair yet, None when it may."""
        return HOW if not self.accepted and self._judged.get(symbol, False) else None

    def settled(self, symbols: frozenset[Symbol], at: datetime) -> None:
        """All of these pairs were judged: when the policy would have acted on none of them, it is accepted."""
        if not self.accepted and symbols <= self._judged.keys() and not any(self._judged.values()):
            self.accept(at)
