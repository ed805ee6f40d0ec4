"""Random looks for properties: real pairs, books from empty to deep, debts on any side, and what their sums must be."""

from __future__ import annotations

from decimal import Decimal as D

from hypothesis import strategies as st

from marginbot.domain.account import AssetBalance, IsolatedAccount, LevelStatus
from marginbot.domain.amounts import CONTEXT, exact, floor_step
from marginbot.domain.look import Look
from marginbot.domain.margin import equity_value
from marginbot.domain.market import BookLevel, Filters, OrderBook
from marginbot.domain.plan import CloseOrder, Goal, Into, Limits, Side
from marginbot.rules.forecast import Forecast
from tests.builders import PAIRS, Pair, a_balance, a_look, a_market, an_account

# Values in quote, as multiples of the least value of an order: nothing, crumbs, dust, around one order, plenty, many slices.
SCALES = ("0", "0.000001", "0.2", "0.97", "1.02", "2", "40", "1000", "30000", "200000")

_worths = st.integers(0, len(SCALES) * 100 - 1)
_sides = st.tuples(*[_worths] * 5, st.booleans())  # free, locked, borrowed, interest, in spot; whether anything is owed
_rows = st.lists(st.tuples(st.integers(300, 999), st.sampled_from((1, 10, 60, 1000))), min_size=1, max_size=4)
_books = st.one_of(*[st.tuples(st.sampled_from((-30, 0, 1, 4, 20, 90, 300, 5000)), _rows)] * 9, st.just((0, [])))
_transferable = st.sampled_from((None, D(0), D("0.3"), D(1), D(2)))
_rates = st.tuples(st.sampled_from(("0", "0.001", "0.00075", "0.02")), st.sampled_from(("0", "0.00001", "0.0005")))
_pairs = st.sampled_from(list(PAIRS.values()))
_pending = st.sampled_from(((), (), (), ("a transfer of 5 USDT",)))
_orders, _chance = st.sampled_from((0,) * 9 + (3,)), st.integers(0, 9)
_statuses = st.sampled_from([LevelStatus.NORMAL] * 9 + list(LevelStatus))
_goals = st.tuples(st.sampled_from(list(Into)), st.booleans())
_limits = st.builds(
    Limits, st.sampled_from(("5", "100", "700", "10000")).map(D), st.sampled_from(("0", "0", "3", "1000000")).map(D)
)


@exact
def eight_digits(value: D) -> D:
    return floor_step(value, D("0.00000001"))


@exact
def _worth(number: int, unit: D) -> str:
    """A number of coins with 8 decimals, worth some multiple of `unit`."""
    scale, share = divmod(number, 100)
    return str(eight_digits(unit * D(SCALES[scale]) * (50 + share) / 97))


def _a_side(numbers: tuple[int, int, int, int, int, bool], unit: D, locks: bool) -> AssetBalance:
    free, locked, borrowed, interest, _, owed = numbers
    return a_balance(
        free=_worth(free, unit),
        locked=_worth(locked, unit) if locks else "0",
        borrowed=_worth(borrowed, unit) if owed else "0",
        interest=_worth(interest, unit / 1000) if owed else "0",
    )


@exact
def _levels(bps: int, rows: list[tuple[int, int]], pair: Pair, unit: D, away: int) -> tuple[BookLevel, ...]:
    """Levels on the tick, from close to the index to far away in the direction of `away`."""
    levels = []
    for worth, gap in rows:
        price = floor_step(pair.index * (1 + D(away * bps) / 10000), pair.filters.price_step)
        levels.append(BookLevel(price, D(_worth(worth, unit))))
        bps += gap
    return tuple(level for level in levels if level.quantity > 0 and level.price > 0)


