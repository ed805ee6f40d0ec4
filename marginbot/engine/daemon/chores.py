"""The daemon's chores: what is read anew by the hour and by the day, and the rules that wait for a moment of the clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from marginbot.domain.amounts import Symbol
from marginbot.domain.policy import Cron
from marginbot.engine.daemon.jobs import Jobs, Work
from marginbot.engine.daemon.outfit import Outfit
from marginbot.engine.daemon.pair_watch import PairWatch
from marginbot.engine.daemon.watch import Watch
from marginbot.engine.events import EVERYWHERE, Notice
from marginbot.engine.journal.pruning import prune
from marginbot.engine.rights import EXPIRES_NOW, EXPIRES_SOON, RENEW, expiring, expiry, missing_rights

AFTER_THE_HOUR_S: Final = 3
"""Interest of a new hour is charged at its full hour; a look right after it sees the new debt."""
KEEP: Final = timedelta(days=365)
REMIND: Final = timedelta(days=1)
KEY_RIGHTS: Final = "key rights"


@dataclass(slots=True)
class Chores:
    """Registers everything there is on `jobs`. key_expires: as the settings have it, for a key whose answer tells no end."""

    outfit: Outfit
    watch: Watch
    jobs: Jobs
    allow_withdrawals: bool = False
    key_expires: datetime | None = None
    _warned_of: dict[Symbol, datetime] = field(default_factory=dict)
    _reminded_at: datetime | None = None

    def register(self) -> None:
        """Every chore with its time, UTC."""
        self.jobs.at("0 * * * *", "look after the hour", self.after_the_hour, protects=True, second=AFTER_THE_HOUR_S)
        # Once a day would do, but then one bad minute, or a key that was mended, would be told as trouble for a day.
        self.jobs.at("7 * * * *", "delist schedule", self.delist_schedule, protects=True)
        self.jobs.at("9 * * * *", KEY_RIGHTS, self.key_rights, protects=True)
        self.jobs.at("* * * * *", "clocks of the rules", self.clocks, second=30)
        self.jobs.at("23 3 * * *", "prune the journal", self.prune)
        self.jobs.at("* * * * *", "tidy the journal", self.tidy, second=45)

    async def begin(self) -> None:
        """What must be known before the first day is over. Raises: MarginbotError."""
        await self.delist_schedule()
        await self.jobs.now(KEY_RIGHTS, self.key_rights, protects=True)

    async def after_the_hour(self) -> None:
        """Filters, tiers, fees and rates of every pair are old now, and its debts have grown."""
        self.watch.reassign()

    async def delist_schedule(self) -> None:
        """When pairs leave isolated margin; a new date of a pair that owes is told."""
        patience = self.outfit.patience(60.0)
        rows = await patience.ask(self.outfit.exchange.delistings)
        self.outfit.delistings.clear()
        self.outfit.delistings.update({row.symbol: row.at for row in reversed(rows)})  # of two the sooner counts
        self._warn_of_delistings()
        self.watch.look_now()

    def _warn_of_delistings(self) -> None:
        """Once for each date: of a pair that owes, or as soon as it does."""
        for symbol in self.watch.owing & self.outfit.delistings.keys():
            at = self.outfit.delistings[symbol]
            if self._warned_of.get(symbol) != at:
                self._warned_of[symbol] = at
                text = f"{symbol} leaves isolated margin at {at:%Y-%m-%d %H:%M} UTC; coins cannot be brought in any more"
                self.outfit.tell(symbol, Notice(text, alarm=True))

    async def key_rights(self) -> None:
        """A key that lost a right, won one it must not have, or is about to end, is told before it is needed."""
        rights = await self.outfit.patience(60.0).ask(self.outfit.exchange.key_rights)
        wrong = missing_rights(rights, True, self.allow_withdrawals) or self._last_day(expiry(rights, self.key_expires))
        if wrong is None:
            self.jobs.health.well(KEY_RIGHTS)
        else:
            self.jobs.health.ill(KEY_RIGHTS, wrong)
            self.outfit.tell(EVERYWHERE, Notice(wrong, alarm=True))

    def _last_day(self, expires: datetime | None) -> str | None:
        """What is wrong when the key's last day has begun. Its last week is told once a day."""
        now = self.outfit.clock.now()
        if expires is None or expires - now > EXPIRES_SOON:
            return None
        text = f"{expiring(expires, now)}: {RENEW}"
        if expires - now <= EXPIRES_NOW:
            return text
        if self._reminded_at is None or now - self._reminded_at >= REMIND:
            self._reminded_at = now
            self.outfit.tell(EVERYWHERE, Notice(text, alarm=True))
        return None

    async def prune(self) -> None:
        """What ended more than a year ago is not kept."""
        prune(self.outfit.journal.file, self.outfit.clock.now() - KEEP)

    async def tidy(self) -> None:
        """A few milliseconds of the disk, here rather than in the middle of an act: while a pair is worked on, a minute later."""
        if not self.watch.visiting:
            self.outfit.journal.file.tidy()

    async def clocks(self) -> None:
        """One job for each rule that waits for a moment of the clock; and who owes by now may be about to be delisted."""
        self._warn_of_delistings()
        wanted = {
            f"rule {symbol} {rule.name}": (rule.when.expression, pair, rule.name)
            for symbol, pair in self.watch.pairs.items()
            if pair.known.assigned is not None
            for rule in pair.known.assigned.ladder.rules
            if isinstance(rule.when, Cron)
        }
        for name in self.jobs.names:
            if name.startswith("rule ") and name not in wanted:
                self.jobs.drop(name)
        for name, (expression, pair, rule_name) in wanted.items():
            self.jobs.at(expression, name, _due(self.watch, pair, rule_name))


def _due(watch: Watch, pair: PairWatch, rule: str) -> Work:
    async def due() -> None:
        pair.known.cron_due.add(rule)
        watch.look_now()

    return due
