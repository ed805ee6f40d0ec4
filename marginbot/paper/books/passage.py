"""The passing of time: what falls due between two moments happens one after another, at its own moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marginbot.paper.books import (
    cross_liquidation,
    delisting,
    events,
    liquidation,
    loans,
    matching,
    stops,
    trading,
    transfers,
)
from marginbot.paper.books.listing import TRADING
from marginbot.paper.books.market import Market
from marginbot.paper.books.market_pace import NEVER
from marginbot.paper.books.records import STOP_TYPES, Loan, Order

if TYPE_CHECKING:
    from marginbot.paper.books.world import World

HOUR = 3_600_000


def do_what_is_due(world: World) -> None:
    """Everything due at the world's present moment, then name the next moment at which something is."""
    if world.now_ms >= world.next_hour_ms:
        world.next_hour_ms += HOUR
        for account in world.accounts.values():
            loans.charge_hour(world, account)
        for market in world.markets.values():
            review(world, market)
    events.happen(world)
    _settle_pending(world)
    delisting.happen(world)
    running = world.running_ms
    for market in world.markets.values():
        moved = running >= market.next_ms and market.move(running)
        refilled = market.refill(running, world.config.refill_ms)
        if moved or refilled:
            after_move(world, market)
    _finish_liquidations(world)
    world.due_ms = _next_due(world)


def after_move(world: World, market: Market) -> None:
    """A price has changed: stop orders trigger, resting orders fill, accounts may fall to the liquidation ratio."""
    # Whoever acts now meets the book of now, not what an earlier fill has left of it.
    market.refill(world.running_ms, world.config.refill_ms)
    resting = world.resting.get(market.listing.symbol) if market.status == TRADING else None
    for order in list(resting.values()) if resting else ():
        if order.is_open():
            _wake_order(world, market, order)
    review(world, market)


def review(world: World, market: Market) -> None:
    """Top up or take over every account of this pair that has fallen to its margin call or to its ratio."""
    for account in world.accounts.values():
        pair = account.isolated.get(market.listing.symbol)
        if pair is not None:
            liquidation.watch(world, account, pair, market)
        if account.cross:
            cross_liquidation.watch(world, account)


def _wake_order(world: World, market: Market, order: Order) -> None:
    account = world.accounts[order.uid]
    if order.type in STOP_TYPES and not order.working:
        if stops.is_reached(order, market.last, world.now_ms):
            trading.activate(world, account, order)
    elif market.crosses(order.side, order.price):
        matching.take(world, account, order, market, order.price, maker=True)


def _settle_pending(world: World) -> None:
    due = [entry for entry in world.pending if entry[0] <= world.running_ms]
    world.pending = [entry for entry in world.pending if entry[0] > world.running_ms]
    for _, account, record in due:
        if isinstance(record, Loan):
            loans.settle(world, account, record)
        else:
            transfers.settle(world, account, record)


def _finish_liquidations(world: World) -> None:
    for account in world.accounts.values():
        for pair in account.isolated.values():
            if pair.liquidating_until is not None and pair.liquidating_until <= world.running_ms:
                liquidation.finish(world, account, pair)
        if account.cross_liquidating_until is not None and account.cross_liquidating_until <= world.running_ms:
            cross_liquidation.finish(world, account)


def _next_due(world: World) -> int:
    moments = [entry[0] for entry in world.pending] + events.moments(world)
    for market in world.markets.values():
        if market.next_ms < NEVER:
            moments.append(market.next_ms)
        if market.taken and world.resting.get(market.listing.symbol):
            moments.append(market.taken_at + world.config.refill_ms)
    for account in world.accounts.values():
        moments += [pair.liquidating_until for pair in account.isolated.values() if pair.liquidating_until is not None]
        if account.cross_liquidating_until is not None:
            moments.append(account.cross_liquidating_until)
    return min([world.next_hour_ms, *delisting.moments(world), *(world.epoch_ms + moment for moment in moments)])
