"""The frame of a run: check the key, hold the pair, settle what an earlier run left, run the cycle, say how it ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from marginbot.domain.amounts import Symbol, plain
from marginbot.domain.look import Look
from marginbot.domain.margin import margin_level
from marginbot.domain.plan import Verdict
from marginbot.engine.cycle import Cycle, Ending
from marginbot.engine.errands import Errand
from marginbot.engine.events import Decided, Event, Looked, Notice, Observer, nobody
from marginbot.engine.journal.entries import OPEN_STATES, Intent
from marginbot.engine.journal.journal import Journal
from marginbot.engine.loans import LoanQueue
from marginbot.engine.looks import Looker
from marginbot.engine.patience import DeadlineReached, Interrupted, Patience
from marginbot.engine.ports import Exchange
from marginbot.engine.proof import Proofs
from marginbot.engine.reckoning import Reckoning
from marginbot.engine.report import Outcome, RunReport, StepStatus
from marginbot.engine.rights import missing_rights
from marginbot.engine.settle import Settler
from marginbot.errors import JournalUnavailable, NotSent, PlanRefused, RateLimited, ReadFailed, RequestRejected, SafetyRefused

LockFactory = Callable[[str], AbstractContextManager[None]]


@dataclass(slots=True)
class Run:
    """One errand on one pair. `lock` holds the pair for an account number; `new_id` makes client order ids.

    loans: the queue of the account, when other runs share it. looker: of a pair that is under watch already, see `go_on`.
    alongside: see `Cycle`.
    """

    exchange: Exchange
    journal: Journal
    patience: Patience
    errand: Errand
    venue: str
    lock: LockFactory
    new_id: Callable[[], str]
    observer: Observer
    allow_withdrawals: bool = False
    loans: LoanQueue | None = None
    looker: Looker | None = None
    alongside: Callable[[], None] = lambda: None
    report: RunReport = field(init=False)
    reckoning: Reckoning = field(default_factory=Reckoning)
    _looker: Looker = field(init=False)
    _waiting_for: str = ""
    _left_open: str = ""

    def __post_init__(self) -> None:
        self.report = RunReport(self.symbol, self.venue, Outcome.STOPPED, "it did not start")
        proofs = Proofs(self.exchange, self.journal, self.patience.clock, self.symbol, self.report.swept)
        if self.looker is None:
            self._looker = Looker(self.exchange, self.patience, self.symbol, proofs, self._hear)
        else:
            self._looker = self.looker
            self.looker.proofs, self.looker.patience, self.looker.observer = proofs, self.patience, self._hear

    @property
    def symbol(self) -> Symbol:
        """The pair."""
        return self.errand.symbol

    async def run(self) -> RunReport:
        """Look, then bring the errand to its end, or stop and say where it stands. A report for every end of a known pair.

        Raises ConfigError when the exchange does not know the pair; nothing was sent then.
        """
        return await self._reported(self._whole)

    async def go_on(self, look: Look, account: str) -> RunReport:
        """The same from a look that was just accepted, by a key whose rights are known."""
        self.report.before = self.report.after = look.account
        clock = self.patience.clock
        # When its first amounts arrived; a clock that jumps back costs one more look.
        looked_at = clock.now() - timedelta(seconds=clock.monotonic() - look.seen_at)
        return await self._reported(lambda: self._held(look, account, looked_at, new=False))

    async def _reported(self, work: Callable[[], Awaitable[Ending]]) -> RunReport:
        with self.exchange.metering() as meter:
            ending = await self._ending(work)
        self.report.outcome, self.report.reason = ending.outcome, ending.reason
        self.report.requests, self.report.round_trips = meter.requests, meter.round_trips
        self.report.elapsed_ms = meter.elapsed_ms
        return self.report

    async def _ending(self, work: Callable[[], Awaitable[Ending]]) -> Ending:
        try:
            return await work()
        except SafetyRefused as refused:
            return Ending(Outcome.STOPPED if self.report.steps else Outcome.REFUSED, str(refused))
        except DeadlineReached:
            return self._stopped(f"the deadline passed{self._waiting_for}")
        except Interrupted:
            return self._stopped(f"a signal asked to stop{self._waiting_for}")
        except RateLimited as limit:
            self.report.unreachable = True
            return self._stopped(f"{str(limit).rstrip('.')}; nothing more is sent before {_utc(limit.until_ms)}")
        except (NotSent, ReadFailed) as cut_off:
            self.report.unreachable = True
            return self._stopped(str(cut_off))
        except RequestRejected as refused_read:
            # A page instead of an answer: a firewall or a wrong address, so the exchange itself was not reached.
            self.report.unreachable = refused_read.code is None
            return self._stopped(str(refused_read))
        except JournalUnavailable as lost:
            self.report.unwritten = str(lost)
            return self._stopped(str(lost))
        except PlanRefused as trouble:
            return self._stopped(str(trouble))

    async def _whole(self) -> Ending:
        began = self.patience.clock.now()
        first = await self._looker.first()
        self.report.before = self.report.after = first.look.account
        wrong = missing_rights(first.rights, self.errand.transfers, self.allow_withdrawals)
        if wrong is not None:
            raise SafetyRefused(f"{self.symbol}: {wrong}. Nothing was sent")
        return await self._held(first.look, first.spot.uid, began, new=True)

    async def _held(self, look: Look, account: str, began: datetime, *, new: bool) -> Ending:
        """new: the first look of this process on the pair, not believed yet."""
        with self.lock(account):
            look = await self._looker.believe_first(look) if new else look
            found = self.journal.left_or_begun_since(account, self.symbol, began)
            leftovers = tuple(intent for intent in found if intent.state in OPEN_STATES)
            settler = Settler(self.exchange, self.journal, self.patience, account)
            await self._settle_leftovers(leftovers, replace(settler, leftovers=True))
            # Another run may have worked on the pair, and let it go, between our first look and the lock.
            if found:
                look = await self._looker.again()
            self.report.before = self.report.after = look.account
            ending = await self._cycle(settler, unsettled=bool(found)).run(look)
        return self._stopped(ending.reason) if ending.outcome is Outcome.STOPPED else ending

    def _cycle(self, settler: Settler, *, unsettled: bool) -> Cycle:
        return Cycle(
            errand=self.errand,
            looker=self._looker,
            settler=settler,
            report=self.report,
            observer=self._hear,
            new_id=self.new_id,
            loans=self.loans,
            unsettled=unsettled,
            alongside=self.alongside,
        )

    async def _settle_leftovers(self, leftovers: tuple[Intent, ...], settler: Settler) -> None:
        """Writes of an earlier run that never learned their fate come first; their times count from now.

        A top-up is not waited for: the looks follow it.
        """
        now_ms = self.exchange.server_now_ms()
        for intent in leftovers:
            amount = "" if intent.amount is None else f" of {plain(intent.amount)} {intent.asset}"
            if intent.kind == "top_up":
                self._looker.top_ups.follow(intent, now_ms, settler)
                continue
            self._hear(Notice(f"{self.symbol}: an earlier run left a {intent.kind}{amount} open; looking it up"))
            self._left_open = f", the outcome of an earlier {intent.kind}{amount} is still unknown"
            settled = await settler.settle(intent, now_ms)
            self._left_open = ""
            self._hear(Notice(f"{self.symbol}: that {intent.kind}{amount} is {settled.fate.value}"))

    def _stopped(self, why: str) -> Ending:
        return Ending(Outcome.STOPPED, f"{why.rstrip('.')}; {self._standing()}")

    def _standing(self) -> str:
        """Where the pair was last seen, and what to do: always the same command again."""
        account, symbol = self.report.after, self.symbol
        if account is None:
            return f"{symbol} could not be read and nothing was sent; run the same command again"
        open_steps = [step for step in self.report.steps if step.status is StepStatus.UNKNOWN]
        unknown = f", the outcome of {len(open_steps)} write is still unknown" if open_steps else self._left_open
        unknown += "".join(f", {words} is on its way" for words in self._looker.top_ups.words())
        sides = (account.base, account.quote)
        owed = " and ".join(f"{plain(side.liability)} {side.asset}" for side in sides if side.liability > 0) or "nothing"
        held = " and ".join(f"{plain(side.total)} {side.asset}" for side in sides if side.total > 0) or "nothing"
        level = margin_level(account)
        at = "" if level is None else f" at level {level:.4f}"
        seen = f"{symbol} was last seen owing {owed} and holding {held}{at}"
        return f"{seen}{unknown}; run the same command again to go on"

    def _hear(self, event: Event) -> None:
        self.reckoning.hear(event)
        if isinstance(event, Notice):
            self.report.notices.append(event.text)
        if isinstance(event, Looked):
            self.report.after = event.look.account
        if isinstance(event, Decided):
            self._waiting_for = f" while waiting: {event.plan.because}" if event.plan.verdict is Verdict.WAIT else ""
        try:
            self.observer(event)
        except Exception as deaf:  # noqa: BLE001 - an audience that fails (a closed pipe) must never reach the run
            self.observer = nobody
            self.report.notices.append(f"the audience left: {type(deaf).__name__}")


def _utc(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
