"""One pair under watch: a look, what its ladder says of it, the errand that follows, and again until nothing fires."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import Symbol
from marginbot.domain.look import Look
from marginbot.domain.margin import tier_of
from marginbot.domain.policy import Do, Policy, Rule
from marginbot.domain.situation import Ruling, Situation
from marginbot.engine.daemon.eyes import Eyes
from marginbot.engine.daemon.latched import Latched
from marginbot.engine.daemon.outfit import Outfit
from marginbot.engine.daemon.rehearsal import rehearse
from marginbot.engine.daemon.rungs import errand_again, errand_of, staying_put
from marginbot.engine.daemon.watched import Watched
from marginbot.engine.errands import BY_HAND, Errand
from marginbot.engine.events import Event, Fired, Looked, Notice, Pursued, Rearmed
from marginbot.engine.journal.journal import Episode
from marginbot.engine.patience import Patience
from marginbot.engine.report import Outcome, RunReport
from marginbot.engine.run import Run
from marginbot.errors import JournalUnavailable
from marginbot.rules.assign import assign

MOST_ERRANDS = 8
"""How many errands one visit may carry out one after the other, before the next poll has its say."""

ABOVE_EVERY_RULE = 1_000_000


@dataclass(slots=True)
class PairWatch:
    """Guards one pair. `visit` is for anybody who thinks something changed; two visits at once become one after the other."""

    symbol: Symbol
    outfit: Outfit
    known: Watched = field(init=False)
    eyes: Eyes = field(init=False)
    _busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    _asked_again: bool = False
    _said: tuple[str, str] | None = None
    _rehearsed: Mapping[str, str] | None = None
    wish: Errand | None = None
    """What a person asked for while a visit was under way."""

    def __post_init__(self) -> None:
        self.known = Watched(self.symbol, self.outfit.notebook)
        self.eyes = Eyes(self.symbol, self.outfit, self._hear)

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
        return ruling.fires is not None or bool(ruling.rearmed)

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
            return await self._once()
        except JournalUnavailable as lost:
            if not self.outfit.spare.stand_in(str(lost)):
                raise
            return True

    async def _once(self) -> bool:
        """One look and, when something fires or is still wanted, its errand. Answers whether to look again."""
        patience = self.outfit.patience(self.outfit.deadline)
        look = await self.eyes.look(patience)
        self._take_in(look)
        episode = next((one for one in self.outfit.journal.open_episodes(self.outfit.account) if one.symbol == self.symbol), None)
        situation, ruling = self._ruling_of(look)
        self.outfit.judged(self.symbol, ruling)
        held_back = self.outfit.held_back(self.symbol)
        asked_for = self.wish is not None or (episode is not None and episode.rule in BY_HAND)
        if held_back is not None and not asked_for:
            self._wait_and_say(situation, ruling, look, held_back)
            return False
        self._said = None
        self._heed(situation, ruling, look)
        errand = self._wanted(ruling, episode, look)
        if errand is None:
            return self._must_be_passed_over(ruling.fires)
        if self.outfit.dry_run:
            self._rehearse(errand, look)
            return False
        report = await self._carry_out(errand, look, patience)
        return self._goes_on(errand, report)

    def _take_in(self, look: Look) -> None:
        known, market = self.known, look.market
        known.market = market
        tier = tier_of(look.account, market.tiers)
        assigned = assign(self.outfit.policy, self.symbol, tier, look.account.owes)
        if assigned != known.assigned:
            known.assigned = assigned
            for alarm in assigned.alarms:
                self._hear(Notice(alarm, alarm=True))

    def _rehearse(self, errand: Errand, look: Look) -> None:
        described = {"rule": errand.rule, **errand.described()}
        if described == self._rehearsed:
            return
        self._rehearsed = described
        steps = rehearse(self.outfit, errand, look)
        first = f"{len(steps)} steps, the first because {steps[0].because}" if steps else "nothing yet"
        self._hear(Notice(f"{self.symbol}: a dry run: {errand.rule!r} would send {first}", alarm=True))

    def _ruling_of(self, look: Look) -> tuple[Situation, Ruling]:
        known, now = self.known, self.outfit.clock.now()
        known.seen(look.account, now)
        situation = known.situation(look.account, now, self.outfit.delistings.get(self.symbol))
        ruling = known.ruling(situation)
        assert ruling is not None  # noqa: S101  # every look assigns a ladder first
        return situation, ruling

    def _heed(self, situation: Situation, ruling: Ruling, look: Look) -> None:
        """Remember what a look changed, build the fence, and tell what fired and what is over."""
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
            return
        said = (ruling.fires.name, why)
        if said != self._said:
            self._said = said
            self._hear(Notice(f"{self.symbol}: {ruling.fires.name!r} fires ({ruling.because}), but {why}", alarm=True))

    def _wanted(self, ruling: Ruling, episode: Episode | None, look: Look) -> Errand | None:
        """What an earlier process or visit left unfinished goes on, unless something more severe fires."""
        begun = None if ruling.fires is None else self._begun_by(ruling.fires, look)
        if episode is not None:
            resumed = self._possible(errand_again(episode, self.outfit.limits))
            if resumed is None:
                return None if begun is None else self._latched(begun)
            latched = self._latched(resumed)
            if begun is not None and self._severity(begun) > self._severity(resumed):
                latched.current = begun
            return latched
        wanted = self.wish or begun
        return None if wanted is None else self._latched(wanted)

    def _begun_by(self, rule: Rule, look: Look) -> Errand | None:
        errand = errand_of(rule, look, self.outfit)
        return errand if errand is None else self._possible(errand)

    def _possible(self, errand: Errand) -> Errand | None:
        """Without a journal on disk nothing is moved between wallets: who did what could not be told after a crash."""
        return staying_put(errand) if self.outfit.spare.in_use else errand

    def _must_be_passed_over(self, rule: Rule | None) -> bool:
        """A rung that could only move coins between wallets hands over to the next one while there is no journal on disk."""
        if rule is None or rule.do not in (Do.TOP_UP, Do.SWEEP) or not self.outfit.spare.in_use:
            return False
        self.known.failed(rule.name)
        return True

    def _latched(self, errand: Errand) -> Latched:
        held_back = lambda: self.outfit.held_back(self.symbol)  # noqa: E731
        return Latched(errand, self._judged_again, self._severity, self._begun_by, lambda: self.wish, held_back)

    def _judged_again(self, look: Look) -> Ruling:
        self._take_in(look)
        situation, ruling = self._ruling_of(look)
        self._heed(situation, ruling, look)
        return ruling

    def _severity(self, errand: Errand) -> int:
        """Above every rule: what a person asked for, and an unwind that no rule of today's ladder began."""
        position = -1 if self.known.assigned is None else self.known.assigned.ladder.severity(errand.rule)
        above = errand.rule in BY_HAND or (position < 0 and errand.reached is Outcome.FLAT)
        return ABOVE_EVERY_RULE if above else position

    async def _carry_out(self, errand: Errand, look: Look, patience: Patience) -> RunReport:
        outfit = self.outfit
        run = Run(
            exchange=outfit.exchange,
            journal=outfit.journal,
            patience=patience,
            errand=errand,
            venue=outfit.venue,
            lock=lambda _account: outfit.lock(self.symbol),
            new_id=outfit.new_id,
            observer=self._hear,
            loans=outfit.loans,
            looker=self.eyes.looker,
        )
        report = await run.go_on(look, outfit.account)
        self._hear(Pursued(errand.rule, report))
        return report

    def _goes_on(self, errand: Errand, report: RunReport) -> bool:
        """Whether to look again at once: a rung that failed hands over to the next one."""
        if report.unwritten:
            return self.outfit.spare.stand_in(report.reason)
        if report.outcome in (Outcome.FLAT, Outcome.REACHED):
            return True
        by_hand = errand.rule in BY_HAND
        if self.outfit.held_back(self.symbol) is not None and not by_hand:
            return False
        if report.outcome in (Outcome.RESIDUE, Outcome.STOPPED) and not report.unreachable:
            if not by_hand:
                self.known.failed(errand.rule)
            return True
        return False

    def _hear(self, event: Event) -> None:
        if isinstance(event, Looked):
            self.known.row = event.look.account
        self.outfit.tell(self.symbol, event)
