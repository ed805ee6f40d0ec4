"""Worlds for tests: prices at the middle of the book, no spread, and time that moves only when told to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal as D

from marginbot.paper.books import loans, trading
from marginbot.paper.books.market import Market
from marginbot.paper.books.records import Loan, Scope
from marginbot.paper.books.ticket import Ticket
from marginbot.paper.books.trading import Placed
from marginbot.paper.books.wallets import Account, Balance, IsolatedPair
from marginbot.paper.books.world import World

# 2027-01-15 08:00:00 UTC, a full hour.
EIGHT = 1_800_000_000_000
SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
BTCUSDT, ADAUSDT, SOLUSDT = "BTCUSDT", "ADAUSDT", "SOLUSDT"
UID = 1


def a_world(scenario: str = "empty", now_ms: int = EIGHT) -> World:
    """A scenario whose books have no spread and level prices 0.01 % apart, so that fills can be checked in the head."""
    world = World.fresh(scenario, now_ms)
    for market in world.markets.values():
        market.half_spread_bps = D(0)
    return world


def after(world: World, ms: int) -> World:
    world.advance(world.now_ms + ms)
    return world


@contextmanager
def conserved(world: World) -> Iterator[None]:
    """Whatever happens inside, no asset appears or vanishes, and the world can be put away and taken out again."""
    before = world.totals()
    yield
    assert world.totals() == before
    assert reloaded(world).dump() == world.dump()


def reloaded(world: World) -> World:
    """The world as another process takes it up, at the same moment."""
    return World.load(json.loads(json.dumps(world.dump())), world.now_ms)


def account(world: World) -> Account:
    return world.account(UID)


def fund(world: World, asset: str, amount: str, scope: Scope = Scope.ISOLATED, symbol: str = BTCUSDT) -> None:
    world.fund(UID, scope, asset, D(amount), symbol)


def pair(world: World, symbol: str = BTCUSDT) -> IsolatedPair:
    return account(world).isolated[symbol]


def spot(world: World, asset: str = "USDT") -> Balance:
    return account(world).wallet(Scope.SPOT, asset)


def market(world: World, symbol: str = BTCUSDT) -> Market:
    return world.market(symbol)


def borrow(world: World, asset: str, amount: str, symbol: str = BTCUSDT) -> Loan:
    return loans.borrow(world, account(world), Scope.ISOLATED, symbol, asset, D(amount))


def repay(world: World, asset: str, amount: str, symbol: str = BTCUSDT) -> Loan:
    return loans.repay(world, account(world), Scope.ISOLATED, symbol, asset, D(amount))


def order(
    world: World,
    side: str,
    quantity: str | None = None,
    price: str | None = None,
    *,
    symbol: str = BTCUSDT,
    type: str | None = None,
    scope: Scope = Scope.ISOLATED,
    time_in_force: str = "GTC",
    quote_quantity: str | None = None,
    stop_price: str | None = None,
    side_effect: str = "NO_SIDE_EFFECT",
    client_id: str = "",
    repay_at_cancel: bool = True,
    trailing_delta: int | None = None,
    iceberg: str | None = None,
) -> Placed:
    """A LIMIT order when it has a price, else a MARKET order, unless `type` says otherwise."""
    ticket = Ticket(
        scope,
        symbol,
        side,
        type or ("MARKET" if price is None else "LIMIT"),
        None if quantity is None else D(quantity),
        None if quote_quantity is None else D(quote_quantity),
        None if price is None else D(price),
        None if stop_price is None else D(stop_price),
        time_in_force=time_in_force,
        iceberg=None if iceberg is None else D(iceberg),
        side_effect=side_effect,
        client_id=client_id,
        repay_at_cancel=repay_at_cancel,
        trailing_delta=trailing_delta,
    )
    return trading.place(world, account(world), ticket)
