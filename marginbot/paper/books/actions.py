"""What can happen to a world: prices, books, states of pairs, interest, the owner's own doings. One function each.

Amounts and prices are text, as in scenario files. Every action conserves money.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from marginbot.paper.books import loans, market_drive, passage, trading, transfers, views
from marginbot.paper.books.catalogue import markets
from marginbot.paper.books.codec import stored_fields, unpack
from marginbot.paper.books.config import Config
from marginbot.paper.books.interventions import auto_topup, delist, delist_spot, disable, enable, start_liquidation
from marginbot.paper.books.listing import Listing
from marginbot.paper.books.market import Path, PriceRange
from marginbot.paper.books.records import Scope
from marginbot.paper.books.ticket import Ticket
from marginbot.paper.books.transfers import Move
from marginbot.paper.books.wallets import DEFAULT_UID

if TYPE_CHECKING:
    from marginbot.paper.books.world import World

MOST_LEVELS, MOST_HOURS = 5000, 10_000
MOST = 10**15
STATUSES = ("TRADING", "HALT", "BREAK", "END_OF_DAY", "CANCEL_ONLY")
_FIXED = frozenset({"symbol", "base", "quote"})


def set_price(world: World, symbol: str, price: str, index: str | None = None) -> None:
    """The pair stays at `price` from now on, its index at `index` or else at the usual distance."""
    world.set_price(symbol, price, index)


def move_price(world: World, symbol: str, points: list[tuple[int, str]]) -> None:
    """The price follows (seconds from now, price)."""
    start = world.market(symbol).pace.at(world.running_ms)
    world.set_path(symbol, Path.through([(int(seconds), str(price)) for seconds, price in points], start))


def drive_price(world: World, symbol: str, **terms: Any) -> None:
    """The price follows what the fields of market_drive.Drive say, its times counted from now."""
    kinds = stored_fields(market_drive.Drive)
    if unknown := terms.keys() - kinds.keys():
        raise ValueError(f"a drive has no {', '.join(sorted(unknown))}; there are {', '.join(kinds)}")
    market_drive.apply(world, symbol, market_drive.Drive(**terms))


def set_speed(world: World, speed: str, symbol: str | None = None) -> None:
    """The market's own time runs `speed` times as fast, 0 to 1000: that of one pair, or of all."""
    for name in world.markets if symbol is None else (symbol,):
        world.set_speed(name, Decimal(speed))


def set_book(
    world: World,
    symbol: str,
    state: str | None = None,
    quantity: str | None = None,
    levels: int | None = None,
    half_spread_bps: str | None = None,
    gap_bps: str | None = None,
) -> None:
    """Shape the book. state: `normal` puts everything back, `thin` leaves 3 levels of a thousandth, `empty` nobody,
    `no-bids` and `no-asks` one side; the other arguments then replace single figures.
    """
    market = world.market(symbol)
    usual = markets()[symbol]
    if state in ("normal", "thin"):
        market.level_quantity, market.levels, market.empty = usual.level_quantity, usual.levels, []
        market.half_spread_bps, market.gap_bps = usual.half_spread_bps, usual.gap_bps
    if state == "thin":
        market.level_quantity, market.levels = usual.level_quantity / 1000, 3
    elif state in _EMPTY:
        market.empty = list(_EMPTY[state])
    elif state not in (None, "normal"):
        raise ValueError(f"no book is {state!r}; there are normal, thin, {', '.join(_EMPTY)}")
    if not 0 <= (levels or 0) <= MOST_LEVELS:
        raise ValueError(f"a book has 0 to {MOST_LEVELS} levels a side")
    market.level_quantity = market.level_quantity if quantity is None else Decimal(quantity)
    market.levels = market.levels if levels is None else levels
    market.half_spread_bps = market.half_spread_bps if half_spread_bps is None else Decimal(half_spread_bps)
    market.gap_bps = market.gap_bps if gap_bps is None else Decimal(gap_bps)
    _changed(world, symbol)


def set_status(world: World, symbol: str, status: str) -> None:
    """TRADING, or one of the states in which nothing can be placed."""
    if status not in STATUSES:
        raise ValueError(f"no pair is {status!r}; there are {', '.join(STATUSES)}")
    world.market(symbol).status = status
    _changed(world, symbol)


def set_range(world: World, symbol: str, reference: str | None, up: str = "1.05", down: str = "0.95") -> None:
    """The price-range rule: takers of both sides stay within `reference` times `down` to `up`; None switches it off."""
    high, low = Decimal(up), Decimal(down)
    price = None if reference is None else Decimal(reference)
    world.market(symbol).price_range = PriceRange(high, low, high, low, price)


