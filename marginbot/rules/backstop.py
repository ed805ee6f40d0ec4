"""The backstop: one stop order that rests at the exchange and closes a position when nobody here can.

It stands half-way between the last rung and liquidation, sells (or buys back) what an unwind into quote would, and repays with
what it receives; it never borrows. The price of the last rung is that of the most severe rule that acts and has a price on the
dangerous side; where no rule has one, a rung that leaves twice the least distance (3 %) stands in for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from marginbot.domain.account import AssetBalance, IsolatedAccount
from marginbot.domain.amounts import ONE, ZERO, ceil_step, exact, floor_step, plain
from marginbot.domain.look import Look
from marginbot.domain.margin import buy_back_quantity, danger_sign, liquidation_price, margin_level
from marginbot.domain.market import Filters
from marginbot.domain.plan import PlaceBackstop, Side
from marginbot.domain.policy import Ladder, LevelAbove, PriceAbove, PriceBelow, Rule
from marginbot.domain.records import OpenOrder
from marginbot.domain.situation import Situation
from marginbot.rules.close import next_interest, no_trading, room
from marginbot.rules.locked import backstops
from marginbot.rules.marks import trigger_price
from marginbot.rules.sizes import largest_order, smallest_order
from marginbot.rules.soundness import LEAST_DISTANCE_PCT
from marginbot.rules.succession import rungs

WIDEST: Final = Decimal("0.03")
"""How far beyond its stop the order takes a price, at most."""

MOVED: Final = Decimal("0.002")
"""Share of the stop price by which the right place may move before the order is replaced: the book's distance to the index
trembles by less, and every replacement leaves a moment without it."""
GROWN: Final = Decimal("0.01")
"""The same for the quantity."""
APART: Final = Decimal("0.02")
"""Share of the index beyond which the book says nothing about where it will be when the index is at the stop."""
BAND: Final = Decimal("0.145")
"""How far from the index a limit may lie on a pair with limited prices: half a percent less than the exchange refuses (-3064),
for the index moves on while an order is under way."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a backstop belongs, in index prices. side: of its order."""

    side: Side
    rung: Decimal
    stop: Decimal
    liquidation: Decimal


@dataclass(frozen=True, slots=True)
class Absent:
    """Why no backstop can rest; needed: that is worth an alarm, else there is nothing it could do."""

    because: str
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Wanted:
    """The order that should rest. place: in prices of the book.

    nearest: the limit where the exchange limits the prices of the pair, None when it would lie beyond the stop: then the exchange
    takes no such order yet.
    """

    order: PlaceBackstop
    place: Place
    nearest: Decimal | None


@exact
def place_of(ladder: Ladder, situation: Situation) -> Place | Absent:
    """Where the stop belongs; the last rung counts as it is written, fired or not."""
    account, sign = situation.account, danger_sign(situation.account)
    if not account.owes:
        return Absent(f"{account.symbol} owes nothing", needed=False)
    edge = liquidation_price(account, situation.tiers) if situation.tiers else None
    if edge is None:
        return Absent("no price leads to liquidation", needed=False)
    rung = _rung_price(ladder, situation, edge, sign)
    return Place(Side.SELL if sign > 0 else Side.BUY, rung, (rung + edge) / 2, edge)


def _rung_price(ladder: Ladder, situation: Situation, edge: Decimal, sign: int) -> Decimal:
    for rule in reversed(rungs(ladder)):
        price = trigger_price(rule, situation) if _goes_by_danger(rule, sign) else None
        if price is not None and (price - edge) * sign > 0:
            return price
    return edge / (ONE - sign * 2 * LEAST_DISTANCE_PCT / 100)


def _goes_by_danger(rule: Rule, sign: int) -> bool:
    """Not a rule that waits for the price to move the safe way."""
    return not isinstance(rule.when, (LevelAbove, PriceAbove if sign > 0 else PriceBelow))


@exact
def backstop_for(ladder: Ladder, situation: Situation, look: Look) -> Wanted | Absent:
    """The order that should rest, sized as if no backstop rested now. look: with the open orders read."""
    place = place_of(ladder, situation)
    if isinstance(place, Absent):
        return place
    if (blocked := _blocked(look)) is not None:
        return Absent(blocked)
    place = _in_book_terms(place, look)
    account, filters = _without_ours(look), look.market.rules.filters
    prices = _prices(place, situation.account, look)
    if isinstance(prices, Absent):
        return prices
    stop, limit = prices
    quantity = _quantity(place.side, replace(look, account=account), limit)
    limit = _solvent(place.side, account, quantity, limit, look)
    if (limit - stop) * _sign(place.side) < 0:
        return Absent(f"at the stop price {plain(stop)} its trade would not cover the debt")
    if quantity <= 0 or quantity < smallest_order(filters, limit):
        return Absent(_too_small(place.side, account))
    order = PlaceBackstop(
        symbol=account.symbol,
        base=look.market.rules.base,
        quote=look.market.rules.quote,
        side=place.side,
        quantity=quantity,
        stop_price=stop,
        limit_price=limit,
        because=f"half-way between the last rung at {plain(_short(place.rung, filters))} and liquidation at "
        f"{plain(_short(place.liquidation, filters))}, by prices of the book",
    )
    return Wanted(order, place, _inside_band(order, look))


