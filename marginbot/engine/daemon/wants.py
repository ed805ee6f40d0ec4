"""What is wanted of one pair now: what a person asked for, what was begun and is not over, what fires; the more severe first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from marginbot.domain.look import Look
from marginbot.domain.plan import BACKSTOP
from marginbot.domain.policy import Do, Rule
from marginbot.domain.situation import Ruling
from marginbot.engine.daemon.keeping import ToBackstop
from marginbot.engine.daemon.latched import Latched
from marginbot.engine.daemon.outfit import Outfit
from marginbot.engine.daemon.rungs import before_leaving, errand_again, errand_of, staying_put
from marginbot.engine.daemon.watched import Watched
from marginbot.engine.errands import BY_HAND, Errand
from marginbot.engine.journal.entries import Episode
from marginbot.engine.report import Outcome

ABOVE_EVERY_RULE = 1_000_000


@dataclass(slots=True)
class Wants:
    """judged: what the ladder says of a later look. backstop: the errand that keeps it.

    wish: what a person asked for while a visit was under way.
    """

    known: Watched
    outfit: Outfit
    judged: Callable[[Look], Ruling]
    backstop: Callable[[], ToBackstop]
    wish: Errand | None = None

    def of(self, ruling: Ruling, episode: Episode | None, look: Look) -> Latched | None:
        """What an earlier process or visit left unfinished goes on, unless something more severe fires."""
        begun = None if ruling.fires is None else self._begun_by(ruling.fires, look)
        if episode is not None:
            resumed = self._possible(self._again(episode))
            if resumed is None:
                return None if begun is None else self.latched(begun)
            latched = self.latched(resumed)
            if begun is not None and self._severity(begun) > self._severity(resumed):
                latched.current = begun
            return latched
        wanted = self.wish or begun
        return None if wanted is None else self.latched(wanted)

    def must_be_passed_over(self, rule: Rule | None) -> bool:
        """A rung that could only move coins between wallets hands over to the next one while there is no journal on disk."""
        if rule is None or rule.do not in (Do.TOP_UP, Do.SWEEP) or not self.outfit.spare.in_use:
            return False
        self.known.failed(rule.name)
        return True

    def latched(self, errand: Errand) -> Latched:
        """Judged anew on every look of its run."""
        held_back = lambda: self.outfit.held_back(self.known.symbol)  # noqa: E731
        return Latched(errand, self.judged, self._severity, self._begun_by, lambda: self.wish, held_back)

    def _begun_by(self, rule: Rule, look: Look) -> Errand | None:
        errand = errand_of(rule, look, self.outfit)
        return errand if errand is None else self._possible(errand)

    def _again(self, episode: Episode) -> Errand:
        if episode.goal.get("goal") == BACKSTOP:
            return self.backstop()
        return errand_again(episode, self.outfit.limits)

    def _possible(self, errand: Errand) -> Errand | None:
        """Into a pair that is about to leave margin nothing is brought. Without a journal on disk nothing is moved between
        wallets: who did what could not be told after a crash.
        """
        errand = before_leaving(errand, self.outfit.delistings.get(self.known.symbol))
        return staying_put(errand) if self.outfit.spare.in_use else errand

    def _severity(self, errand: Errand) -> int:
        """Above every rule: what a person asked for, and an unwind that no rule of today's ladder began."""
        position = -1 if self.known.assigned is None else self.known.assigned.ladder.severity(errand.rule)
        above = errand.rule in BY_HAND or (position < 0 and errand.reached is Outcome.FLAT)
        return ABOVE_EVERY_RULE if above else position
