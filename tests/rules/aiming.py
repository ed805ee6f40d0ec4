"""Aims for tests: what a rule wants of the plain long or short, and random looks with random aims on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal as D

from hypothesis import strategies as st

from marginbot.domain.account import AssetBalance, IsolatedAccount
from marginbot.domain.amounts import exact
from marginbot.domain.look import Look
from marginbot.domain.margin import margin_level
from marginbot.domain.market import BookLevel, Market, OrderBook
from marginbot.domain.plan import Aim, AimKind, Limits, Plan, Side, Step, TopUp
from marginbot.domain.records import OpenOrder
from marginbot.rules.aims import plan_aim
from marginbot.rules.forecast import _after
from tests.builders import BTCUSDT, EIGHT, PAIRS, Pair, a_balance, a_book, a_look, a_market, an_account, limits
from tests.rules.worlds import eight_digits, situations

AT_INDEX = a_book(bids=("100000 x 10",), asks=("100000 x 10",))
"""A book without friction."""


def an_aim(kind: AimKind, target: str = "1.5", trigger: str = "1.26", allowance: str | None = None, **fields: object) -> Aim:
    """Lift the plain long, whose level is 1.25, to 1.5."""
    most = None if allowance is None else D(allowance)
    return Aim(BTCUSDT.symbol, kind, D(trigger), D(target), allowance=most, **fields)  # type: ignore[arg-type]


def frictionless() -> Market:
    return a_market(AT_INDEX, fee="0")


def decide(aim: Aim, look: Look, cap: str = "100") -> Plan:
    return plan_aim(aim, look, limits(cap))


def steps(plan: Plan) -> list[tuple[str, D]]:
    """Each step as (kind, amount)."""
    return [(type(step).__name__, size(step)) for step in plan.steps]


def size(step: Step) -> D:
    return getattr(step, "amount", None) or getattr(step, "quantity", D(0))


def an_order(number: int, locked: str, side: Side = Side.SELL, list_id: str | None = None) -> OpenOrder:
    """The higher its number the newer it is."""
    return OpenOrder(str(number), f"owner-{number}", side, D(locked), EIGHT + timedelta(minutes=number), list_id)


@st.composite
def aims_and_looks(draw: st.DrawFn, kinds: tuple[AimKind, ...] = tuple(AimKind)) -> tuple[Aim, Look, Limits]:
    """Any aim on any look, its orders and spot wallet read or not."""
    goal, look, most = draw(situations())
    levels = st.decimals("1.01", "4", places=2)
    orders = tuple(
        replace(an_order(number, "1", side), locked=balance.locked / 2)
        for number, (side, balance) in enumerate(((Side.SELL, look.account.base), (Side.BUY, look.account.quote)) * 2)
        if balance.locked > 0
    )
    look = replace(
        look,
        spot_is_fresh=draw(st.booleans()),
        orders=draw(st.sampled_from((None, orders))),
        topping_up=draw(st.sampled_from(((), (), ("a top-up of 5 USDT",)))),
        brought=draw(st.sampled_from((D(0), D(7)))),
    )
    aim = Aim(
        goal.symbol,
        draw(st.sampled_from(kinds)),
        draw(levels),
        draw(levels),
        draw(st.booleans()),
        draw(st.sampled_from((None, D(0), D(50), D(100000)))),
        draw(st.sampled_from((D(0), D(3)))),
        draw(st.booleans()),
    )
    return aim, look, most


@st.composite
def leveraged(draw: st.DrawFn) -> tuple[Pair, IsolatedAccount]:
    """A pair at a level between 1.01 and 3: long, short, or owing both coins, with idle coins and locked ones at times."""
    pair = draw(st.sampled_from(list(PAIRS.values())))
    unit = pair.filters.min_notional or D(5)
    worth = unit * draw(st.sampled_from((D("0.7"), D("2.3"), D(40), D(1000), D(20000)))) * draw(st.integers(50, 150)) / 97
    owed = worth / draw(st.decimals("1.01", "3", places=3))
    tilt, idle, locks = draw(st.sampled_from((D(0), D(0), D("0.3"), D(1), D(1)))), draw(_shares), draw(_shares)
    base_worth, base_owed = worth * (1 - tilt), owed * tilt
    quote_worth, quote_owed = worth - base_worth, owed - base_owed
    base_worth, quote_worth = base_worth * (1 - idle) + quote_worth * idle, quote_worth * (1 - idle) + base_worth * idle
    return pair, an_account(
        _held(base_worth / pair.index, locks, base_owed / pair.index), _held(quote_worth, locks, quote_owed), pair=pair
    )


_shares = st.sampled_from((D(0), D(0), D("0.02"), D("0.4")))


@exact
def _held(total: D, locks: D, owed: D) -> AssetBalance:
    locked = eight_digits(total * locks)
    return a_balance(str(eight_digits(total) - locked), str(locked), str(eight_digits(owed)))


@st.composite
def close_aims(draw: st.DrawFn, kinds: tuple[AimKind, ...] = tuple(AimKind), calm: bool = False) -> tuple[Aim, Look, Limits]:
    """An aim not far from the level there is. calm: nothing locked, no fee, a deep book at the index, enough in spot."""
    pair, account = draw(leveraged())
    if calm:
        account = replace(account, base=_unlocked(account.base), quote=_unlocked(account.quote))
    level = margin_level(account) or D(1)
    away = pair.index * (0 if calm else draw(st.sampled_from((D(0), D("0.0005"), D("0.004"), D("0.03")))))
    depth = account.base.total + account.base.liability + account.quote.total / pair.index + 1
    parts = 1 if calm else draw(st.sampled_from((1, 1, 3, 40)))
    book = OrderBook(
        tuple(BookLevel(pair.index - away * n, depth / parts) for n in range(1, 5)),
        tuple(BookLevel(pair.index + away * n, depth / parts) for n in range(1, 5)),
    )
    market = a_market(book, pair, "0" if calm else draw(st.sampled_from(("0", "0.001", "0.002"))))
    orders = tuple(
        replace(an_order(n, "1", side, draw(st.sampled_from((None, "9")))), locked=balance.locked / 2)
        for n, (side, balance) in enumerate(((Side.SELL, account.base), (Side.BUY, account.quote)) * 2)
        if balance.locked > 0
    )
    lift = draw(st.decimals("0.005", "0.6", places=3))
    kind = draw(st.sampled_from(kinds))
    target = level * (1 - lift / 2) if kind is AimKind.SWEEP else level * (1 + lift)
    allowance = None if calm else draw(st.sampled_from((None, None, D(50), D(100000))))
    look = a_look(
        account,
        market,
        open_orders=len(orders),
        seen_at=7.0,
        transferable={side.asset: str(side.free) for side in (account.base, account.quote)},
        spot={side.asset: str(side.liability * (1 if calm else draw(_shares))) for side in (account.base, account.quote)},
    )
    look = replace(look, spot_is_fresh=True, orders=orders)
    aim = Aim(pair.symbol, kind, level, target, draw(st.booleans()), allowance, leave_orders=draw(st.booleans()))
    return aim, look, limits(draw(st.sampled_from(("20", "100", "400"))))


@exact
def _unlocked(side: AssetBalance) -> AssetBalance:
    return replace(side, free=side.total, locked=D(0))


@exact
def acted(look: Look, plan: Plan) -> Look:
    """The look after a plan went as its look says, coins from spot included."""
    for step in plan.steps:
        look, _ = _after(look, step)
        if isinstance(step, TopUp):
            spot = {**look.spot, step.asset: look.spot[step.asset] - step.amount}
            look = replace(look, spot=spot, brought=look.brought + step.value)
    return look