@exact
def fits(resting: OpenOrder, wanted: Wanted) -> bool:
    """Whether an order that rests may stay: near enough to where it belongs, and still between the last rung and liquidation."""
    order, place = wanted.order, wanted.place
    low, high = sorted((place.rung, place.liquidation))
    least, most = sorted((order.limit_price, order.stop_price if wanted.nearest is None else wanted.nearest))
    return (
        resting.side is order.side
        and abs(resting.stop_price - order.stop_price) <= order.stop_price * MOVED
        and low < resting.stop_price < high
        and least * (ONE - MOVED) <= resting.limit_price <= most * (ONE + MOVED)
        and abs(resting.quantity - order.quantity) <= order.quantity * GROWN
    )


def _blocked(look: Look) -> str | None:
    if (why := no_trading(look)) is not None:
        return why
    mid, index = look.market.book.mid, look.account.index_price
    if mid is None or index <= 0:
        return f"{look.account.symbol} has no price: its order book is empty"
    if abs(mid - index) > index * APART:
        return f"the book at {plain(mid)} is too far from the index {plain(index)} to place it"
    return None


def _in_book_terms(place: Place, look: Look) -> Place:
    """A stop triggers on the last trade, so it is placed where the book will be when the index is there."""
    ratio = (look.market.book.mid or ONE) / look.account.index_price
    return Place(place.side, place.rung * ratio, place.stop * ratio, place.liquidation * ratio)


def _prices(place: Place, account: IsolatedAccount, look: Look) -> tuple[Decimal, Decimal] | Absent:
    """Stop and limit on the tick, both rounded towards now: sooner, and never at a worse price than meant."""
    tick, fee, mid = look.market.rules.filters.price_step, look.market.fees.taker, look.market.book.mid or ZERO
    selling, sign = place.side is Side.SELL, _sign(place.side)
    onto = ceil_step if selling else floor_step
    stop = onto(place.stop, tick)
    if (mid - stop) * sign >= 0:
        return Absent(f"the price {plain(mid)} has passed its stop price {plain(stop)} already")
    low, high = sorted((place.rung, place.liquidation))
    if not low < stop < high:
        return Absent(f"no price on the tick {plain(tick)} lies between liquidation and the last rung ({low:.8g} to {high:.8g})")
    level = margin_level(account, stop * account.index_price / mid)
    width = ZERO if level is None else min(WIDEST, ONE - ONE / level - fee)
    if width <= 0:
        return Absent(f"at the stop price {plain(stop)} the position would not pay for its own closing")
    return stop, onto(stop * (ONE + sign * width), tick)


def _quantity(side: Side, look: Look, limit: Decimal) -> Decimal:
    """What an unwind into quote would trade, as far as one order can: base on the step."""
    filters, base, quote = look.market.rules.filters, look.account.base, look.account.quote
    step = filters.order_step
    if side is Side.SELL:
        possible = floor_step(max(ZERO, min(base.free, base.equity)), step)
    else:
        interest = next_interest(look, quote_side=False)
        needed = buy_back_quantity(base.liability, interest, base.total, look.market.fees.taker, step)
        possible = min(needed, floor_step(quote.free / limit, step))
        space = room(look)
        possible = possible if space is None else min(possible, space)
    most = largest_order(filters, filters.max_qty, limit)
    return possible if most is None else min(possible, most)


def _solvent(side: Side, account: IsolatedAccount, quantity: Decimal, limit: Decimal, look: Look) -> Decimal:
    """The limit, or the nearer price at which a fill still leaves more than is owed."""
    tick, fee = look.market.rules.filters.price_step, look.market.fees.taker
    net, owed = account.base.equity, -account.quote.equity
    if side is Side.SELL:
        kept = net - quantity * fee
        return limit if owed <= 0 or kept <= 0 else max(limit, floor_step(owed / kept, tick) + tick)
    missing = quantity * fee - net
    return limit if missing <= 0 else min(limit, ceil_step(-owed / missing, tick) - tick)


def _inside_band(order: PlaceBackstop, look: Look) -> Decimal | None:
    """A limit nearer to the stop than meant is better than no order."""
    index, tick = look.account.index_price, look.market.rules.filters.price_step
    if order.side is Side.SELL:
        limit = max(order.limit_price, ceil_step(index * (ONE - BAND), tick))
    else:
        limit = min(order.limit_price, floor_step(index * (ONE + BAND), tick))
    return None if (limit - order.stop_price) * _sign(order.side) < 0 else limit


def _too_small(side: Side, account: IsolatedAccount) -> str:
    given: AssetBalance = account.base if side is Side.SELL else account.quote
    locked = f", open orders lock {plain(given.locked)}" if given.locked > 0 else ""
    return f"{plain(given.free)} {given.asset} are free{locked}: that makes less than one order"


def _without_ours(look: Look) -> IsolatedAccount:
    """The account as it would be without the backstop that rests now: what it locks is ours to lock again."""
    account, ours = look.account, backstops(look.orders or ())
    base = sum((order.locked for order in ours if order.side is Side.SELL), ZERO)
    quote = sum((order.locked for order in ours if order.side is Side.BUY), ZERO)
    return replace(account, base=_freed(account.base, base), quote=_freed(account.quote, quote))


def _freed(side: AssetBalance, amount: Decimal) -> AssetBalance:
    amount = min(amount, side.locked)
    return replace(side, free=side.free + amount, locked=side.locked - amount)


def _sign(side: Side) -> int:
    """+1 for what acts when the price rises, -1 for what acts when it falls."""
    return 1 if side is Side.BUY else -1


def _short(price: Decimal, filters: Filters) -> Decimal:
    return floor_step(price, filters.price_step)
