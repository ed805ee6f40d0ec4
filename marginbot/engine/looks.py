"""Looking: one batch of reads that shows a pair, taken again until it explains our own steps."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, TypeVar

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import Asset, Symbol
from marginbot.domain.look import Look
from marginbot.domain.margin import level_disagreement
from marginbot.domain.market import Market
from marginbot.domain.plan import Need
from marginbot.domain.records import KeyRights, OpenOrder, SpotWallet
from marginbot.engine.events import Looked, Notice, Observer
from marginbot.engine.explain import OwnSteps, same_balances
from marginbot.engine.patience import Patience
from marginbot.engine.ports import Clock, Exchange
from marginbot.engine.proof import Proofs
from marginbot.engine.refusals import FINAL_CODES
from marginbot.engine.top_ups import TopUps
from marginbot.errors import ConfigError, MarginbotError, RequestRejected, SafetyRefused

T = TypeVar("T")

DEEP_LEVELS = 1000
UNKNOWN_SYMBOL = -1121
STALE_FOR, EQUAL_APART = 10.0, 2.0
LOG_ABOVE, ALARM_ABOVE = Decimal("0.005"), Decimal("0.05")


@dataclass(frozen=True, slots=True)
class FirstLook:
    """The first batch: the pair, and what is only read once in a run."""

    look: Look
    rights: KeyRights
    spot: SpotWallet


@dataclass(slots=True)
class Looker:
    """Looks at one pair for one run. `steps` holds what our own writes must have moved since `last`.

    meanwhile: what may be made ready while the rest of a look is on its way; called when its first balance, order or book has
    come. in_vain: called when that look does not count.
    """

    exchange: Exchange
    patience: Patience
    symbol: Symbol
    proofs: Proofs
    observer: Observer
    steps: OwnSteps = field(default_factory=OwnSteps)
    last: Look | None = None
    meanwhile: Callable[[], None] = lambda: None
    in_vain: Callable[[], None] = lambda: None
    top_ups: TopUps = field(init=False)

    def __post_init__(self) -> None:
        self.top_ups = TopUps(self.exchange, self.symbol, self.steps)

    async def first(self) -> FirstLook:
        """Clock, account, orders, filters, tiers, fees, book, spot and key rights in one round trip.

        Raises: ConfigError for a pair the exchange does not know, SafetyRefused for one that cannot be worked on.
        """
        try:
            return await self.patience.ask(self._first)
        except RequestRejected as refused:
            if refused.code is None:
                raise
            await self._explain(refused)
            raise SafetyRefused(f"{self.symbol}: {refused}") from refused

    async def _explain(self, refused: RequestRejected) -> None:
        """One of the first reads was refused: perhaps the pair is unknown, or never opened."""
        if refused.code == UNKNOWN_SYMBOL:
            names = await self.patience.ask(self.exchange.isolated_pairs)
            near = get_close_matches(self.symbol, names, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ConfigError(f"SYMBOL: the exchange does not know the pair {self.symbol}{hint}", "SYMBOL") from refused
        if refused.code not in FINAL_CODES:
            _row(await self.patience.ask(self.exchange.isolated_accounts), self.symbol)

    async def again(self, needs: frozenset[Need] = frozenset()) -> Look:
        """A fresh look that explains our own steps, or one that was equally strange twice after 10 s (with an alarm)."""
        look = await self.patience.ask(lambda: self._look(needs))
        look = await self._until_explained(look, needs)
        return self._accept(look)

    async def believe_first(self, first: Look) -> Look:
        """An all-zero first look is read a second time before it is believed."""
        self.last = first
        if first.account.is_empty:
            await self.patience.pause(0.2)
            first = await self.patience.ask(lambda: self._look(frozenset({Need.TRANSFERABLE})))
            self.last = None  # what was not believed is no ground to call the second read somebody else's doing
        return self._accept(first)

    async def _until_explained(self, look: Look, needs: frozenset[Need]) -> Look:
        assert self.last is not None  # noqa: S101
        began = self.patience.clock.monotonic()
        wait, previous, zero_reads = 0.2, look, 0
        while True:
            why = self.steps.unexplained(self.last.account, look.account, look.market)
            if why is None and self._zero_is_ours(look):
                return look
            if why is None:
                zero_reads += 1
                if zero_reads > 1:
                    return look
                why = "everything shows zero and our own steps do not"
            waited = self.patience.clock.monotonic() - began
            if waited >= STALE_FOR and look is not previous and same_balances(look.account, previous.account):
                self.observer(Notice(f"{self.symbol}: {why}; seen twice, so it is taken as somebody else's doing", alarm=True))
                return look
            self.observer(Notice(f"{self.symbol}: stale answer ({why}), looking again"))
            previous = look
            self.in_vain()
            await self.patience.pause(wait if waited < STALE_FOR else EQUAL_APART)
            wait = min(wait * 2, EQUAL_APART)
            look = await self.patience.ask(lambda: self._look(needs))

    def _zero_is_ours(self, look: Look) -> bool:
        if not look.account.is_empty:
            return True
        assert self.last is not None  # noqa: S101
        return self.last.account.is_empty or self.steps.sum_to_zero(self.last.account)

    def _accept(self, look: Look) -> Look:
        if self.last is not None:
            self.steps.arrivals(self.last.account, look.account)
            for text in self.steps.foreign(self.last.account, look.account, look.market):
                self.observer(Notice(f"{self.symbol}: {text}; everything is decided again from what is there", alarm=True))
        apart = level_disagreement(look.account)
        if apart > LOG_ABOVE:
            text = f"{self.symbol}: the exchange reports level {look.account.reported_level}, {apart:.2%} from the computed one"
            self.observer(Notice(text, alarm=apart > ALARM_ABOVE))
        self.steps.forget()
        self.last = look
        self.observer(Looked(look))
        return look

    async def _first(self) -> FirstLook:
        ask, arrivals = self.exchange, _Arrivals(self.patience.clock)
        calls: tuple[Awaitable[Any], ...] = (
            ask.server_time_ms(),
            ask.pair_rules(self.symbol),
            arrivals.of(ask.isolated_accounts),
            arrivals.of(lambda: ask.open_order_count(self.symbol)),
            ask.tiers(self.symbol),
            ask.fees(self.symbol),
            arrivals.of(lambda: ask.order_book(self.symbol)),
            ask.spot_wallet(),
            ask.key_rights(),
            ask.min_repays(),
            ask.hourly_rates(self.symbol),
        )
        _, rules, accounts, orders, tiers, fees, book, spot, rights, minimums, rates = await ask.together(*calls)
        market = Market(rules, tiers, fees, book, minimums, rates)
        look = Look(_row(accounts, self.symbol), market, orders, arrivals.oldest, spot=spot.free, spot_is_fresh=True)
        return FirstLook(look, rights, spot)

    async def _look(self, needs: frozenset[Need]) -> Look:
        assert self.last is not None  # noqa: S101
        ask, rules, arrivals = self.exchange, self.last.market.rules, _Arrivals(self.patience.clock, self.meanwhile)
        deep = Need.DEEP_BOOK in needs
        batch: dict[str, Callable[[], Awaitable[Any]]] = {
            "accounts": ask.isolated_accounts,
            "orders": lambda: ask.open_order_count(self.symbol),
            "rules": lambda: ask.pair_rules(self.symbol),
            "book": lambda: ask.order_book(self.symbol, DEEP_LEVELS) if deep else ask.order_book(self.symbol),
        }
        if Need.TRANSFERABLE in needs:
            batch["base"] = lambda: ask.max_transferable(self.symbol, rules.base)
            batch["quote"] = lambda: ask.max_transferable(self.symbol, rules.quote)
            batch["spot"] = ask.spot_wallet
        if Need.SPOT in needs:
            batch["spot"] = ask.spot_wallet
        if Need.ORDERS in needs:
            batch["orders"] = lambda: ask.open_orders(self.symbol)
            batch["lists"] = lambda: ask.lists_of_orders(self.symbol)
        batch.update(self.proofs.questions() | self.top_ups.questions())
        calls = (arrivals.of(question) if name in _SIZES else question() for name, question in batch.items())
        try:
            answers = dict(zip(batch, await ask.together(*calls), strict=True))
        except MarginbotError:
            self.in_vain()
            raise
        account = _row(answers["accounts"], self.symbol)
        orders = _orders(answers)
        return replace(
            self.last,
            account=account,
            market=replace(self.last.market, rules=answers["rules"], book=answers["book"]),
            open_orders=answers["orders"] if orders is None else len(orders),
            seen_at=arrivals.oldest,
            transferable=_transferable(answers, rules.base, rules.quote),
            spot=answers["spot"].free if "spot" in answers else self.last.spot,
            pending=self.proofs.judge(answers, account),
            book_is_deep=deep,
            spot_is_fresh="spot" in answers,
            orders=orders,
            topping_up=self.top_ups.judge(answers, account, self.observer),
            topping_up_for=self.top_ups.slowest_s(),
        )


_SIZES = frozenset({"accounts", "orders", "lists", "book", "base", "quote", "spot"})
"""The answers that amounts follow from; the age of a look is that of the oldest of them."""


@dataclass(slots=True)
class _Arrivals:
    """When the first answer came on which amounts may rest: one slow answer must not make the others look fresh."""

    clock: Clock
    begun: Callable[[], None] = lambda: None
    oldest: float = math.inf

    async def of(self, question: Callable[[], Awaitable[T]]) -> T:
        answer = await question()
        first, self.oldest = self.oldest == math.inf, min(self.oldest, self.clock.monotonic())
        if first:
            self.begun()
        return answer


def _transferable(answers: dict[str, Any], base: Asset, quote: Asset) -> dict[Asset, Decimal] | None:
    return {base: answers["base"], quote: answers["quote"]} if "base" in answers else None


def _orders(answers: dict[str, Any]) -> tuple[OpenOrder, ...] | None:
    """Open orders with the lists they are legs of, None when only their number was asked."""
    if "lists" not in answers:
        return None
    return tuple(replace(order, list_id=answers["lists"].get(order.order_id)) for order in answers["orders"])


def _row(accounts: Mapping[Symbol, IsolatedAccount], symbol: Symbol) -> IsolatedAccount:
    account = accounts.get(symbol)
    if account is None or not account.created:
        raise SafetyRefused(
            f"{symbol} has no isolated margin account: it was never opened, so there is nothing to unwind. "
            f"It opens with the first transfer into it (Wallet > Isolated Margin > {symbol} > Transfer)"
        )
    if not account.enabled:
        raise SafetyRefused(
            f"the isolated margin account of {symbol} is disabled: enable it on the exchange "
            "(Wallet > Isolated Margin > Activate), then run the same command again"
        )
    return account
