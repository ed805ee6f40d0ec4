"""The eyes on one pair: a look that counts, and now and then filters, tiers, fees and rates read anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import Symbol
from marginbot.domain.look import Look
from marginbot.domain.plan import Need
from marginbot.engine.daemon.outfit import Outfit
from marginbot.engine.events import Notice, Observer
from marginbot.engine.looks import Looker
from marginbot.engine.patience import Interrupted, Patience
from marginbot.engine.proof import Proofs
from marginbot.errors import MarginbotError

REFRESH_WITHIN: Final = 5.0
"""Seconds for what only refreshes what is known: protection by the old figures must not wait for the new ones."""
REFRESH_AGAIN: Final = 60.0


@dataclass(slots=True)
class Eyes:
    """looker: None until the first look; a run under way works with it. hear: told what is seen.

    meanwhile, in_vain: as a Looker's.
    """

    symbol: Symbol
    outfit: Outfit
    hear: Observer
    meanwhile: Callable[[], None] = lambda: None
    in_vain: Callable[[], None] = lambda: None
    looker: Looker | None = None
    _old: bool = True
    _not_before: float = 0.0

    def grow_old(self) -> None:
        """Filters, tiers, fees and rates are to be read anew with the next look."""
        self._old, self._not_before = True, 0.0

    @property
    def due(self) -> bool:
        """Whether a look would read them anew now."""
        return self._old and self.outfit.clock.monotonic() >= self._not_before

    async def look(self, patience: Patience) -> Look:
        """A look that counts. What cannot be read anew is told, tried again in a minute, and holds as it was until then.

        Raises: whatever keeps the account itself from being looked at.
        """
        if self.looker is None:
            return await self._afresh(patience)
        if self.due:
            try:
                return await self._afresh(self.outfit.patience(min(REFRESH_WITHIN, patience.left)))
            except Interrupted:
                raise
            except MarginbotError as trouble:
                self._not_before = self.outfit.clock.monotonic() + REFRESH_AGAIN
                text = f"{self.symbol}: filters, tiers, fees and rates cannot be read anew ({trouble}); the old ones hold"
                self.hear(Notice(text, alarm=True))
        self.looker.patience, self.looker.observer = patience, self.hear
        return await self.looker.again()

    def compare(self, before: IsolatedAccount | None, row: IsolatedAccount) -> None:
        """Between two polls of a pair that nobody works on, only its owner or the exchange can have moved anything: say what.

        Coins of a top-up that is still on its way are ours all the same.
        """
        if before is None or self.looker is None or self.looker.last is None:
            return
        for text in self.looker.steps.between_polls(before, row, self.looker.last.market):
            self.hear(Notice(f"{self.symbol}: {text}; everything is decided again from what is there", alarm=True))
        self.explained(row)

    @property
    def last(self) -> Look | None:
        """The last look that counted."""
        return None if self.looker is None else self.looker.last

    def explained(self, row: IsolatedAccount) -> None:
        """What moved up to this row has an explanation of its own: it is nobody else's doing."""
        if self.looker is not None and self.looker.last is not None:
            self.looker.last = replace(self.looker.last, account=row)

    async def look_closer(self) -> Look:
        """A look that reads the open orders one by one as well; there was one before."""
        assert self.looker is not None  # noqa: S101
        return await self.looker.again(frozenset({Need.ORDERS}))

    async def _afresh(self, patience: Patience) -> Look:
        proofs = Proofs(self.outfit.exchange, self.outfit.journal, self.outfit.clock, self.symbol, {})
        looker = Looker(self.outfit.exchange, patience, self.symbol, proofs, self.hear)
        first = await looker.first()
        if self.looker is not None:
            seen = self.last
            looker.top_ups.go_on_from(self.looker.top_ups, first.look.account, None if seen is None else seen.account)
        look = await looker.believe_first(first.look)
        looker.meanwhile, looker.in_vain = self.meanwhile, self.in_vain
        self.looker, self._old = looker, False
        return look
