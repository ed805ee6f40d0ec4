"""Top-ups on their way: followed by the looks and never waited for, since money from spot may take half an hour.

Nothing but another top-up is held up by one: closes and repayments of a more severe rule go on beside it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import ZERO, Asset, Symbol, plain
from marginbot.engine.events import Observer, StepEnded
from marginbot.engine.explain import OwnSteps
from marginbot.engine.journal.entries import Intent, State
from marginbot.engine.ports import ExchangeReads
from marginbot.engine.report import StepReport, StepStatus
from marginbot.engine.settle import Settled, Settler
from marginbot.engine.traces import Fate, Twice, money_of, with_spot_moved

_TAKEN = (State.ACCEPTED, State.DONE)


@dataclass(slots=True)
class Followed:
    """A top-up that was sent. since_ms: from when its times count. report: of the run that sent it, None after a restart."""

    intent: Intent
    since_ms: int
    settler: Settler
    report: StepReport | None
    state: str
    balances: Twice = field(default_factory=Twice)


@dataclass(slots=True)
class TopUps:
    """The unsettled top-ups of one pair. They belong to whoever looks at it, for runs come and go."""

    exchange: ExchangeReads
    symbol: Symbol
    steps: OwnSteps
    followed: dict[int, Followed] = field(default_factory=dict)

    def follow(self, intent: Intent, since_ms: int, settler: Settler, report: StepReport | None = None) -> None:
        """From now on every look asks what became of it. intent: with its `exchange_id` when it was accepted."""
        if intent.id in self.followed:
            return
        state = "accepted" if intent.exchange_id is not None else "its answer was lost"
        self.followed[intent.id] = Followed(intent, since_ms, settler, report, state)
        if report is not None:
            self.steps.coming(intent.id, *money_of(intent))

    def questions(self) -> dict[str, Callable[[], Awaitable[Any]]]:
        """The reads that the next look adds to its batch, by name."""
        if not self.followed:
            return {}
        since = min(one.settler.since(one.intent) for one in self.followed.values())
        return {"transfers in": lambda: self.exchange.transfers_in(self.symbol, since), "spot": self.exchange.spot_wallet}

    def judge(self, answers: Mapping[str, Any], account: IsolatedAccount, observer: Observer) -> tuple[str, ...]:
        """Settle what the answers prove; returns what is still on its way, in words."""
        if "transfers in" in answers:
            for one in tuple(self.followed.values()):
                settled = self._settled(one, answers, account)
                if settled is not None:
                    self._close(one, settled, observer)
        return self.words()

    def words(self) -> tuple[str, ...]:
        """What is on its way: `the top-up of 50 USDT (PENDING)`."""
        return tuple(_words(one) for one in self.followed.values())

    def slowest_s(self) -> float:
        """Seconds since the oldest of them was sent, or found after a restart; 0 when none is on its way."""
        return max((one.settler.exchange.server_now_ms() - one.since_ms for one in self.followed.values()), default=0) / 1000

    def go_on_from(self, earlier: TopUps, account: IsolatedAccount, seen: IsolatedAccount | None) -> None:
        """Take over what another watched on the same pair. account: as it is now; seen: as the other saw it last."""
        if seen is not None:
            earlier.steps.arrivals(seen, account)
        earlier.steps.forget()
        self.steps.still_coming(earlier.steps)
        self.followed.update(earlier.followed)

    def _settled(self, one: Followed, answers: Mapping[str, Any], account: IsolatedAccount) -> Settled | None:
        rows, spot, intent, settler = answers["transfers in"], answers["spot"].free, one.intent, one.settler
        asset, _ = money_of(intent)
        known = with_spot_moved(intent, _moved_to_spot_since(settler, asset, intent.id))
        settled = settler.transfer(known, rows, account, spot, one.since_ms, one.balances)
        row = settler.own_row(rows, intent, moved=False)
        if row is not None:
            one.state = row.status.value
        elif intent.exchange_id is not None:
            one.state = "not in the history yet"
        return settled

    def _close(self, one: Followed, settled: Settled, observer: Observer) -> None:
        del self.followed[one.intent.id]
        one.settler.note(one.intent, settled)
        done = settled.fate is Fate.DONE
        self.steps.came(one.intent.id, done)
        report = one.report
        if report is None:
            return
        was, report.status = report.status, StepStatus.DONE if done else StepStatus.REJECTED
        report.note = "CONFIRMED" if done else f"looked up: {settled.fate.value}"
        if settled.record is not None:
            report.exchange_id = settled.record.record_id
        if was is StepStatus.UNKNOWN and done:
            observer(StepEnded(report))


def _moved_to_spot_since(settler: Settler, asset: Asset, intent_id: int) -> Decimal:
    """Units of a coin that transfers of any pair, written down after an intent, took to spot less what they took out of it.

    A sweep that may yet have happened counts, a top-up only once it was accepted.
    """
    later = settler.journal.later_transfers(settler.account, asset, intent_id)
    swept = sum((amount for kind, _, amount in later if kind == "sweep"), ZERO)
    return swept - sum((amount for kind, state, amount in later if kind == "top_up" and state in _TAKEN), ZERO)


def _words(one: Followed) -> str:
    asset, amount = money_of(one.intent)
    return f"the top-up of {plain(amount)} {asset} ({one.state})"
