"""Who holds and owes what: balances, the isolated account of one pair, and a customer with all wallets and histories."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from marginbot.paper.books.amounts import ZERO
from marginbot.paper.books.codec import DERIVED
from marginbot.paper.books.listing import Listing
from marginbot.paper.books.order_count import OrderCount
from marginbot.paper.books.records import (
    DebtExchange,
    Dribblet,
    Interest,
    Liquidation,
    Loan,
    Order,
    OrderList,
    RiskKey,
    Scope,
    Seizure,
    Trade,
    Transfer,
)
from marginbot.paper.books.special_keys import SpecialKeys

# The customer whom the paper keys belong to.
DEFAULT_UID = 1


@dataclass(slots=True)
class Balance:
    """One asset in one wallet, in units of that asset. No field is ever negative."""

    free: Decimal = ZERO
    locked: Decimal = ZERO
    borrowed: Decimal = ZERO
    interest: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.free + self.locked

    @property
    def debt(self) -> Decimal:
        return self.borrowed + self.interest

    @property
    def net(self) -> Decimal:
        return self.free + self.locked - self.borrowed - self.interest

    def is_empty(self) -> bool:
        return not (self.free or self.locked or self.borrowed or self.interest)


@dataclass(slots=True)
class IsolatedPair:
    """The isolated account of one pair. `liquidating_until` is a running time in ms while the exchange takes over.

    `liquidation_fee`: what that will cost, in quote, frozen when it began. `auto_top_up`: at a margin call the exchange
    moves money in from the spot wallet.
    """

    symbol: str
    base: Balance = field(default_factory=Balance)
    quote: Balance = field(default_factory=Balance)
    enabled: bool = True
    trade_enabled: bool = True
    disabled_at_ms: int | None = None
    liquidating_until: int | None = None
    liquidation_fee: Decimal = ZERO
    auto_top_up: bool = False
    rendered: tuple[object, dict[str, object]] | None = field(default=None, repr=False, compare=False, metadata=DERIVED)

    def owes(self) -> bool:
        return bool(self.base.borrowed or self.quote.borrowed or self.base.interest or self.quote.interest)

    def is_empty(self) -> bool:
        return self.base.is_empty() and self.quote.is_empty()


@dataclass(slots=True)
class View:
    """The isolated accounts as they were right before running time `until`; `reads` counts account reads since then."""

    until: int
    pairs: dict[str, IsolatedPair]
    reads: int = 0


@dataclass(slots=True)
class Rates:
    """Commission on top of the standard one, as plain ratios: by role, and by side."""

    maker: Decimal = ZERO
    taker: Decimal = ZERO
    buyer: Decimal = ZERO
    seller: Decimal = ZERO

    def of(self, side: str, *, maker: bool) -> Decimal:
        """What one fill costs."""
        return (self.maker if maker else self.taker) + (self.buyer if side == "BUY" else self.seller)


@dataclass(slots=True)
class Account:
    """One customer. Fee rates are plain ratios; histories are oldest first; `last_loan_at` is a running time in ms.

    `loan_turns`: the same by pair, the cross account under the empty name. `cross_*`: as in an isolated account, in USDT.
    """

    uid: int
    created_ms: int
    maker_fee: Decimal = Decimal("0.001")
    taker_fee: Decimal = Decimal("0.001")
    special: Rates = field(default_factory=Rates)
    tax: Rates = field(default_factory=Rates)
    spot_bnb_burn: bool = False
    interest_bnb_burn: bool = False
    spot: dict[str, Balance] = field(default_factory=dict)
    cross: dict[str, Balance] = field(default_factory=dict)
    isolated: dict[str, IsolatedPair] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    lists: dict[int, OrderList] = field(default_factory=dict)
    trades: list[Trade] = field(default_factory=list)
    loans: list[Loan] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    interest: list[Interest] = field(default_factory=list)
    liquidations: list[Liquidation] = field(default_factory=list)
    debt_exchanges: list[DebtExchange] = field(default_factory=list)
    dribblets: list[Dribblet] = field(default_factory=list)
    cross_leverage: int = 3
    risk_keys: list[RiskKey] = field(default_factory=list)
    seizures: list[Seizure] = field(default_factory=list)
    last_loan_at: int | None = None
    loan_turns: dict[str, int] = field(default_factory=dict)
    cross_liquidating_until: int | None = None
    cross_liquidation_fee: Decimal = ZERO
    order_count: OrderCount = field(default_factory=OrderCount)
    special_keys: SpecialKeys = field(default_factory=SpecialKeys)
    views: list[View] = field(default_factory=list)
    open_orders: dict[int, Order] = field(default_factory=dict, repr=False, compare=False, metadata=DERIVED)
    by_client_id: dict[tuple[Scope, str, str], Order] = field(default_factory=dict, repr=False, compare=False, metadata=DERIVED)

    def __post_init__(self) -> None:
        for order in self.orders.values():
            self.index(order)

    def balance(self, scope: Scope, listing: Listing, asset: str) -> Balance:
        """The balance of `asset` that an order on `listing` works with: in a wallet, or in the pair's own account."""
        if scope is Scope.ISOLATED:
            pair = self.isolated[listing.symbol]
            return pair.base if asset == listing.base else pair.quote
        return self.wallet(scope, asset)

    def wallet(self, scope: Scope, asset: str) -> Balance:
        """The balance of `asset` in the spot or the cross wallet."""
        wallet = self.spot if scope is Scope.SPOT else self.cross
        balance = wallet.get(asset)
        if balance is None:
            balance = wallet[asset] = Balance()
        return balance

    def index(self, order: Order) -> None:
        """Make `order` findable by its client id and, while it is open, among the open orders."""
        self.by_client_id[order.scope, order.symbol, order.client_id] = order
        if order.is_open():
            self.open_orders[order.order_id] = order
        else:
            self.open_orders.pop(order.order_id, None)

    def open_siblings(self, order: Order) -> list[Order]:
        """The other orders of its list that are still open."""
        orders = self.lists.get(order.list_id)
        if orders is None:
            return []
        others = (self.orders.get(number) for number in orders.legs if number != order.order_id)
        return [other for other in others if other is not None and other.is_open()]

    def forget_oldest(self, keep: int) -> None:
        """Drop closed orders and trades beyond the newest `keep`, a tenth at a time."""
        if len(self.trades) > keep * 1.1:
            del self.trades[:-keep]
        if len(self.orders) <= keep * 1.1:
            return
        for order in list(self.orders.values())[:-keep]:
            if not order.is_open():
                del self.orders[order.order_id]
                self.lists.pop(order.list_id, None)
                name = (order.scope, order.symbol, order.client_id)
                if self.by_client_id.get(name) is order:
                    del self.by_client_id[name]
