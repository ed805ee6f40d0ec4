"""Reads that can show every pair at once, made once for everybody who asked at the same moment: they cost the same for twenty."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any, Generic, TypeVar, cast

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import Asset, Symbol
from marginbot.domain.market import PairRules
from marginbot.domain.records import KeyRights, SpotWallet
from marginbot.engine.ports import Exchange
from marginbot.errors import AnswerMalformed, RequestRejected

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Joins callers to the next request that leaves. Nobody gets the answer of a request that left before they asked."""

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._next: asyncio.Task[T] | None = None

    async def __call__(self) -> T:
        """Raises whatever the question raises, to everybody who waits for it. One caller who gives up leaves the others be."""
        if self._next is None:
            self._next = asyncio.create_task(self._fly())
            self._next.add_done_callback(_heard)
        return await asyncio.shield(self._next)

    async def _fly(self) -> T:
        await asyncio.sleep(0)  # everybody who asks in this turn of the loop comes along
        self._next = None
        return await self._ask()


def _heard(flight: asyncio.Task[Any]) -> None:
    """An answer nobody waits for any more is not a complaint at the end of the program."""
    if not flight.cancelled():
        flight.exception()


class SharedLooks:
    """The exchange as it is, except that reads which are not of one pair alone are shared, and so are the pairs' rules."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._accounts = SingleFlight(exchange.isolated_accounts)
        self._wallets = SingleFlight(exchange.spot_wallet)
        self._times = SingleFlight(exchange.server_time_ms)
        self._rights = SingleFlight(exchange.key_rights)
        self._minimums = SingleFlight(exchange.min_repays)
        self._rules = SingleFlight(self._rules_of_all)
        self._rules_wanted: set[Symbol] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._exchange, name)

    async def isolated_accounts(self) -> Mapping[Symbol, IsolatedAccount]:
        """Every isolated account, from a request sent after this call."""
        return await self._accounts()

    async def spot_wallet(self) -> SpotWallet:
        """The spot wallet, from a request sent after this call."""
        return await self._wallets()

    async def server_time_ms(self) -> int:
        """The exchange's clock, from a request sent after this call."""
        return await self._times()

    async def key_rights(self) -> KeyRights:
        """What the key may do, from a request sent after this call."""
        return await self._rights()

    async def min_repays(self) -> Mapping[Asset, Decimal]:
        """Least repayments, from a request sent after this call."""
        return await self._minimums()

    async def pair_rules(self, symbol: Symbol) -> PairRules:
        """Filters and status, from a request sent after this call: the dearest read of a look, and no dearer for twenty pairs."""
        self._rules_wanted.add(symbol)
        rules = (await self._rules()).get(symbol)
        return await self._exchange.pair_rules(symbol) if rules is None else rules

    async def _rules_of_all(self) -> Mapping[Symbol, PairRules]:
        wanted, self._rules_wanted = self._rules_wanted, set()
        if len(wanted) == 1:
            return {}
        try:
            return await self._exchange.rules_of(wanted)
        except (RequestRejected, AnswerMalformed):
            return {}  # it is about one of them, and nobody knows which: each asks alone


def sharing(exchange: Exchange) -> Exchange:
    """The same exchange for many pairs at once."""
    return cast(Exchange, SharedLooks(exchange))
