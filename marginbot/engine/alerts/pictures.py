"""A pair under watch in a few numbers, for messages and metrics: how it stands, and what is known to be wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from marginbot.domain.amounts import Symbol, half_up, plain
from marginbot.domain.margin import Fence, deciding_level, distance_pct, liquidation_price
from marginbot.domain.policy import Do
from marginbot.engine.daemon.watched import Watched
from marginbot.rules.words import price_text, short


@dataclass(frozen=True, slots=True)
class Picture:
    """level: None without debt. liquidation_price, distance_pct: None when no price leads there, or before the first look.

    fence: prices of the exchange's book at which somebody looks at once. armed, fired: names of its rules, which may fire, and
    which have fired and are not over (sweeps aside: they are no trouble). alarms: what is wrong with its policy, in sentences.
    busy: somebody looks at it or works on it. backstop: a stop order of ours rests at the exchange.
    """

    symbol: Symbol
    owes: bool
    level: Decimal | None
    index_price: Decimal
    liquidation_price: Decimal | None
    distance_pct: Decimal | None
    fence: Fence
    armed: frozenset[str]
    fired: frozenset[str]
    alarms: tuple[str, ...]
    busy: bool
    backstop: bool = False


def picture_of(known: Watched, busy: bool, backstop: bool = False) -> Picture | None:
    """What is known of a pair now; None before it was ever seen."""
    row, market, assigned = known.row, known.market, known.assigned
    if row is None:
        return None
    liquidation = None if market is None else liquidation_price(row, market.tiers)
    rules = () if assigned is None else assigned.ladder.rules
    silent = frozenset(name for name, memory in known.memories.items() if not memory.armed)
    return Picture(
        symbol=known.symbol,
        owes=row.owes,
        level=deciding_level(row),
        index_price=row.index_price,
        liquidation_price=liquidation,
        distance_pct=None if row.index_price <= 0 else distance_pct(row, liquidation),
        fence=known.fence,
        armed=frozenset(rule.name for rule in rules) - silent,
        fired=frozenset(rule.name for rule in rules if rule.name in silent and rule.do is not Do.SWEEP),
        alarms=() if assigned is None else assigned.alarms,
        busy=busy,
        backstop=backstop,
    )


def in_words(picture: Picture) -> str:
    """`Level 1.18, index 84000, liquidation at 80000 (4.8 % away). Looked at again at once when ...`."""
    if picture.level is None:
        return f"Nothing is owed; index {price_text(picture.index_price)}."
    parts = [f"Level {short(picture.level)}", f"index {price_text(picture.index_price)}"]
    if picture.liquidation_price is not None and picture.distance_pct is not None:
        away = plain(half_up(picture.distance_pct, 1))
        parts.append(f"liquidation at {price_text(picture.liquidation_price)} ({away} % away)")
    marks = ((picture.fence.below, "falls to"), (picture.fence.above, "rises to"))
    fence = " or ".join(f"{how} {price_text(price)}" for price, how in marks if price is not None)
    return ", ".join(parts) + "." + (f" The next rule speaks when the price {fence}." if fence else "")
