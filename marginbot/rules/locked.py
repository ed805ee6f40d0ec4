"""Coins locked by the owner's own orders: which of them are cancelled, newest first, until a step is affordable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from marginbot.domain.account import AssetBalance
from marginbot.domain.amounts import ZERO, exact, plain
from marginbot.domain.look import Look
from marginbot.domain.plan import Aim, CancelOrder, Need, Plan, Side, Verdict, is_backstop_id
from marginbot.domain.records import OpenOrder


@dataclass(frozen=True, slots=True)
class Resting:
    """One order, or one list of orders whose legs lock their coins together. locked: units of the coin that was asked for."""

    orders: tuple[OpenOrder, ...]
    locked: Decimal
    placed_at: datetime


@exact
def freeing(aim: Aim, look: Look, side: AssetBalance, missing: Decimal, what_for: str) -> Plan:
    """The plan that gets `missing` units of a coin out of orders: cancels, or STUCK when the owner's orders are to be left.

    Our own backstop goes first, whatever the owner's orders are to do: the rung that acts now is the better protection, and the
    backstop is put back after it.
    """
    account = look.account
    lack = f"{plain(missing)} {side.asset} more are needed {what_for}, and open orders lock {plain(side.locked)}"
    if look.orders is None:
        return Plan(Verdict.WAIT, f"{lack}: reading them", needs=frozenset({Need.ORDERS}))
    gives = Side.SELL if side is account.base else Side.BUY
    ours = tuple(order for order in backstops(look.orders) if order.side is gives)
    if ours:
        return Plan(Verdict.ACT, f"{lack}: the backstop makes room", tuple(make_room(look, order, lack) for order in ours))
    if aim.leave_orders:
        return Plan(Verdict.STUCK, f"{lack}; the rule leaves the owner's orders alone")
    chosen = tuple(_newest_until(look.orders, gives, missing))
    if not chosen:
        return Plan(Verdict.WAIT, f"{lack}, but none is found that does", needs=frozenset({Need.ORDERS}))
    steps = tuple(_cancel(look, one, side, lack) for one in chosen)
    return Plan(Verdict.ACT, f"{lack}: the newest are cancelled", steps)


def backstops(orders: tuple[OpenOrder, ...]) -> tuple[OpenOrder, ...]:
    """Those of ours among the open orders."""
    return tuple(order for order in orders if is_backstop_id(order.client_id))


def make_room(look: Look, order: OpenOrder, lack: str) -> CancelOrder:
    """Take a backstop back for a step that needs its coins."""
    because = f"{lack}: the backstop {order.order_id} makes room"
    return CancelOrder(look.account.symbol, order.order_id, None, (order.client_id,), because, aloud=False)


def _newest_until(orders: tuple[OpenOrder, ...], side: Side, missing: Decimal) -> Iterator[Resting]:
    freed = ZERO
    for one in sorted(resting(orders, side), key=_age, reverse=True):
        if freed >= missing:
            return
        freed += one.locked
        yield one


def _age(one: Resting) -> tuple[datetime, int, str]:
    """Of orders of one moment the higher number is the newer."""
    number = one.orders[-1].order_id
    return one.placed_at, len(number), number


def resting(orders: tuple[OpenOrder, ...], side: Side) -> Iterator[Resting]:
    """Orders and lists that lock coins on one side: base for a SELL, quote for a BUY. A list locks what its dearest leg needs."""
    for _, group in groupby(sorted(orders, key=_which), key=_which):
        legs = tuple(group)
        locked = max((leg.locked for leg in legs if leg.side is side), default=ZERO)
        if locked > 0:
            yield Resting(legs, locked, max(leg.placed_at for leg in legs))


def _which(order: OpenOrder) -> tuple[str, str]:
    return ("", order.order_id) if order.list_id is None else (order.list_id, "")


def _cancel(look: Look, one: Resting, side: AssetBalance, lack: str) -> CancelOrder:
    first = one.orders[0]
    name = f"order {first.order_id}" if first.list_id is None else f"the order list {first.list_id}"
    return CancelOrder(
        symbol=look.account.symbol,
        order_id=first.order_id,
        list_id=first.list_id,
        client_ids=tuple(order.client_id for order in one.orders),
        because=f"{lack}: {name} gives {plain(one.locked)} {side.asset} back",
    )
