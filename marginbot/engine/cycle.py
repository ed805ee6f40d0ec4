"""The cycle: decide on a look, guard, act, look again; until done, stuck, hopeless or out of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from marginbot.domain.account import LevelStatus
from marginbot.domain.amounts import ZERO
from marginbot.domain.look import Look
from marginbot.domain.margin import margin_level
from marginbot.domain.plan import CancelOrder, CloseOrder, Need, PlaceBackstop, Plan, Verdict
from marginbot.engine.errands import Errand
from marginbot.engine.events import Decided, Notice, Observer
from marginbot.engine.executor import Executor, StepRefused
from marginbot.engine.explain import same_balances
from marginbot.engine.journal.entries import State
from marginbot.engine.lifted import not_lifted
from marginbot.engine.loans import LoanQueue
from marginbot.engine.looks import Looker
from marginbot.engine.refusals import Refusals
from marginbot.engine.report import Outcome, RunReport, StepReport, StepStatus
from marginbot.engine.settle import Settler
from marginbot.errors import NotSent, RateLimited
from marginbot.rules.guard import OLDEST_ANSWER

RETRY_AFTER, CONFIRM_EVERY, LIQUIDATION_EVERY = 1.0, 0.5, 2.0
SLOWER, SLOWEST_CONFIRM = 1.1, 2.0
"""A record may take half an hour: it is asked for ever more rarely, or the looks would use up what the minute allows."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended, with a sentence for a person."""

    outcome: Outcome
    reason: str


@dataclass(slots=True)
class Cycle:
    """Brings one pair to its goal, look by look. Steps are added to `report` before they are sent.

    loans: the queue of the whole account; without one the cycle has its own. unsettled: whether the journal may have open
    writes of the pair from before this cycle. alongside: keeps in the journal what belongs to an intent; called in its
    transaction.
    """

    errand: Errand
    looker: Looker
    settler: Settler
    report: RunReport
    observer: Observer
    new_id: Callable[[], str]
    loans: LoanQueue | None = None
    unsettled: bool = True
    alongside: Callable[[], None] = lambda: None
    _refusals: Refusals = field(default_factory=Refusals)
    _executor: Executor | None = None
    _episode: int | None = None
    _described: Mapping[str, str] = field(default_factory=dict)
    _hopeless: str | None = None
    _confirming: int = 0

    async def run(self, look: Look) -> Ending:
        """Raises whatever cuts the run short (deadline, signal, ban, journal): the frame turns it into an ending."""
        ending = await self._until_over(look)
        self._look_whether_lifted(look)
        journal, clock = self.settler.journal, self.looker.patience.clock
        # Also one that an earlier run left open, when this run found that nothing was left to do.
        episode = journal.open_episode_of(self.settler.account, self.errand.symbol)
        if episode is not None:
            journal.close_episode(episode, ending.outcome.value, ending.reason, clock.now())
        return ending

    def _look_whether_lifted(self, first: Look) -> None:
        after, coming = self.report.after, self.looker.top_ups.followed
        steps = [step for step in self.report.steps if step.intent_id not in coming]
        why = not_lifted(first.account, after, steps) if self.errand.lifts and after is not None else None
        if why is not None:
            self.observer(Notice(f"{self.errand.symbol}: {why}", alarm=True))

    async def _until_over(self, look: Look) -> Ending:
        patience = self.looker.patience
        while True:
            self.report.after = look.account
            patience.check()
            if self._hopeless is not None:
                return Ending(Outcome.STOPPED, self._hopeless)
            look = replace(look, shave=self._refusals.shave, brought=self._brought())
            decided = self.errand.plan(look)
            self.observer(Decided(decided))
            match decided.verdict:
                case Verdict.DONE:
                    return Ending(self.errand.reached, decided.because)
                case Verdict.STUCK:
                    return Ending(Outcome.RESIDUE, decided.because)
                case Verdict.WAIT:
                    look = await self._wait(decided, look)
                case Verdict.ACT if self._places_again(decided):
                    return Ending(Outcome.STOPPED, "the backstop that was placed is not shown as it was sent")
                case Verdict.ACT:
                    look = await self._act(decided, look)

    async def _wait(self, decided: Plan, look: Look) -> Look:
        seconds = _waiting_time(decided, look)
        self._confirming = self._confirming + 1 if look.pending or look.topping_up else 0
        if seconds > 0:
            seconds = min(seconds * SLOWER**self._confirming, max(seconds, SLOWEST_CONFIRM))
            self.observer(Notice(f"waiting: {decided.because}", alarm=decided.capped))
            await self.looker.patience.pause(seconds)
        return await self.looker.again(decided.needs)

    def _places_again(self, decided: Plan) -> bool:
        """A second backstop in one run: the answers lag behind the first, or tell it otherwise; no second look would end that."""
        placed = any(isinstance(one.step, PlaceBackstop) and one.status is StepStatus.DONE for one in self.report.steps)
        return placed and any(isinstance(step, PlaceBackstop) for step in decided.steps)

    async def _act(self, decided: Plan, look: Look) -> Look:
        now = self.looker.patience.clock.monotonic()
        if now - look.seen_at > OLDEST_ANSWER:
            return await self.looker.again(_kept_needs(decided, look))
        self.errand.check(decided, look, now, self._unresolved())
        reports = [StepReport(step, StepStatus.SKIPPED) for step in decided.steps]
        self.report.steps.extend(reports)
        for step in decided.steps:
            if isinstance(step, CancelOrder):
                self.observer(Notice(f"{step.symbol}: {step.because}", alarm=step.aloud))
        await self._perform(reports, look)
        after = await self.looker.again(_kept_needs(decided, look))
        self._mark_level(reports, after)
        if _moved(look, after):
            self._refusals.progress()
        elif _came_to_nothing(reports) and not (after.pending or after.topping_up):
            await self.looker.patience.pause(RETRY_AFTER)
            return await self.looker.again(_kept_needs(decided, look))
        return after

    async def _perform(self, reports: list[StepReport], look: Look) -> None:
        patience = self.looker.patience
        try:
            await self._hand().act(reports, look)
        except StepRefused as refused:
            self._refusals.seen(refused.report, refused.refusal)
            # A backstop waits for better times elsewhere: a rung may be about to need this pair.
            if self._refusals.hopeless(refused.refusal) or isinstance(refused.report.step, PlaceBackstop):
                self._hopeless = f"the {refused.report.kind} was refused: {refused.refusal}"
                return
            await patience.pause(RETRY_AFTER)
        except RateLimited as limit:
            await patience.sit_out(limit, RETRY_AFTER)
        except NotSent:
            await patience.pause(RETRY_AFTER)
        if any(_is_limit(report) for report in reports):
            await patience.pause(RETRY_AFTER)

    def _mark_level(self, reports: list[StepReport], after: Look) -> None:
        done = [report for report in reports if report.status is StepStatus.DONE]
        if not done:
            return
        last, level = done[-1], margin_level(after.account)
        last.level_after = level
        if level is not None and last.intent_id is not None:
            self.settler.journal.seen_after(last.intent_id, level)

    def _unresolved(self) -> tuple[str, ...]:
        """Open top-ups are not among them: the looks follow them, and they hold nothing up but another top-up."""
        if not self.unsettled and self._executor is None:
            return ()
        open_intents = self.settler.journal.open_intents(self.settler.account, self.errand.symbol)
        return tuple(
            f"a {intent.kind}" for intent in open_intents if intent.state is not State.ACCEPTED and intent.kind != "top_up"
        )

    def _brought(self) -> Decimal:
        """What this episode's top-ups of the rule count against its allowance."""
        if not self.errand.brings:
            return ZERO
        journal, account, symbol = self.settler.journal, self.settler.account, self.errand.symbol
        episode = self._episode or journal.open_episode_of(account, symbol)
        if episode is None:
            return ZERO
        return sum((value for _, value in journal.brought_in(account, symbol, self.errand.rule, episode)), ZERO)

    def _pursue(self) -> int:
        """The episode's number. It is written down with the first intent, so a flat pair leaves no trace in the journal; and
        again when a more severe rule takes it over.
        """
        wanted = self.errand.described()
        journal, account, symbol = self.settler.journal, self.settler.account, self.errand.symbol
        # Asked each time: what an earlier step wrote may have been undone with its transaction.
        found = journal.open_episode_of(account, symbol)
        self.alongside()
        if found is not None and found == self._episode and wanted == self._described:
            return found
        if found is None:
            found = journal.open_episode(account, symbol, self.errand.rule, wanted, self.looker.patience.clock.now())
        else:
            journal.retarget(found, self.errand.rule, wanted)
        self._episode, self._described = found, wanted
        return found

    def _hand(self) -> Executor:
        if self._executor is None:
            self._executor = Executor(
                exchange=self.looker.exchange,
                journal=self.settler.journal,
                patience=self.looker.patience,
                settler=self.settler,
                proofs=self.looker.proofs,
                loans=self.loans or LoanQueue(self.looker.patience.clock),
                top_ups=self.looker.top_ups,
                steps=self.looker.steps,
                observer=self.observer,
                new_id=self.new_id,
                account=self.settler.account,
                pursue=self._pursue,
                rule=self.errand.rule,
            )
        self._executor.rule = self.errand.rule
        return self._executor