@st.composite
def situations(draw: st.DrawFn, quiet: bool = False) -> tuple[Goal, Look, Limits]:
    """A goal, any look and the owner's limits; a quiet look has no pending writes, no liquidation, and the deep book."""
    pair = draw(_pairs)
    unit = pair.filters.min_notional or D(5)
    base_unit = CONTEXT.divide(unit, pair.index)
    locks, base, quote = draw(_chance) == 5, draw(_sides), draw(_sides)
    status = LevelStatus.NORMAL if quiet else draw(_statuses)
    account = an_account(_a_side(base, base_unit, locks), _a_side(quote, unit, locks), status=status, pair=pair)
    both, (fee, rate) = (account.base, account.quote), draw(_rates)
    least = {pair.base: _worth(draw(_worths), base_unit), pair.quote: _worth(draw(_worths), unit)}
    market = a_market(
        OrderBook(_levels(*draw(_books), pair, base_unit, -1), _levels(*draw(_books), pair, base_unit, 1)),
        pair,
        fee,
        min_repay=least,
        hourly={pair.base: rate, pair.quote: "0.00002"},
        status="BREAK" if draw(_chance) == 5 else "TRADING",
    )
    share = draw(_transferable)
    look = a_look(
        account,
        market,
        open_orders=draw(_orders),
        seen_at=7.0,
        transferable=None if share is None else {side.asset: str(side.free * share) for side in both},
        spot={pair.base: _worth(base[4], base_unit), pair.quote: _worth(quote[4], unit)},
        pending=() if quiet else draw(_pending),
        shave=frozenset(side.asset for side in both if draw(_chance) < 2),
        deep=quiet or draw(_chance) < 5,
    )
    into, sweep = draw(_goals)
    return Goal(pair.symbol, into, sweep), look, draw(_limits)


@exact
def broken_rules(order: CloseOrder, filters: Filters) -> list[str]:
    """Which of the pair's filters the exchange would name when refusing an order; reckoned apart from the planner."""
    broken, quantity, limit = [], order.quantity, order.limit_price
    market = limit is None
    price = order.index_price if limit is None else limit
    if quantity <= 0 or quantity != eight_digits(quantity) or (filters.step_size and quantity % filters.step_size):
        broken.append("LOT_SIZE step")
    if quantity < filters.min_qty or quantity > (filters.max_qty or quantity):
        broken.append("LOT_SIZE range")
    if market and filters.market_step_size and quantity % filters.market_step_size:
        broken.append("MARKET_LOT_SIZE step")
    if market and not filters.market_min_qty <= quantity <= (filters.market_max_qty or quantity):
        broken.append("MARKET_LOT_SIZE range")
    if not filters.min_notional <= quantity * price <= (filters.max_notional or quantity * price):
        broken.append("NOTIONAL")
    if not market and (price <= 0 or price != eight_digits(price) or (filters.tick_size and price % filters.tick_size)):
        broken.append("PRICE_FILTER")
    return broken


@exact
def too_large_a_position(orders: list[CloseOrder], look: Look) -> bool:
    most = look.market.rules.filters.max_position
    bought = sum((order.quantity for order in orders if order.side is Side.BUY), D(0))
    return bool(most and bought) and look.account.base.total + bought > most


@exact
def equity_lost(look: Look, foreseen: Forecast) -> D:
    """Equity before - equity after - what left for spot - fees - slippage, in quote at the index; 0 when sums agree."""
    before, after, index = look.account, foreseen.after, look.account.index_price
    missing = equity_value(before) - equity_value(after)
    for step in foreseen.steps:
        missing -= step.slippage_value + _value(step.fees, before)
        amount = getattr(step.step, "amount", D(0))
        kind = type(step.step).__name__
        worth = amount * (index if kind in ("Sweep", "TopUp") and step.step.asset == before.base.asset else 1)
        missing += {"Sweep": -worth, "TopUp": worth}.get(kind, D(0))
    return missing


def _value(fees: dict, account: IsolatedAccount) -> D:
    return sum((amount * (account.index_price if asset == account.base.asset else 1) for asset, amount in fees.items()), D(0))
