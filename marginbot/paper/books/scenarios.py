"""The worlds one can start in, as data: who holds, owes and orders what, and which prices move."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from marginbot.paper.books import catalogue, trading
from marginbot.paper.books.amounts import half_up8, precise
from marginbot.paper.books.codec import stored_fields, unpack
from marginbot.paper.books.config import Config
from marginbot.paper.books.house import add
from marginbot.paper.books.market import Path
from marginbot.paper.books.records import Interest, Loan, Scope
from marginbot.paper.books.ticket import Ticket
from marginbot.paper.books.wallets import Account
from marginbot.paper.books.world import World

DEFAULT_UID = 1
HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class Position:
    """An isolated account: what is free and what was borrowed, with `hours` hours of interest unpaid."""

    symbol: str
    base: str = "0"
    quote: str = "0"
    base_borrowed: str = "0"
    quote_borrowed: str = "0"
    hours: int = 0


@dataclass(frozen=True, slots=True)
class Resting:
    """A limit order that stands on the book of an isolated account."""

    symbol: str
    side: str
    quantity: str
    price: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """`spot` is free money by asset; `moves` are (seconds, price) scripts by symbol, everything else is calm.

    `config` changes switches of books.config.Config by name; decimals are text there.
    """

    spot: dict[str, str] = field(default_factory=dict)
    positions: tuple[Position, ...] = ()
    orders: tuple[Resting, ...] = ()
    moves: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    config: dict[str, int | str] = field(default_factory=dict)


LONG = Position("BTCUSDT", base="0.05", quote_borrowed="4000")
SHORT = Position("BTCUSDT", quote="5000", base_borrowed="0.04")
LONG_BTC = Position("BTCUSDT", base="0.05", quote="12.5", quote_borrowed="4000", hours=3)
SHORT_ETH = Position("ETHUSDT", quote="6000", base_borrowed="1", hours=2)
LONG_SOL = Position("SOLUSDT", base="20", quote="300", quote_borrowed="2000", hours=1)
SOL_ORDERS = (Resting("SOLUSDT", "SELL", "5", "230"), Resting("SOLUSDT", "BUY", "1", "180"))

SCENARIOS = {
    "default": Scenario(
        spot={"USDT": "2500", "BTC": "0.01", "BNB": "0.5"},
        positions=(LONG_BTC, SHORT_ETH, LONG_SOL, Position("ADAUSDT")),
        orders=SOL_ORDERS,
    ),
    "demo": Scenario(
        spot={"USDT": "2500"},
        positions=(Position("BTCUSDT", base="0.05", quote_borrowed="4000", hours=3),),
        moves={"BTCUSDT": [(0, "100000"), (2, "100000"), (22, "88200")]},
    ),
    "empty": Scenario(spot={"USDT": "10000"}),
    "long": Scenario(spot={"USDT": "1000"}, positions=(LONG,)),
    "short": Scenario(spot={"USDT": "1000"}, positions=(SHORT,)),
    "open-orders": Scenario(spot={"USDT": "1000"}, positions=(LONG_SOL,), orders=SOL_ORDERS),
    "flat": Scenario(spot={"USDT": "1000"}, positions=(Position("ADAUSDT"),)),
}


@precise
def build(name: str, now_ms: int) -> World:
    """A fresh world of scenario `name`; ValueError when there is none of that name."""
    scenario = SCENARIOS.get(name)
    if scenario is None:
        raise ValueError(f"no scenario {name!r}; there are {', '.join(SCENARIOS)}")
    world = World(name, now_ms)
    world.assets, world.markets = catalogue.assets(), catalogue.markets()
    for symbol, points in scenario.moves.items():
        world.set_path(symbol, Path.through(points))
    _switch(world.config, scenario.config)
    account = world.account(DEFAULT_UID)
    for asset, amount in scenario.spot.items():
        world.fund(DEFAULT_UID, Scope.SPOT, asset, Decimal(amount))
    for position in scenario.positions:
        _open(world, account, position)
    for order in scenario.orders:
        ticket = Ticket(Scope.ISOLATED, order.symbol, order.side, "LIMIT", Decimal(order.quantity), price=Decimal(order.price))
        trading.place(world, account, ticket)
    return world


def _switch(config: Config, changes: dict[str, int | str]) -> None:
    kinds = stored_fields(Config)
    for name, value in changes.items():
        if name not in kinds:
            raise ValueError(f"no switch {name!r}; there are {', '.join(kinds)}")
        setattr(config, name, unpack(kinds[name], value))


def _open(world: World, account: Account, position: Position) -> None:
    listing = world.market(position.symbol).listing
    sides = ((listing.base, position.base, position.base_borrowed), (listing.quote, position.quote, position.quote_borrowed))
    for asset, free, borrowed in sides:
        world.fund(account.uid, Scope.ISOLATED, asset, Decimal(free), position.symbol)
        if Decimal(borrowed):
            _owe(world, account, position, asset, Decimal(borrowed))


def _owe(world: World, account: Account, position: Position, asset: str, principal: Decimal) -> None:
    """A loan taken `hours` - 1 full hours ago, its money already spent, and its interest rows."""
    terms, symbol, scope = world.terms(asset), position.symbol, Scope.ISOLATED
    balance = account.balance(scope, world.market(symbol).listing, asset)
    balance.borrowed += principal
    add(world.house.counterparty, asset, principal)
    taken_at = world.now_ms - max(position.hours - 1, 0) * HOUR
    tx_id = world.next_id("transaction")
    nothing = Decimal(0)
    account.loans.append(
        Loan(tx_id, "BORROW", scope, symbol, asset, principal, nothing, principal, "MANUAL", "CONFIRMED", taken_at)
    )
    for hour in range(position.hours):
        charge = half_up8(principal * terms.hourly_rate)
        at = taken_at if hour == 0 else (taken_at // HOUR + hour) * HOUR
        kind, number = "PERIODIC" if hour else "ON_BORROW", world.next_id("transaction")
        account.interest.append(Interest(number, scope, symbol, asset, principal, charge, terms.daily_rate, kind, at))
        balance.interest += charge
        add(world.house.interest, asset, charge)
