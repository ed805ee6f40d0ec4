"""One of every question marginbot can ask about a pair, so that each endpoint it reads gets on tape."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Final, TypeVar

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import Symbol
from marginbot.errors import ConfigError, RequestRejected
from marginbot.exchange.reads import Reads
from marginbot.exchange.recording.tape import Tape

HISTORY: Final = timedelta(days=7)
BOOK_LEVELS: Final = 10

T = TypeVar("T")


class Tour:
    """Asks one after the other. A refusal is an answer worth keeping: it is noted in `refused` and the tour goes on.

    Every other error ends the tour: RateLimited, NotSent, ReadFailed.
    """

    def __init__(self, reads: Reads, tape: Tape) -> None:
        self._reads = reads
        self._tape = tape
        self.refused: list[str] = []

    async def choose(self, wanted: Symbol | None) -> Symbol:
        """The pair to ask about: the one wanted, else the first in debt, else the first that was ever opened.

        Raises: ConfigError when there is none, or the exchange does not know it.
        """
        await self._reads.server_time_ms()
        accounts = await self._reads.isolated_accounts()
        names = await self._reads.isolated_pairs()
        symbol = wanted or _first(accounts)
        if symbol is None:
            raise ConfigError("SYMBOL: no isolated pair is open on this account, so the pair must be named", "SYMBOL")
        if symbol not in names:
            near = get_close_matches(symbol, names, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ConfigError(f"SYMBOL: the exchange does not know the pair {symbol}{hint}", "SYMBOL")
        return symbol

    async def walk(self, symbol: Symbol, now: datetime, client_ids: Iterable[str] = ()) -> None:
        """Everything else about the pair. client_ids: orders to look up beside the one that is open."""
        rules = await self._reads.pair_rules(symbol)
        await self._market(symbol)
        await self._ask("", self._reads.spot_wallet())
        await self._ask("", self._reads.key_rights())
        await self._ask("", self._reads.interest_in_bnb())
        for side, asset in (("base", rules.base), ("quote", rules.quote)):
            await self._ask(side, self._reads.max_transferable(symbol, asset))
            records = await self._ask(side, self._reads.repayments(symbol, asset, now - HISTORY))
            if records:
                await self._ask(f"{side}-one", self._reads.repayment(symbol, asset, records[0].record_id))
        await self._ask("out", self._reads.transfers_out(symbol, now - HISTORY))
        await self._ask("in", self._reads.transfers_in(symbol, now - HISTORY))
        await self._ask("", self._reads.lists_of_orders(symbol))
        opened = await self._ask("", self._reads.open_order_client_ids(symbol))
        for client_id in (*sorted(opened or ())[:1], *client_ids):
            order = await self._ask("", self._reads.order_by_client_id(symbol, client_id))
            if order is not None:
                await self._ask("", self._reads.fills_of(symbol, order.order_id))

    async def _market(self, symbol: Symbol) -> None:
        await self._ask("", self._reads.tiers(symbol))
        await self._ask("", self._reads.hourly_rates(symbol))
        await self._ask("", self._reads.fees(symbol))
        await self._ask("", self._reads.min_repays())
        await self._ask("", self._reads.system_normal())
        await self._ask("", self._reads.delistings())
        await self._ask("", self._reads.order_book(symbol, BOOK_LEVELS))

    async def _ask(self, label: str, call: Awaitable[T]) -> T | None:
        with self._tape.labelled(label):
            try:
                return await call
            except RequestRejected as refusal:
                self.refused.append(str(refusal))
                return None


def _first(accounts: Mapping[Symbol, IsolatedAccount]) -> Symbol | None:
    opened = [account for account in accounts.values() if account.created]
    in_debt = [account for account in opened if account.owes]
    return next((account.symbol for account in (*in_debt, *opened)), None)
