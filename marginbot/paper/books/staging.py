"""Building the world that a scenario describes."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

from marginbot.paper.books import actions, catalogue, events, interventions, market_drive, order_lists, trading
from marginbot.paper.books.amounts import ZERO, half_up8, precise
from marginbot.paper.books.codec import stored_fields, unpack
from marginbot.paper.books.events import ArmedFault
from marginbot.paper.books.house import add
from marginbot.paper.books.listing import AssetTerms
from marginbot.paper.books.market import Market, Path
from marginbot.paper.books.passage import HOUR
from marginbot.paper.books.records import Interest, Loan, Scope, Transfer
from marginbot.paper.books.scenario import Pair, Past, Position, Resting, RestingList, Scenario
from marginbot.paper.books.ticket import Ticket
from marginbot.paper.books.wallets import DEFAULT_UID, Account
from marginbot.paper.books.world import World

_KEPT = frozenset({"uid", "created_ms"})


@precise
def stage(name: str, scenario: Scenario, now_ms: int, markets: dict[str, Market] | None = None) -> World:
    """A fresh world as `scenario` says. markets: instead of the catalogue's.

    Raises: ValueError, or the Refusal of an order that cannot stand.
    """
    world = World(name, now_ms)
    world.assets, world.markets = catalogue.assets(), catalogue.markets() if markets is None else markets
    for asset, terms in scenario.assets.items():
        _set_fields(world.terms(asset), terms, frozenset({"asset"}))
    for symbol, pair in scenario.pairs.items():
        _set_up(world, symbol, pair)
    for symbol, points in scenario.moves.items():
        world.set_path(symbol, Path.through(points))
    for symbol, drive in scenario.drives.items():
        market_drive.apply(world, symbol, drive)
    for switch, value in scenario.config.items():
        actions.set_switch(world, switch, value)
    account = world.account(DEFAULT_UID)
    _set_fields(account, scenario.account, _KEPT)
    for asset, amount in scenario.spot.items():
        world.fund(DEFAULT_UID, Scope.SPOT, asset, Decimal(amount))
    for position in scenario.positions:
        _open(world, account, position)
    for order in scenario.orders:
        trading.place(world, account, _ticket(order))
    for resting in scenario.lists:
        _place_list(world, account, resting)
    for row in scenario.past:
        _remember(world, account, row)
    for symbol, pair in scenario.pairs.items():
        # Last, for nothing can be placed on a pair that does not trade.
        actions.set_status(world, symbol, pair.status)
    for event in scenario.events:
        actions.check(event.do, event.values)
        world.events.append(deepcopy(event))
    world.faults = [ArmedFault(dict(fault)) for fault in scenario.faults]
    events.happen(world)
    for event in world.events:
        if event.outcome.startswith(events.IMPOSSIBLE):
            raise ValueError(f"{event.do}: {event.outcome}")
    return world


def _set_up(world: World, symbol: str, pair: Pair) -> None:
    if pair.rules:
        actions.change_filters(world, symbol, **pair.rules)
    if pair.book:
        actions.set_book(world, symbol, **pair.book)
    if pair.price is not None or pair.index is not None:
        world.set_price(symbol, pair.price or world.market(symbol).mid, pair.index)


def _set_fields(target: Account | AssetTerms, values: dict[str, Any], fixed: frozenset[str]) -> None:
    kind: type = type(target)
    kinds = stored_fields(kind)
    for name, value in values.items():
        if name not in kinds or name in fixed:
            raise ValueError(f"no field {name!r}; there are {', '.join(kinds)}")
        setattr(target, name, unpack(kinds[name], value))


def _open(world: World, account: Account, position: Position) -> None:
    listing = world.market(position.symbol).listing
    sides = (
        (listing.base, position.base, position.base_borrowed, position.base_interest),
        (listing.quote, position.quote, position.quote_borrowed, position.quote_interest),
    )
    for asset, free, borrowed, interest in sides:
        world.fund(account.uid, Scope.ISOLATED, asset, Decimal(free), position.symbol)
        if Decimal(borrowed):
            _owe(world, account, position, asset, Decimal(borrowed))
        unpaid = Decimal(interest) if interest is not None else _interest_of(world, position, asset, Decimal(borrowed))
        if unpaid:
            _charge(world, account, position, asset, Decimal(borrowed), unpaid)
    if not position.enabled:
        interventions.disable(world, position.symbol)


def _taken_at(world: World, position: Position) -> int:
    return world.now_ms - max(position.hours - 1, 0) * HOUR


def _owe(world: World, account: Account, position: Position, asset: str, principal: Decimal) -> None:
    """A loan taken `hours` - 1 full hours ago, its money already spent."""
    symbol, scope = position.symbol, Scope.ISOLATED
    account.balance(scope, world.market(symbol).listing, asset).borrowed += principal
    add(world.house.counterparty, asset, principal)
    tx_id, at = world.next_id("transaction"), _taken_at(world, position)
    loan = Loan(tx_id, "BORROW", scope, symbol, asset, principal, ZERO, principal, "MANUAL", "CONFIRMED", at)
    account.loans.append(loan)


def _interest_of(world: World, position: Position, asset: str, principal: Decimal) -> Decimal:
    return half_up8(principal * world.terms(asset).hourly_rate) * position.hours


def _charge(world: World, account: Account, position: Position, asset: str, principal: Decimal, unpaid: Decimal) -> None:
    """Unpaid interest with its rows: one an hour, the first at borrowing, the odd digits in the last one."""
    symbol, scope, rate = position.symbol, Scope.ISOLATED, world.terms(asset).daily_rate
    taken_at, hours, left = _taken_at(world, position), max(position.hours, 1), unpaid
    each = half_up8(unpaid / hours)
    for hour in range(hours):
        charge = left if hour == hours - 1 else min(each, left)
        at = taken_at if hour == 0 else (taken_at // HOUR + hour) * HOUR
        kind, number = "PERIODIC" if hour else "ON_BORROW", world.next_id("transaction")
        account.interest.append(Interest(number, scope, symbol, asset, principal, charge, rate, kind, at))
        left -= charge
    account.balance(scope, world.market(symbol).listing, asset).interest += unpaid
    add(world.house.interest, asset, unpaid)


def _ticket(order: Resting) -> Ticket:
    stop = None if order.stop_price is None else Decimal(order.stop_price)
    kind = order.type or ("LIMIT" if stop is None else "STOP_LOSS_LIMIT")
    return Ticket(
        Scope.ISOLATED,
        order.symbol,
        order.side,
        kind,
        Decimal(order.quantity),
        price=Decimal(order.price),
        stop_price=stop,
        client_id=order.client_id,
    )


def _place_list(world: World, account: Account, resting: RestingList) -> None:
    scope, symbol, side, quantity = Scope.ISOLATED, resting.symbol, resting.side, Decimal(resting.quantity)
    limit = Ticket(scope, symbol, side, "LIMIT_MAKER", quantity, price=Decimal(resting.price))
    price = None if resting.stop_limit_price is None else Decimal(resting.stop_limit_price)
    kind = "STOP_LOSS" if price is None else "STOP_LOSS_LIMIT"
    stop = Ticket(scope, symbol, side, kind, quantity, price=price, stop_price=Decimal(resting.stop_price))
    order_lists.place(world, account, limit, stop, resting.client_id)


def _remember(world: World, account: Account, row: Past) -> None:
    at, number, amount = world.now_ms - row.seconds_ago * 1000, world.next_id("transaction"), Decimal(row.amount)
    if row.kind == "REPAY":
        account.loans.append(
            Loan(number, "REPAY", Scope.ISOLATED, row.symbol, row.asset, amount, ZERO, amount, "MANUAL", "CONFIRMED", at)
        )
    elif row.kind in ("IN", "OUT"):
        kind, source, target = "MAIN_ISOLATED_MARGIN", "", row.symbol
        if row.kind == "OUT":
            kind, source, target = "ISOLATED_MARGIN_MAIN", row.symbol, ""
        account.transfers.append(Transfer(number, kind, row.asset, amount, source, target, "CONFIRMED", at))
    else:
        raise ValueError(f"no history of kind {row.kind!r}; there are REPAY, IN, OUT")
