"""What the daemon does with the requests on its desk: pause, resume, acknowledge, unwind one pair or everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from marginbot.domain.amounts import Symbol
from marginbot.domain.plan import Goal, Into, Limits
from marginbot.engine.daemon.desk import NOTHING_TO_DO, Desk, Request
from marginbot.engine.daemon.outfit import Outfit
from marginbot.engine.daemon.pauses import PAUSE, Pauses
from marginbot.engine.daemon.watch import Watch
from marginbot.engine.errands import PANIC_BY_HAND, UNWIND_BY_HAND, ToFlat
from marginbot.engine.events import EVERYWHERE, Notice
from marginbot.engine.journal.entries import Episode

UNWIND, PANIC, RESUME, ACK = "unwind", "panic", "resume", "ack"
_RULES: Final = {UNWIND: UNWIND_BY_HAND, PANIC: PANIC_BY_HAND}


@dataclass(slots=True)
class Operator:
    """Reads the desk. acknowledge: told of an `ack` for a pair, or for all."""

    desk: Desk
    pauses: Pauses
    watch: Watch
    outfit: Outfit
    acknowledge: Callable[[Symbol | None], None] = lambda _symbol: None
    _heard: dict[int, float] = field(default_factory=dict)

    def read(self) -> None:
        """Take what is new, carry on with what is not over, end what is. Raises: JournalUnavailable."""
        standing = self.desk.open()
        new = [request for request in standing if request.taken_at is None]
        for request in new:
            self._take(request)
        if new:
            standing = self.desk.open()
        self.pauses.learn(standing)
        self._end_pauses()
        for request in standing:
            if request.kind in _RULES and request.taken_at is not None:
                self._pursue(request)

    def _take(self, request: Request) -> None:
        if not self.desk.take(request.id, self.outfit.clock.now()):
            return
        of = request.symbol or "every pair"
        self._say(f"asked to {request.kind} {of}")
        match request.kind:
            case "pause":
                self._pause(request)
            case "resume":
                self._resume(request)
            case "ack":
                self.acknowledge(request.symbol)
                self._end(request, f"acknowledged for {of}")
            case "unwind" | "panic":
                if self.outfit.dry_run:
                    self._end(request, "this `marginbot run` is a dry run and sends nothing")
            case _:
                self._end(request, f"this marginbot does not know how to {request.kind}")
        self.watch.look_now()

    def _pause(self, request: Request) -> None:
        """In force as long as it is open."""
        if request.symbol is not None and self.watch.rows and request.symbol not in self.watch.rows:
            self._end(request, f"there is no isolated margin account of {request.symbol}: nothing is paused")
        rests = [one for one, pair in self.watch.pairs.items() if pair.backstop.rests and request.symbol in (None, one)]
        if rests:
            self._say(f"in a pause the backstop goes on resting at the exchange: {', '.join(sorted(rests))}")

    def _resume(self, request: Request) -> None:
        pauses = [one for one in self.desk.open() if one.kind == PAUSE]
        ended = [one for one in pauses if request.symbol in (None, one.symbol)]
        for pause in ended:
            self._end(pause, "taken back")
        told = f"{len(ended)} pause{'' if len(ended) == 1 else 's'} ended" if ended else "nothing was paused"
        if any(one.symbol is None for one in pauses if one not in ended):
            told = f"{told}, but every pair is still paused: `marginbot resume` without a pair ends that"
        self._end(request, told)

    def _pursue(self, request: Request) -> None:
        """Have an episode of each pair carry it out, as the watch resumes one after a restart; end the request when all ended.

        A panic is over only when a read of the account that began after it was heard shows no other pair.
        """
        heard = self._heard.setdefault(request.id, self.outfit.clock.monotonic())
        seen = self.watch.read_since >= heard
        wanted = self._wanted(request)
        open_now = {episode.symbol: episode for episode in self.outfit.journal.open_episodes(self.outfit.account)}
        missing = wanted - request.episodes.keys()
        for symbol in missing:
            episode = self._episode(symbol, request, open_now.get(symbol))
            if episode is not None:
                request = self.desk.follow(request, symbol, episode)
                self.watch.look_now()
        still_open = {episode.id for episode in open_now.values()} & set(request.episodes.values())
        if seen and not missing and not still_open:
            self._over(request)

    def _wanted(self, request: Request) -> frozenset[Symbol]:
        """Its pairs, as far as the account shows them: one that was never opened needs nothing."""
        if request.symbol is None:
            return self.watch.holding
        row = self.watch.rows.get(request.symbol)
        return frozenset() if row is None or not (row.created and row.enabled) else frozenset((request.symbol,))

    def _episode(self, symbol: Symbol, request: Request, open_now: Episode | None) -> int | None:
        """The number of the episode that brings a pair home; None while a visit is under way, which is told instead."""
        errand = _errand(symbol, request, self.outfit.limits)
        pair, journal = self.watch.pairs.get(symbol), self.outfit.journal
        if pair is not None and pair.busy:
            taken_over = open_now is not None and open_now.rule == errand.rule
            pair.wants.wish = None if taken_over else errand
            return open_now.id if open_now is not None and taken_over else None
        if pair is not None:
            pair.wants.wish = None
        if open_now is None:
            return journal.open_episode(self.outfit.account, symbol, errand.rule, errand.described(), self.outfit.clock.now())
        journal.retarget(open_now.id, errand.rule, errand.described())
        return open_now.id

    def _over(self, request: Request) -> None:
        ends = self.outfit.journal.ends_of(list(request.episodes.values()))
        self._end(request, "; ".join(f"{pair}: {how}, {why}" for pair, (how, why) in sorted(ends.items())) or _nothing(request))
        self._heard.pop(request.id, None)

    def _end_pauses(self) -> None:
        for pause in self.pauses.over(self.outfit.clock.now()):
            self._end(pause, "its time is over")
            self._say(f"the pause of {pause.symbol or 'every pair'} is over: protection works again", alarm=True)
            self.pauses.learn(self.desk.open())
            self.watch.look_now()

    def _end(self, request: Request, answer: str) -> None:
        self.desk.end(request.id, answer, self.outfit.clock.now())

    def _say(self, text: str, alarm: bool = False) -> None:
        self.outfit.tell(EVERYWHERE, Notice(text, alarm=alarm))


def _errand(symbol: Symbol, request: Request, limits: Limits) -> ToFlat:
    asked: Mapping[str, str] = request.arguments
    goal = Goal(symbol, Into(asked.get("into", Into.QUOTE.value)), asked.get("sweep", "true") == "true")
    cap = Decimal(asked["cap_bps"]) if "cap_bps" in asked else limits.max_slippage_bps
    return ToFlat(goal, Limits(cap, limits.topup_crumb), _RULES[request.kind])


def _nothing(request: Request) -> str:
    if request.symbol is None:
        return NOTHING_TO_DO
    return f"there is no open isolated margin account of {request.symbol}: nothing was sent"
