"""What the daemon does with the requests on its desk: pause, resume, acknowledge, unwind one pair or everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from marginbot.domain.amounts import Symbol
from marginbot.domain.plan import Goal, Into
from marginbot.engine.desk import Desk, Request
from marginbot.engine.errands import ToFlat
from marginbot.engine.events import Notice
from marginbot.engine.outfit import Outfit
from marginbot.engine.pauses import PAUSE, Pauses
from marginbot.engine.watch import Watch

EVERYWHERE: Final = Symbol("")
UNWIND, PANIC, RESUME, ACK = "unwind", "panic", "resume", "ack"


@dataclass(slots=True)
class Operator:
    """Reads the desk. acknowledge: told of an `ack` for a pair, or for all."""

    desk: Desk
    pauses: Pauses
    watch: Watch
    outfit: Outfit
    acknowledge: Callable[[Symbol | None], None] = lambda _symbol: None
    _followed: dict[int, frozenset[Symbol]] = field(default_factory=dict)

    def read(self) -> None:
        """Take what is new, end what is over. Raises: JournalUnavailable."""
        for request in self.desk.open():
            if request.taken_at is None:
                self._take(request)
        self._end_pauses()
        self._end_unwinds()

    def _take(self, request: Request) -> None:
        self.desk.take(request.id, self.outfit.clock.now())
        of = request.symbol or "every pair"
        self._say(f"asked to {request.kind} {of}")
        match request.kind:
            case "pause":
                pass  # in force as long as it is open
            case "resume":
                self._resume(request)
            case "ack":
                self.acknowledge(request.symbol)
                self._end(request, f"acknowledged for {of}")
            case "unwind" | "panic":
                self._unwind(request)
            case _:
                self._end(request, f"this marginbot does not know how to {request.kind}")
        self.pauses.learn(self.desk.open())
        self.watch.look_now()

    def _resume(self, request: Request) -> None:
        ended = [one for one in self.desk.open() if one.kind == PAUSE and request.symbol in (None, one.symbol)]
        for pause in ended:
            self._end(pause, "taken back")
        self._end(request, f"{len(ended)} pauses ended" if ended else "nothing was paused")

    def _unwind(self, request: Request) -> None:
        """Write the wish down as an episode of each pair; the watch carries it out as it would resume one after a restart."""
        wanted = frozenset({request.symbol} if request.symbol else self.watch.holding)
        already = {episode.symbol: episode for episode in self.outfit.journal.open_episodes(self.outfit.account)}
        for symbol in wanted:
            errand = ToFlat(Goal(symbol, Into(request.arguments.get("into", Into.QUOTE.value))), self.outfit.limits, request.kind)
            if symbol in already:
                self.outfit.journal.retarget(already[symbol].id, errand.rule, errand.described())
            else:
                account, now = self.outfit.account, self.outfit.clock.now()
                self.outfit.journal.open_episode(account, symbol, errand.rule, errand.described(), now)
        self._followed[request.id] = wanted

    def _end_pauses(self) -> None:
        self.pauses.learn(self.desk.open())
        for pause in self.pauses.over(self.outfit.clock.now()):
            self._end(pause, "its time is over")
            self._say(f"the pause of {pause.symbol or 'every pair'} is over: protection works again", alarm=True)
            self.watch.look_now()

    def _end_unwinds(self) -> None:
        open_now = {episode.symbol for episode in self.outfit.journal.open_episodes(self.outfit.account)}
        for number, symbols in tuple(self._followed.items()):
            if not symbols & open_now:
                request = self.desk.one(number)
                if request is not None:
                    self._end(request, self._told(symbols))
                del self._followed[number]

    def _told(self, symbols: frozenset[Symbol]) -> str:
        ends = self.outfit.journal.ends_of(self.outfit.account, symbols)
        told = (f"{symbol}: {outcome}, {reason}" for symbol, (outcome, reason) in sorted(ends.items()))
        return "; ".join(told) or "nothing to do"

    def _end(self, request: Request, answer: str) -> None:
        self.desk.end(request.id, answer, self.outfit.clock.now())

    def _say(self, text: str, alarm: bool = False) -> None:
        self.outfit.tell(EVERYWHERE, Notice(text, alarm=alarm))
