"""The account of a soak: a position of every kind, prices that walk and jump, an owner who opens anew what was closed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal as D
from typing import Any

from marginbot.paper.api.endpoint import Refusal
from marginbot.paper.books import actions, loans, risk
from marginbot.paper.books.amounts import floor_step, precise
from marginbot.paper.books.market_drive import Drive
from marginbot.paper.books.records import Scope
from marginbot.paper.books.scenario import Position, Scenario
from marginbot.paper.books.staging import stage
from marginbot.paper.books.wallets import DEFAULT_UID
from marginbot.paper.books.world import World

DELISTED, ALERT_ONLY, FREE, BY_LEVEL = "ADAUSDT", "XRPUSDT", "LTCUSDT", "SOLUSDT"
EQUITY = D(3000)


@dataclass(frozen=True)
class Kind:
    """What the owner holds on a pair. long, short: debt in quote and in base, in equities. deepest: its worst fall."""

    long: D = D(0)
    short: D = D(0)
    deepest: float = 0.14

    @property
    def level(self) -> D:
        """The margin level at which it begins, about."""
        return 1 + 1 / (self.long + self.short)


KINDS: Mapping[str, Kind] = {
    "BTCUSDT": Kind(long=D("4.0")),
    "ETHUSDT": Kind(short=D("4.4")),
    BY_LEVEL: Kind(long=D("2.3"), deepest=0.2),
    DELISTED: Kind(long=D("1.2"), short=D("0.3"), deepest=0.35),
}
GUARDED = tuple(KINDS)

POLICY = """
[[policy]]
name = "by distance"
pairs = ["BTCUSDT", "ETHUSDT", "ADAUSDT", "LTCUSDT"]
{rules}
[[policy]]
name = "by level"
pairs = ["SOLUSDT"]
[[policy.rule]]
name = "warn"
when = {{ margin_level_below = "1.36" }}
do = "alert"
[[policy.rule]]
name = "bring money"
when = {{ margin_level_below = "1.32" }}
do = "top_up"
target_level = "1.37"
budget = {{ per_action = "300", per_day = "900", total = "3000", keep_in_spot = "500" }}
[[policy.rule]]
name = "sell some"
when = {{ margin_level_below = "1.28" }}
do = "deleverage"
target_level = "1.36"
[[policy.rule]]
name = "close"
when = {{ margin_level_below = "1.19" }}
do = "unwind"
max_slippage_bps = "300"
"""
RULES = """
[[policy.rule]]
name = "warn"
when = {{ distance_to_liquidation_below = "{warn}" }}
do = "alert"
[[policy.rule]]
name = "morning"
when = {{ cron = "10 */3 * * *" }}
do = "alert"
[[policy.rule]]
name = "idle coins"
when = {{ distance_to_liquidation_below = "12.5" }}
do = "repay"
[[policy.rule]]
name = "sell some"
when = {{ distance_to_liquidation_below = "{sell}" }}
do = "deleverage"
target_level = "1.40"
cool_down = "5m"
[[policy.rule]]
name = "before it is delisted"
when = {{ delisting_within = "1h" }}
do = "unwind"
[[policy.rule]]
name = "close"
when = {{ distance_to_liquidation_below = "7" }}
do = "unwind"
max_slippage_bps = "300"
"""
POLICIES = tuple(POLICY.format(rules=RULES.format(warn=warn, sell=sell)) for warn, sell in ((14, 11), (15, 12), (13, 10)))


def begin(seed: int, now_ms: int) -> World:
    """The world on its first morning."""
    lots = random.Random(seed)  # noqa: S311
    drives = {symbol: Drive(**walk(lots)) for symbol in GUARDED}
    scenario = Scenario(
        about="a day and a night of everything",
        spot={"USDT": "20000"},
        positions=(
            *(Position(symbol) for symbol in GUARDED),
            Position(ALERT_ONLY, base="2000", quote_borrowed="2000"),
            Position(FREE, base="10", quote="100"),
        ),
        drives=drives,
        config={"history": 2000},
    )
    world = stage("soak", scenario, now_ms)
    for symbol in GUARDED:
        reopen(world, symbol)
    return world


def walk(lots: random.Random) -> dict[str, Any]:
    """A price that moves by 10 % a day and jumps by 2 % once an hour, as fields of a drive."""
    return {"kind": "walk", "seed": lots.randrange(2**32), "daily_volatility": "0.10", "jumps": "24", "jump_size": "0.02"}


@precise
def reopen(world: World, symbol: str) -> D | None:
    """The owner opens the position of this pair anew when it is empty. Returns the USDT that came from outside."""
    account, market = world.account(DEFAULT_UID), world.market(symbol)
    pair, kind = account.isolated[symbol], KINDS[symbol]
    trades = market.status == "TRADING" and not world.is_delisting(Scope.ISOLATED, symbol, "USDT")
    if pair.owes() or pair.liquidating_until is not None or not trades:
        return None
    equity, base = EQUITY, market.listing.base
    world.fund(DEFAULT_UID, Scope.ISOLATED, "USDT", equity, symbol)
    try:
        if kind.short:
            owed = floor_step(equity * kind.short / market.index, market.listing.step)
            loans.borrow(world, account, Scope.ISOLATED, symbol, base, owed)
            actions.owner_trade(world, symbol, "SELL", str(owed))
        if kind.long:
            loans.borrow(world, account, Scope.ISOLATED, symbol, "USDT", equity * kind.long)
            bought = floor_step(equity * (kind.long + D("0.9")) / market.best("BUY"), market.listing.step)
            actions.owner_trade(world, symbol, "BUY", str(bought))
    except Refusal:
        return equity
    return equity


@precise
def lever_up(world: World, symbol: str) -> None:
    """The owner borrows more on a pair that stands better than it began, and trades it."""
    account, market = world.account(DEFAULT_UID), world.market(symbol)
    pair, kind = account.isolated[symbol], KINDS[symbol]
    assets, debt = risk.assets_value(pair, market.index), risk.debt_value(pair, market.index)
    if not debt or assets / debt < kind.level + D("0.06"):
        return
    more = (assets - kind.level * debt) / (kind.level - 1)
    asset, price = (market.listing.quote, D(1)) if kind.long else (market.listing.base, market.index)
    owed = floor_step(more / price, D("0.0001"))
    with suppress(Refusal):
        loans.borrow(world, account, Scope.ISOLATED, symbol, asset, owed)
        base = floor_step(more / market.best("BUY") * D("0.99"), market.listing.step)
        actions.owner_trade(world, symbol, "BUY" if kind.long else "SELL", str(base))


def level(world: World, symbol: str) -> D | None:
    """The true margin level, by the exchange's books."""
    return risk.margin_level(world.account(DEFAULT_UID).isolated[symbol], world.market(symbol).index)
