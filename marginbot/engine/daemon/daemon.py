"""The daemon: one account, watched until a signal. What runs beside the watch may fail and begin anew; the watch goes on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import structlog

from marginbot.domain.amounts import Symbol
from marginbot.domain.policy import Do, Policy
from marginbot.domain.situation import Ruling
from marginbot.engine.clock import rest
from marginbot.engine.daemon.acceptance import HOW, Acceptance
from marginbot.engine.daemon.beside import Beside, Work
from marginbot.engine.daemon.desk import Desk
from marginbot.engine.daemon.health import Health
from marginbot.engine.daemon.operator import Operator
from marginbot.engine.daemon.outfit import Audience, Outfit
from marginbot.engine.daemon.pair_watch import PairWatch
from marginbot.engine.daemon.pauses import Pauses
from marginbot.engine.daemon.watch import Watch
from marginbot.engine.events import Event, Notice
from marginbot.errors import ConfigError

DESK_EVERY = 0.5
"""A person who types `pause` is heard within a second."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Daemon:
    """beside: what runs next to the watch (streams, jobs, alerts, metrics), by name; each ends by itself when `stop` is set."""

    outfit: Outfit
    health: Health
    stop: asyncio.Event
    acceptance: Acceptance
    beside: dict[str, Work] = field(default_factory=dict)
    watch: Watch = field(init=False)
    pauses: Pauses = field(default_factory=Pauses)
    operator: Operator = field(init=False)
    _audience: Audience = field(init=False)

    def __post_init__(self) -> None:
        self._audience, self.outfit.tell = self.outfit.tell, self._tell
        self.watch = Watch(self.outfit, self.health, self.stop)
        self.outfit.judged, self.outfit.held_back = self._judged, self._held_back
        desk = Desk(self.outfit.journal.file, self.outfit.account)
        self.operator = Operator(desk, self.pauses, self.watch, self.outfit)

    async def run(self) -> None:
        """Watch until `stop` is set. Raises nothing for a reason of the exchange."""
        beside = Beside(self.health, self.outfit.clock, self.stop, self._tell)
        try:
            await beside.run({"the desk": self._read_desk, **self.beside, "the watch": self.watch.run})
        finally:
            self.outfit.hush.end()

    def reload(self, policy: Policy) -> None:
        """A new policy; every pair keeps its old ladder until it was looked at under the new one.

        Raises: ConfigError for one that nobody accepted and that would act at once: it would have to wait, and meanwhile
        nothing would protect the pair. The policy in force stays.
        """
        if policy.digest == self.outfit.policy.digest:
            return
        acceptance = Acceptance(self.outfit.notebook, policy.digest)
        if not acceptance.accepted:
            self._must_not_act_at_once(policy)
        self.acceptance = acceptance
        self.outfit.policy = policy
        self.watch.reassign()

    def _tell(self, symbol: Symbol, event: Event) -> None:
        """To whoever listens, once no act is made ready."""
        self.outfit.hush.later(lambda: self._tell_now(symbol, event))

    def _tell_now(self, symbol: Symbol, event: Event) -> None:
        """An audience that raises is ill; whoever told it goes on."""
        try:
            self._audience(symbol, event)
        except Exception as deaf:
            log.error("the audience raised", symbol=symbol, exc_info=deaf)
            self.health.ill("the audience", f"unexpected {type(deaf).__name__}; this is a defect of marginbot")

    async def _read_desk(self) -> None:
        while not self.stop.is_set():
            self.operator.read()
            self.health.well("the desk")
            await rest(self.outfit.clock, self.stop, DESK_EVERY)

    def _must_not_act_at_once(self, policy: Policy) -> None:
        pairs = [self.watch.pairs[symbol] for symbol in self.watch.owing]
        if self.watch.read_since < 0 or any(pair.known.market is None for pair in pairs):
            raise ConfigError("not every pair that owes was looked at yet: send the signal again in a moment")
        acts = tuple(filter(None, (self._acts_at_once(policy, pair) for pair in pairs)))
        if acts:
            raise ConfigError(f"{'; '.join(acts)}; {HOW}")

    def _acts_at_once(self, policy: Policy, pair: PairWatch) -> str | None:
        """What a policy would do to a pair as it was last seen, in words; None when nothing."""
        ruling = pair.under(policy)
        if ruling is None or ruling.fires is None or ruling.fires.do is Do.ALERT:
            return None
        return f"{ruling.fires.name!r} of the new policy would act on {pair.symbol} at once ({ruling.because})"

    def _judged(self, symbol: Symbol, ruling: Ruling) -> None:
        if self.acceptance.accepted:
            return
        if self.acceptance.judged(symbol, ruling):
            text = f"{symbol}: the new policy would not act at once any more: it guards the pair from now on"
            self.outfit.tell(symbol, Notice(text, alarm=True))
        self.acceptance.settled(self.watch.owing, self.outfit.clock.now())

    def _held_back(self, symbol: Symbol) -> str | None:
        return self.pauses.of(symbol) or self.acceptance.holds_back(symbol)
