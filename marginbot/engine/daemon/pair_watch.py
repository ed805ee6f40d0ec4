"""One pair under watch: a look, what its ladder says of it, the errand that follows, and again until nothing fires."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from decimal import Decimal

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import Symbol
from marginbot.domain.look import Look
from marginbot.domain.margin import tier_of
from marginbot.domain.policy import Do, Policy
from marginbot.domain.situation import Ruling, Situation
from marginbot.engine.daemon.aftermath import goes_on, was_kept_from
from marginbot.engine.daemon.backstop import Backstop
from marginbot.engine.daemon.eyes import Eyes
from marginbot.engine.daemon.head_start import HeadStart
from marginbot.engine.daemon.keeping import ToBackstop, uninterrupted
from marginbot.engine.daemon.latched import Latched
from marginbot.engine.daemon.outfit import Outfit
from marginbot.engine.daemon.rehearsal import Rehearsals
from marginbot.engine.daemon.wants import Wants
from marginbot.engine.daemon.watched import Watched
from marginbot.engine.errands import BY_HAND, Errand
from marginbot.engine.events import Event, Fired, Looked, Notice, Pursued, Rearmed, StepStarted
from marginbot.engine.patience import Patience
from marginbot.engine.report import RunReport
from marginbot.engine.run import Run
from marginbot.errors import JournalUnavailable
from marginbot.rules.assign import assign

MOST_ERRANDS = 8
"""How many errands one visit may carry out one after the other, before the next poll has its say."""


@dataclass(slots=True)
class PairWatch:
    """Guards one pair. `visit` is for anybody who thinks something changed; two visits at once become one after the other."""

    symbol: Symbol
    outfit: Outfit
    known: Watched = field(init=False)
    head_start: HeadStart = field(init=False)
    eyes: Eyes = field(init=False)
    backstop: Backstop = field(init=False)
    wants: Wants = field(init=False)
    rehearsals: Rehearsals = field(init=False)
    _busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    _asked_again: bool = False
    _ruled: tuple[IsolatedAccount, Ruling] = field(init=False)
    _said: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        self.known = Watched(self.symbol, self.outfit.notebook)
        self.head_start = HeadStart(self.symbol, self.outfit)
        self.eyes = Eyes(self.symbol, self.outfit, self._hear, self.head_start.begin, self.head_start.over)
        self.backstop = Backstop(self.known, self.outfit, self._hear)
        self.wants = Wants(self.known, self.outfit, self._judged_again, self.backstop.errand)
        self.rehearsals = Rehearsals(self.outfit, self._hear)

    @property
    def busy(self) -> bool:
        """Whether a visit is under way."""
        return self._busy.locked()

    def reassign(self) -> None:
        """The policy or the pair's tier changed: the next look decides which ladder it has. Until then the old one holds."""
        self.eyes.grow_old()

    def under(self, policy: Policy) -> Ruling | None:
        """What another policy would say of the pair as it was last seen; None when that is not known."""
        return self.known.under(policy, self.outfit.clock.now(), self.outfit.delistings.get(self.symbol))

    def glance(self, row: IsolatedAccount, book_mid: Decimal | None) -> bool:
        """A poll showed this row. Keeps memory and fence up to date; answers whether somebody must look."""
        if self.busy:
            return False
        before, now = self.known.row, self.outfit.clock.now()
        self.known.seen(row, now)
        if self._said is not None and self.outfit.held_back(self.symbol) is None:
            self._said = None
        if self._backstop_calls(row):
            return True
        if not row.owes and self.known.assigned is None:
            return False
        if self.eyes.looker is None or self.eyes.due:
            return row.owes or self.eyes.looker is not None
        self.eyes.compare(before, row)
        situation = self.known.situation(row, now, self.outfit.delistings.get(self.symbol))
        ruling = self.known.ruling(situation)
        if ruling is None:
            return row.owes
        self.known.enclose(situation, ruling, book_mid)
        return ruling.fires is not None or bool(ruling.rearmed) or self._said is not None

    def _backstop_calls(self, row: IsolatedAccount) -> bool:
        """One that is missing is asked for even in a pause; what that moved was ours and not somebody else's."""
        if self.backstop.missing(row):
            self.eyes.explained(row)
            return True
        return self.outfit.held_back(self.symbol) is None and self.backstop.due(row)

    async def visit(self) -> None:
        """Look, judge, act. Raises whatever keeps the pair from being looked at or worked on; nothing is lost then."""
        if self._busy.locked():
            self._asked_again = True
            return
        async with self._busy:
            for _ in range(MOST_ERRANDS):
                self._asked_again = False
                if not await self._once_with_or_without_a_journal() and not self._asked_again:
                    return

    async def _once_with_or_without_a_journal(self) -> bool:
        try:
            again = await self._once()
            self.known.write_down()
            self.known.written()
            return again
        except JournalUnavailable as lost:
            if not self.outfit.spare.stand_in(str(lost)):
                raise
            return True
        finally:
            self.head_start.over()

    async def _once(self) -> bool:
        """One look and, when something fires or is still wanted, its errand. Answers whether to look again."""
        patience = self.outfit.patience(self.outfit.deadline)
        look = await self.eyes.look(patience)
        self._take_in(look)
        episode = next((one for one in self.outfit.journal.open_episodes(self.outfit.account) if one.symbol == self.symbol), None)
        situation, ruling = self._ruling_of(look)
        self.outfit.judged(self.symbol, ruling)
        held_back = self.outfit.held_back(self.symbol)
        if episode is None and (ruling.fires is None or held_back is not None):
            self.head_start.over()
            if await self.backstop.account_for(look.account):
                return True
        asked_for = self.wants.wish is not None or (episode is not None and episode.rule in BY_HAND)
        if held_back is not None and not asked_for:
            self._wait_and_say(situation, ruling, look, held_back)
            return False
        self._said = None
        errand = self.wants.of(ruling, episode, look)
        self._heed(situation, ruling, look)
        self._ruled = look.account, ruling
        if errand is None and self.wants.must_be_passed_over(ruling.fires):
            return True
        if errand is None and self.backstop.due(look.account):
            errand = self.wants.latched(self.backstop.errand())
        if errand is None:
            return False
        if isinstance(errand.current, ToBackstop):
            patience = uninterrupted(errand, self.outfit)
        if self.outfit.dry_run:
            await self._rehearse(errand, look)
            return False
        report = await self._carry_out(errand, look, patience)
        if kept_from := not report.begun and was_kept_from(report, patience):
            self.known.take_back(errand.rule)
            if report.unwritten:
                return self.outfit.spare.stand_in(report.unwritten)
        self.backstop.recall()
        if isinstance(errand.current, ToBackstop) and not report.unwritten:
            return await self.backstop.heard(report, self.eyes.last or look, patience)
        self._hear(Pursued(errand.rule, report))
        return not kept_from and goes_on(errand, report, self.known, self.outfit)

    def _take_in(self, look: Look) -> None:
        known, market = self.known, look.market
        known.market = market
        tier = tier_of(look.account, market.tiers)
        assigned = assign(self.outfit.policy, self.symbol, tier, look.account.owes)
        if assigned != known.assigned:
            known.assigned = assigned
            for alarm in assigned.alarms:
                self._hear(Notice(alarm, alarm=True))

    async def _rehearse(self, errand: Latched, look: Look) -> None:
        if isinstance(errand.current, ToBackstop):
            self.backstop.postpone()
            look = await self.eyes.look_closer()
        self.rehearsals.of(errand, look)

    def _ruling_of(self, look: Look) -> tuple[Situation, Ruling]:
        known, now = self.known, self.outfit.clock.now()
        known.seen(look.account, now)
        situation = known.situation(look.account, now, self.outfit.delistings.get(self.symbol))
        ruling = known.ruling(situation)
        assert ruling is not None  # noqa: S101  # every look assigns a ladder first
        return situation, ruling

    def _heed(self, situation: Situation, ruling: Ruling, look: Look) -> None:
        """Remember what a look changed, build the fence, and tell what fired and what is over."""
        if ruling.fires is not None:
            self.outfit.hush.begin()
        self.known.remember(ruling)
        self.known.enclose(situation, ruling, look.market.book.mid)
        for rule in (*ruling.milder, *(() if ruling.fires is None else (ruling.fires,))):
            self._hear(Fired(rule, ruling.because, look.account))
        for name in ruling.rearmed:
            self._hear(Rearmed(name, look.account))

    def _wait_and_say(self, situation: Situation, ruling: Ruling, look: Look, why: str) -> None:
        """Nothing may be sent: say what would have been done, and keep every rule armed for later."""
        self.known.enclose(situation, ruling, look.market.book.mid)
        if ruling.fires is None or ruling.fires.do is Do.ALERT:
            self._said = None
            return
        said = (ruling.fires.name, why)
        if said != self._said:
            self._said = said
            self._hear(Notice(f"{self.symbol}: {ruling.fires.name!r} fires ({ruling.because}), but {why}", alarm=True))

    def _judged_again(self, look: Look) -> Ruling:
        account, ruling = self._ruled
        if look.account is account:
            return ruling
        self._take_in(look)
        situation, ruling = self._ruling_of(look)
        self._heed(situation, ruling, look)
        return ruling

    async def _carry_out(self, errand: Errand, look: Look, patience: Patience) -> RunReport:
        outfit = self.outfit
        run = Run(
            exchange=outfit.exchange,
            journal=outfit.journal,
            patience=patience,
            errand=errand,
            venue=outfit.venue,
            lock=lambda _account: self.head_start.lock(),
            new_id=outfit.new_id,
            observer=self._hear,
            loans=outfit.loans,
            looker=self.eyes.looker,
            alongside=self.known.write_down,
        )
        return await run.go_on(look, outfit.account)

    def _hear(self, event: Event) -> None:
        if isinstance(event, Looked):
            self.known.row = event.look.account
        if isinstance(event, StepStarted):
            self.known.written()
        self.outfit.tell(self.symbol, event)
