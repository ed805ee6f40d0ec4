"""The checkup: everything that could stop an unwind, found before it is needed, each with how to mend it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from marginbot.engine.journal.journal import Journal
from marginbot.engine.patience import Patience
from marginbot.engine.ports import Exchange
from marginbot.engine.rights import EXPIRES_SOON, RENEW, expiring, expiry, missing_rights
from marginbot.errors import ExchangeError, JournalUnavailable, RateLimited

CLOCK_WARNING_MS, CLOCK_PROBLEM_MS = 500, 5_000
BUDGET_WARNING = 0.5
DELIST_AHEAD = timedelta(days=14)


class Grade(Enum):
    """PROBLEM: an unwind would be stopped by it. WARNING: it would go through, and a person should know."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was found, and what to do about it (empty when nothing is to be done)."""

    check: str
    grade: Grade
    found: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Checkup:
    """Asks the exchange and the journal; every check answers, whatever the others met. key_expires: as the settings have it."""

    exchange: Exchange
    journal: Journal
    patience: Patience
    allow_withdrawals: bool
    reserve_pct: int
    key_expires: datetime | None = None

    async def findings(self) -> AsyncIterator[Finding]:
        """All findings, in the order a person would ask. An exchange that cannot be reached ends the questions to it."""
        reached = await self._asked("exchange", self._exchange, "check the network and exchange.rest_url; then run this again")
        yield reached
        if reached.grade is Grade.PROBLEM:
            yield self._journal_alone()
            return
        yield self._clock()
        yield await self._asked("key", self._key, "check the key on the exchange (API Management) and in the settings")
        yield await self._asked("key expiry", self._expiry, "run this again")
        yield await self._asked("journal", self._journal, "see MARGINBOT_STATE__URL")
        yield await self._asked("pairs", self._pairs, "run this again; without this read nothing can be unwound")
        yield await self._asked("interest in BNB", self._interest, "run this again")
        yield await self._asked("delistings", self._delistings, "run this again")
        yield self._budgets()

    async def _asked(self, check: str, question: Callable[[], Awaitable[Finding]], mend: str) -> Finding:
        try:
            return await question()
        except RateLimited as limit:
            return Finding(check, Grade.PROBLEM, str(limit), "wait until then: nothing is sent before, not even by a new start")
        except (ExchangeError, JournalUnavailable) as trouble:
            return Finding(check, Grade.PROBLEM, str(trouble), mend)

    async def _exchange(self) -> Finding:
        began = self.patience.clock.monotonic()
        await self.exchange.server_time_ms()
        took = (self.patience.clock.monotonic() - began) * 1000
        if not await self.exchange.system_normal():
            return Finding("exchange", Grade.PROBLEM, "the exchange is in maintenance", "wait for its announcement of the end")
        return Finding("exchange", Grade.OK, f"reached, the first answer took {took:.0f} ms")

    def _clock(self) -> Finding:
        offset = self.exchange.clock_offset_ms
        found = f"this machine's clock is {abs(offset)} ms {'behind' if offset > 0 else 'ahead of'} the exchange"
        mend = "marginbot corrects for it; let the system keep time (chrony or systemd-timesyncd)"
        if abs(offset) >= CLOCK_PROBLEM_MS:
            return Finding("clock", Grade.WARNING, found, f"far off: {mend}")
        grade = Grade.WARNING if abs(offset) >= CLOCK_WARNING_MS else Grade.OK
        return Finding("clock", grade, found, mend if grade is Grade.WARNING else "")

    async def _key(self) -> Finding:
        rights = await self.patience.ask(self.exchange.key_rights)
        wrong = missing_rights(rights, True, self.allow_withdrawals)
        if wrong is not None:
            found, _, mend = wrong.partition(": ")
            return Finding("key", Grade.PROBLEM, found, mend)
        if rights.withdrawals:
            return Finding(
                "key", Grade.WARNING, "the key may withdraw, and the settings accept it", "remove 'Enable Withdrawals'"
            )
        if not rights.ip_restricted:
            mend = "restrict the key to this machine's address on the exchange: rights of open keys expire"
            return Finding("key", Grade.WARNING, "the key works from any address", mend)
        return Finding("key", Grade.OK, "it may read, trade, repay and transfer, and may not withdraw")

    async def _expiry(self) -> Finding:
        at = expiry(await self.patience.ask(self.exchange.key_rights), self.key_expires)
        if at is None:
            found = "the exchange tells no date and exchange.key_expires has none"
            return Finding("key expiry", Grade.OK, found)
        now = self.patience.clock.now()
        if at <= now:
            return Finding("key expiry", Grade.PROBLEM, expiring(at, now), RENEW)
        grade = Grade.WARNING if at - now <= EXPIRES_SOON else Grade.OK
        return Finding("key expiry", grade, expiring(at, now), RENEW if grade is Grade.WARNING else "")

    async def _journal(self) -> Finding:
        wallet = await self.patience.ask(self.exchange.spot_wallet)
        left = self.journal.unsettled(wallet.uid)
        if left:
            pairs = ", ".join(sorted({intent.symbol for intent in left}))
            mend = f"run `marginbot unwind` for {pairs}: it looks them up before anything else"
            return Finding("journal", Grade.WARNING, f"{len(left)} writes of earlier runs are not settled ({pairs})", mend)
        return self._journal_alone()

    def _journal_alone(self) -> Finding:
        try:
            self.journal.probe()
        except JournalUnavailable as trouble:
            return Finding("journal", Grade.PROBLEM, str(trouble), "see MARGINBOT_STATE__URL")
        return Finding("journal", Grade.OK, "it can be read and written")

    async def _pairs(self) -> Finding:
        accounts = await self.patience.ask(self.exchange.isolated_accounts)
        busy = [row for row in accounts.values() if row.created and (row.owes or not row.is_empty)]
        stuck = [row.symbol for row in busy if not row.enabled or not row.trade_enabled]
        if stuck:
            mend = "enable them on the exchange (Wallet > Isolated Margin), or ask its support why trading is off"
            return Finding("pairs", Grade.PROBLEM, f"trading is switched off for {', '.join(stuck)}", mend)
        names = ", ".join(sorted(row.symbol for row in busy)) or "none"
        return Finding("pairs", Grade.OK, f"pairs that owe or hold something: {names}")

    async def _interest(self) -> Finding:
        if not await self.patience.ask(self.exchange.interest_in_bnb):
            return Finding("interest in BNB", Grade.OK, "off: interest is charged in the borrowed coin")
        mend = "switch it off on the exchange (BNB for margin interest): an unwind cannot repay a debt in a third coin"
        return Finding("interest in BNB", Grade.WARNING, "interest may be charged in BNB", mend)

    async def _delistings(self) -> Finding:
        soon = await self.patience.ask(self.exchange.delistings)
        accounts = await self.patience.ask(self.exchange.isolated_accounts)
        limit = self.patience.clock.now() + DELIST_AHEAD
        mine = [row for row in soon if row.at <= limit and row.symbol in accounts and not accounts[row.symbol].is_empty]
        if not mine:
            return Finding("delistings", Grade.OK, f"no pair of yours leaves margin within {DELIST_AHEAD.days} days")
        found = ", ".join(f"{row.symbol} at {row.at:%Y-%m-%d %H:%M} UTC" for row in mine)
        mend = "unwind them before: borrowing and transfers in stop a day earlier, then the exchange settles what is left itself"
        return Finding("delistings", Grade.WARNING, f"leaving margin: {found}", mend)

    def _budgets(self) -> Finding:
        shares = {name: used / size for name, (used, size) in self.exchange.used_weights().items() if size}
        name, most = max(shares.items(), key=lambda item: item[1], default=("no budget", 0.0))
        found = f"at most {most:.0%} used this minute ({name}); polling keeps off the last {self.reserve_pct} %"
        if most < BUDGET_WARNING:
            return Finding("rate limits", Grade.OK, found)
        mend = "something else on this address or account asks a lot: slow it down, an unwind may be refused with 429"
        return Finding("rate limits", Grade.WARNING, found, mend)
