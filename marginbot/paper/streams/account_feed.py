"""What each account's subscribers are told at one moment, and what they are not: an account knows only its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from marginbot.paper.books.news import NEW, MoneyNews, News, OrderNews
from marginbot.paper.books.records import ListenToken, Scope
from marginbot.paper.books.world import World
from marginbot.paper.streams import account_payloads as payloads
from marginbot.paper.streams.account_payloads import Holdings, Payload

Whose = tuple[int, Scope, str]
FIRST_EXECUTION = 1_000_000_001


@dataclass(slots=True)
class Subscription:
    """The right of one connection to the events of one account, until `expires_ms`. seen: the balances last told."""

    number: int
    uid: int
    symbol: str
    expires_ms: int
    seen: Holdings = field(default_factory=dict)

    @property
    def whose(self) -> Whose:
        return (self.uid, Scope.ISOLATED, self.symbol) if self.symbol else (self.uid, Scope.CROSS, "")


class AccountFeed:
    """`events` says what is new for a subscription: reports first, then the balances they have led to."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._executions = FIRST_EXECUTION
        self._told: dict[Whose, list[tuple[int, Payload]]] = {}

    def begin(self, news: Iterable[News]) -> None:
        """A new moment: `news` happened since the last one."""
        self._told = {}
        ended: dict[int, OrderNews] = {}
        for one in news:
            if isinstance(one, MoneyNews):
                payload = payloads.balance_update(self._world, one)
                self._tell((one.uid, one.scope, one.symbol), one.at_ms, payload)
                continue
            self._tell(_whose(one), one.at_ms, payloads.execution_report(self._world, one, self._executions))
            self._executions += 1
            if one.what != NEW:
                ended[one.order.list_id] = one
            elif _completes_its_list(self._world, one):
                self._tell_list(one, works=True)
        for one in ended.values():
            if not _list_works(self._world, one):
                self._tell_list(one, works=False)

    def subscribe(self, number: int, token: ListenToken) -> Subscription:
        """A subscription that has been told the balances of this moment."""
        subscription = Subscription(number, token.uid, token.symbol, token.expires_ms)
        subscription.seen = self._holdings(subscription)
        return subscription

    def events(self, subscription: Subscription) -> list[Payload]:
        """What happened before it expires; balances are told once, and only when they have changed."""
        told = [payload for at_ms, payload in self._told.get(subscription.whose, ()) if at_ms < subscription.expires_ms]
        if self._world.now_ms >= subscription.expires_ms:
            return told
        before, now = subscription.seen, self._holdings(subscription)
        changed = {asset: held for asset, held in now.items() if before.get(asset) != held}
        subscription.seen = now
        if changed:
            # Of an isolated account both assets are told, since a change of one may have touched the other.
            told.append(payloads.account_position(self._world, now if subscription.symbol else changed))
        return told

    def _tell(self, whose: Whose, at_ms: int, payload: Payload) -> None:
        self._told.setdefault(whose, []).append((at_ms, payload))

    def _tell_list(self, news: OrderNews, *, works: bool) -> None:
        orders = self._world.account(news.uid).lists[news.order.list_id]
        self._tell(_whose(news), news.at_ms, payloads.list_status(self._world, news, orders, works=works))

    def _holdings(self, subscription: Subscription) -> Holdings:
        world, symbol = self._world, subscription.symbol
        account = world.account(subscription.uid)
        if not symbol:
            return {asset: (balance.free, balance.locked) for asset, balance in account.cross.items()}
        pair, listing = account.isolated.get(symbol), world.market(symbol).listing
        if pair is None:
            return {}
        return {listing.base: (pair.base.free, pair.base.locked), listing.quote: (pair.quote.free, pair.quote.locked)}


def _whose(news: OrderNews) -> Whose:
    return news.uid, news.order.scope, news.order.symbol if news.order.scope is Scope.ISOLATED else ""


def _completes_its_list(world: World, news: OrderNews) -> bool:
    """Whether this new order is the last leg of a list, still waiting for its stop price."""
    orders = world.account(news.uid).lists.get(news.order.list_id)
    return orders is not None and orders.legs[-1] == news.order.order_id and not news.order.working


def _list_works(world: World, news: OrderNews) -> bool:
    """Whether any leg of its list can still act; an order without a list has nothing to end."""
    account = world.account(news.uid)
    orders = account.lists.get(news.order.list_id)
    return orders is None or any(account.orders[number].is_open() for number in orders.legs)