def _waiting_time(decided: Plan, look: Look) -> float:
    """Seconds to wait before the next look; 0 when it brings an answer the planner asked for and does not have yet."""
    if look.pending:
        return CONFIRM_EVERY
    if Need.TRANSFERABLE in decided.needs and look.transferable is None:
        return 0.0
    if Need.DEEP_BOOK in decided.needs and not look.book_is_deep:
        return 0.0
    if (Need.SPOT in decided.needs and not look.spot_is_fresh) or (Need.ORDERS in decided.needs and look.orders is None):
        return 0.0
    return LIQUIDATION_EVERY if look.account.status is LevelStatus.FORCE_LIQUIDATION else RETRY_AFTER


def _kept_needs(decided: Plan, look: Look) -> frozenset[Need]:
    """A size that needed the deep book once may need it again; what the plan asks for comes with the next look."""
    return decided.needs | {Need.DEEP_BOOK} if look.book_is_deep else decided.needs


def _moved(before: Look, after: Look) -> bool:
    return not same_balances(before.account, after.account) or before.open_orders != after.open_orders


def _is_limit(report: StepReport) -> bool:
    return isinstance(report.step, CloseOrder) and report.step.limit_price is not None


def _came_to_nothing(reports: list[StepReport]) -> bool:
    """Something was done and, as nothing moved, to no effect: an order that expired unfilled, a cancel that freed nothing.

    It goes again once a second at most; limit orders have waited already.
    """
    return any(report.status is StepStatus.DONE for report in reports) and not any(_is_limit(report) for report in reports)