def change_filters(world: World, symbol: str, **rules: Any) -> None:
    """Give fields of listing.Listing other values: tick, step, min_notional, market_max_quantity and so on."""
    market, kinds = world.market(symbol), stored_fields(Listing)
    if unknown := rules.keys() - (kinds.keys() - _FIXED):
        raise ValueError(f"no rules of a pair: {', '.join(sorted(unknown))}")
    market.listing = replace(market.listing, **{name: _of_kind(kinds[name], value) for name, value in rules.items()})
    _changed(world, symbol)


def set_switch(world: World, name: str, value: Any) -> None:
    """Change a switch of config.Config; decimals are text."""
    kinds = stored_fields(Config)
    if name not in kinds:
        raise ValueError(f"no switch {name!r}; there are {', '.join(kinds)}")
    setattr(world.config, name, _of_kind(kinds[name], value))
    # The new value may bring the next moment nearer.
    world.wake_at(world.running_ms)


def post_interest(world: World, hours: int = 1) -> None:
    """Charge everybody so many full hours at once."""
    if hours > MOST_HOURS:
        raise ValueError(f"interest is posted for at most {MOST_HOURS} hours at once")
    for _ in range(hours):
        for account in world.accounts.values():
            loans.charge_hour(world, account)


def owner_trade(world: World, symbol: str, side: str, quantity: str) -> None:
    """The owner sends a market order on the pair, by hand and without side effects."""
    account = world.account(DEFAULT_UID)
    views.remember(world, account)
    trading.place(world, account, Ticket(Scope.ISOLATED, symbol, side, "MARKET", Decimal(quantity)))


def owner_order(world: World, symbol: str, side: str, quantity: str, price: str) -> None:
    """The owner places a limit order on the pair, by hand."""
    account = world.account(DEFAULT_UID)
    views.remember(world, account)
    trading.place(world, account, Ticket(Scope.ISOLATED, symbol, side, "LIMIT", Decimal(quantity), price=Decimal(price)))


def owner_transfer(world: World, symbol: str, asset: str, amount: str, way: str) -> None:
    """The owner moves money between spot and the pair, `in` or `out`, by hand."""
    account = world.account(DEFAULT_UID)
    views.remember(world, account)
    if way not in ("in", "out"):
        raise ValueError(f"a transfer goes in or out, not {way!r}")
    inwards = Move("MAIN_ISOLATED_MARGIN", asset, Decimal(amount), to_symbol=symbol)
    outwards = Move("ISOLATED_MARGIN_MAIN", asset, Decimal(amount), from_symbol=symbol)
    transfers.transfer(world, account, inwards if way == "in" else outwards)


def owner_repay(world: World, symbol: str, asset: str, amount: str) -> None:
    """The owner repays by hand."""
    account = world.account(DEFAULT_UID)
    views.remember(world, account)
    loans.repay(world, account, Scope.ISOLATED, symbol, asset, Decimal(amount))


Action = Callable[..., None]
ACTIONS: Mapping[str, Action] = {
    action.__name__: action
    for action in (
        set_price, move_price, drive_price, set_speed, set_book, set_status, set_range, change_filters, set_switch,
        post_interest, owner_trade, owner_order, owner_transfer, owner_repay, disable, enable, delist, delist_spot, auto_topup,
        start_liquidation,
    )
}  # fmt: skip
_EMPTY = {"empty": ("bids", "asks"), "no-bids": ("bids",), "no-asks": ("asks",)}


def check(do: str, values: Mapping[str, Any]) -> None:
    """ValueError when there is no such action, or it does not take these arguments."""
    action = ACTIONS.get(do)
    if action is None:
        raise ValueError(f"nothing is done by {do!r}; there are {', '.join(ACTIONS)}")
    try:
        inspect.signature(action).bind(None, **values)
    except TypeError as problem:
        raise ValueError(f"{do}: {problem}") from None


def act(world: World, do: str, values: Mapping[str, Any]) -> None:
    """Do it now. Raises: Refusal when the exchange refuses it, ValueError when it makes no sense."""
    check(do, values)
    ACTIONS[do](world, **values)


def _of_kind(kind: Any, value: Any) -> Any:
    """`value` for a field of that kind. Raises: ValueError for what no such field may hold."""
    if get_origin(kind) is Literal and value not in get_args(kind):
        raise ValueError(f"{value!r} is not of the words that belong here: {', '.join(get_args(kind))}")
    fits = {Decimal: (str, int), int: (int,), bool: (bool,), str: (str,)}.get(kind)
    if fits is None:
        return unpack(kind, value)
    if type(value) not in fits:
        raise ValueError(f"{value!r} is not of the kind that belongs here: {kind.__name__}, decimals as text")
    found = unpack(kind, value)
    if kind in (Decimal, int) and not (Decimal(found).is_finite() and abs(found) <= MOST):
        raise ValueError(f"{str(value)[:40]} is not a number that can be worked with")
    return found


def _changed(world: World, symbol: str) -> None:
    """Orders that wait on this pair may act now."""
    market = world.market(symbol)
    market.update_id += 1
    passage.after_move(world, market)
