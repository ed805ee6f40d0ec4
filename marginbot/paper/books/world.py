"""The whole emulated exchange at one moment: markets, assets, customers, its own side, and its time."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marginbot.paper.books import cross_liquidation, delisting, events, liquidation, passage, views
from marginbot.paper.books.amounts import ONE, ZERO, padded, plain, precise
from marginbot.paper.books.codec import pack, unpack
from marginbot.paper.books.config import Config
from marginbot.paper.books.events import ArmedFault, Event
from marginbot.paper.books.house import House, Purse, totals
from marginbot.paper.books.listing import AssetTerms, Delisting, Listing
from marginbot.paper.books.market import Course, Market, Path
from marginbot.paper.books.news import News
from marginbot.paper.books.records import ListenToken, Loan, Order, Scope, Transfer
from marginbot.paper.books.refusal import refuse
from marginbot.paper.books.wallets import Account, IsolatedPair

VERSION = 2
FIRST_IDS = {"order": 10_000_001, "trade": 50_000_001, "transaction": 100_000_001, "token": 1, "list": 1}


class World:
    """Pure and synchronous: time is passed in. `now_ms` is the server time shown; `running_ms` counts only the time
    during which a process ran, and prices, pending records and refills go by it.
    """

    def __init__(self, scenario: str, now_ms: int, running_ms: int = 0) -> None:
        self.scenario = scenario
        self.now_ms = now_ms
        self.epoch_ms = now_ms - running_ms
        self.next_hour_ms = (now_ms // passage.HOUR + 1) * passage.HOUR
        self.due_ms = now_ms
        self.config = Config()
        self.house = House()
        self.markets: dict[str, Market] = {}
        self.assets: dict[str, AssetTerms] = {}
        self.accounts: dict[int, Account] = {}
        self.delistings: list[Delisting] = []
        self.listen_tokens: list[ListenToken] = []
        self.events: list[Event] = []
        self.faults: list[ArmedFault] = []
        self.ids = dict(FIRST_IDS)
        self.pending: list[tuple[int, Account, Loan | Transfer]] = []
        self.resting: dict[str, dict[int, Order]] = {}
        self.news: list[News] | None = None  # a list while somebody listens, who empties it; never stored

    @staticmethod
    def fresh(scenario: str, now_ms: int) -> World:
        """A new world of the named scenario; ValueError names the known ones."""
        from marginbot.paper.books.scenarios import build

        return build(scenario, now_ms)

    @property
    def running_ms(self) -> int:
        return self.now_ms - self.epoch_ms

    @precise
    def advance(self, now_ms: int) -> None:
        """Bring the world to `now_ms`: prices, fills, interest, pending records, liquidations. Never goes back."""
        while self.due_ms <= now_ms:
            self.now_ms = max(self.now_ms, self.due_ms)
            passage.do_what_is_due(self)
        self.now_ms = max(self.now_ms, now_ms)

    def wake_at(self, running_ms: int) -> None:
        """Something will be due at that running time."""
        self.due_ms = min(self.due_ms, self.epoch_ms + running_ms)

    @precise
    def before_request(self, uid: int, method: str, path: str, params: Mapping[str, str]) -> None:
        """A request is about to be carried out: what the scenario planned for this moment happens first."""
        if method != "GET":
            views.remember(self, self.account(uid))
        if self.events:
            events.at_request(self, method, path, params, after=False)

    @precise
    def after_request(self, method: str, path: str, params: Mapping[str, str]) -> None:
        """A request was carried out, and was not refused."""
        if self.events:
            events.at_request(self, method, path, params, after=True)

    def account(self, uid: int) -> Account:
        """The customer `uid`; an unknown one is a new customer with nothing."""
        account = self.accounts.get(uid)
        if account is None:
            account = self.accounts[uid] = Account(uid, self.now_ms)
        return account

    def market(self, symbol: str) -> Market:
        """The market of `symbol`; -1121 when it is not listed."""
        market = self.markets.get(symbol)
        if market is None:
            raise refuse(-1121)
        return market

    def terms(self, asset: str) -> AssetTerms:
        """The loan terms of `asset`; -3027 when it is not listed."""
        terms = self.assets.get(asset)
        if terms is None:
            raise refuse(-3027)
        return terms

    def pair(self, account: Account, symbol: str) -> IsolatedPair:
        """The isolated account of a listed pair; -11001 when it was never opened, -3028 when there can be none."""
        if not self.market(symbol).listing.isolated:
            raise refuse(-3028)
        pair = account.isolated.get(symbol)
        if pair is None:
            raise refuse(-11001)
        return pair

    @precise
    def set_price(self, symbol: str, price: Decimal | str, index: Decimal | str | None = None) -> None:
        """From now on the pair stays at `price`, and its index at `index` or else at the usual distance."""
        index_path = None if index is None else Path.constant(Decimal(index))
        self.set_path(symbol, Path.constant(Decimal(price)), index_path)

    def set_path(self, symbol: str, path: Path, index_path: Path | None = None) -> None:
        """From now on price and index of the pair follow these paths (market times)."""
        self.set_course(symbol, path, index_path)

    @precise
    def set_course(self, symbol: str, course: Course, index_path: Path | None = None, smoothing_s: int = 0) -> None:
        """From now on the pair follows `course`, and its index `index_path` or else the mean of so many seconds."""
        market = self.market(symbol)
        market.follow(course, index_path, smoothing_s)
        if market.move(self.running_ms):
            passage.after_move(self, market)
        self.wake_at(self.running_ms)

    @precise
    def set_speed(self, symbol: str, speed: Decimal) -> None:
        """From now on the pair's market runs at `speed`, from frozen (0) to 1000. Raises: ValueError beyond that."""
        market = self.market(symbol)
        market.pace.change(self.running_ms, speed)
        if market.move(self.running_ms):
            passage.after_move(self, market)
        self.wake_at(self.running_ms)

    @precise
    def plan(self, event: Event) -> None:
        """From now on `event` is due; its `at_ms` counts from this moment. Raises: ValueError when nothing can come of it."""
        events.add(self, event)

    @precise
    def fund(self, uid: int, scope: Scope, asset: str, amount: Decimal, symbol: str = "") -> None:
        """Money from outside: raises `totals()` by as much."""
        account = self.account(uid)
        if scope is Scope.ISOLATED:
            account.isolated.setdefault(symbol, IsolatedPair(symbol))
            account.balance(scope, self.market(symbol).listing, asset).free += amount
        else:
            account.wallet(scope, asset).free += amount

    @precise
    def totals(self) -> Purse:
        """Units by asset of all wallets less all debts, plus the exchange's own side: nothing but `fund` changes it."""
        return totals(self)

    def usdt_price(self, asset: str) -> Decimal:
        """USDT per unit of `asset` at the index price, by way of BTC where there is no such pair; 0 when nothing tells."""
        if asset == "USDT":
            return ONE
        market = self.markets.get(f"{asset}USDT")
        if market is not None:
            return market.index
        dollars, other = self.markets.get("BTCUSDT"), self.markets.get(f"BTC{asset}")
        return dollars.index / other.index if dollars is not None and other is not None else ZERO

    def text(self, value: Decimal) -> str:
        """An amount as this world writes it on the wire."""
        return padded(value) if self.config.pad_decimals else plain(value)

    def next_id(self, kind: str) -> int:
        number = self.ids[kind]
        self.ids[kind] = number + 1
        return number

    def takes_cross(self, listing: Listing) -> bool:
        """Whether the cross account may trade the pair: both its assets must still be taken there."""
        return listing.margin and self.terms(listing.base).cross and self.terms(listing.quote).cross

    def announce(self, notice: Delisting) -> None:
        """From now on the delist schedule says so; at its time the exchange settles what is left."""
        self.delistings.append(notice)
        self.due_ms = min(self.due_ms, delisting.moment(self, notice))

    def is_delisting(self, scope: Scope, symbol: str, asset: str) -> bool:
        """Whether borrowing and transfers in have ended because the pair or asset leaves margin soon."""
        horizon = self.now_ms + self.config.delist_notice_ms
        near = [notice for notice in self.delistings if notice.time_ms <= horizon]
        if scope is Scope.ISOLATED:
            return any(symbol in notice.isolated_symbols for notice in near)
        return any(asset in notice.cross_assets for notice in near)

    def await_loan(self, account: Account, loan: Loan) -> None:
        self.pending.append((loan.due, account, loan))
        self.wake_at(loan.due)

    def await_transfer(self, account: Account, row: Transfer) -> None:
        self.pending.append((row.due, account, row))
        self.wake_at(row.due)

    def watch_order(self, order: Order) -> None:
        """This order stands on the book, or waits for its stop price."""
        self.resting.setdefault(order.symbol, {})[order.order_id] = order
        market = self.market(order.symbol)
        if market.taken:
            self.wake_at(market.taken_at + self.config.refill_ms)

    def forget_order(self, order: Order) -> None:
        self.resting.get(order.symbol, {}).pop(order.order_id, None)

    def review(self, account: Account, scope: Scope, market: Market) -> None:
        """A trade has changed a margin account: the exchange looks at its level again."""
        if scope is Scope.ISOLATED:
            liquidation.watch(self, account, account.isolated[market.listing.symbol], market)
        elif scope is Scope.CROSS:
            cross_liquidation.watch(self, account)

    def dump(self) -> dict[str, object]:
        """The complete state, JSON-ready."""
        return {"version": VERSION, "running_ms": self.running_ms} | {name: pack(getattr(self, name)) for name in STATE}

    @staticmethod
    @precise
    def load(data: dict[str, Any], now_ms: int) -> World:
        """A dumped world, going on at `now_ms`: the time between cost no interest and moved no price."""
        if data.get("version") != VERSION:
            raise ValueError(f"this world was written by another version: {data.get('version')}, not {VERSION}")
        world = World(data["scenario"], now_ms, data["running_ms"])
        for name, kind in STATE.items():
            setattr(world, name, unpack(kind, data[name]))
        for market in world.markets.values():
            market.show_again(world.running_ms)
        for account in world.accounts.values():
            for order in account.open_orders.values():
                world.watch_order(order)
            waiting: list[Loan | Transfer] = [*account.loans, *account.transfers]
            world.pending += [(row.due, account, row) for row in waiting if row.status == "PENDING"]
        return world


STATE: dict[str, Any] = {
    "scenario": str,
    "config": Config,
    "house": House,
    "markets": dict[str, Market],
    "assets": dict[str, AssetTerms],
    "accounts": dict[int, Account],
    "delistings": list[Delisting],
    "listen_tokens": list[ListenToken],
    "events": list[Event],
    "faults": list[ArmedFault],
    "ids": dict[str, int],
}
