"""Rules in words, for tables and messages: when, and what then."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import assert_never

from marginbot.domain.amounts import exact, half_up, plain
from marginbot.domain.plan import Into
from marginbot.domain.policy import (
    AgeAbove,
    Budget,
    Cron,
    DelistingWithin,
    DistanceBelow,
    Do,
    InterestPaidAbove,
    LevelAbove,
    LevelBelow,
    OpenOrders,
    PriceAbove,
    PriceBelow,
    RateAbove,
    Rule,
    StatusAtLeast,
    Then,
    TrailingLevel,
    When,
)

_LEFT_AS = {Into.QUOTE: "as quote", Into.BASE: "as base", Into.KEEP: "as both coins"}
_UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def condition(when: When) -> str:
    """`the margin level is below 1.25`."""
    match when:
        case LevelBelow(level):
            return f"the margin level is below {plain(level)}"
        case LevelAbove(level):
            return f"the margin level is above {plain(level)}"
        case DistanceBelow(pct):
            return f"less than {plain(pct)} % of price is left to liquidation"
        case StatusAtLeast(status):
            return f"the exchange says {status.value} or worse"
        case PriceBelow(price):
            return f"the index price is below {plain(price)}"
        case PriceAbove(price):
            return f"the index price is above {plain(price)}"
        case RateAbove(pct):
            return f"interest costs more than {plain(pct)} % a day"
        case DelistingWithin(time):
            return f"the pair leaves isolated margin within {duration(time)}"
        case Cron(expression):
            return f"the clock says {expression} (UTC)"
        case TrailingLevel(drop):
            return f"the margin level fell by more than {plain(drop)} from its highest"
        case InterestPaidAbove(value):
            return f"interest since the debt began is worth more than {plain(value)} in quote"
        case AgeAbove(time):
            return f"the debt is older than {duration(time)}"
        case _ as never:
            assert_never(never)


def deed(rule: Rule) -> str:
    """`trade just enough to lift the level to 1.4, ...`."""
    target = "" if rule.target_level is None else plain(rule.target_level)
    match rule.do:
        case Do.ALERT:
            return "tell you"
        case Do.REPAY:
            until = f", no further than a level of {target}" if target else ""
            return f"repay with idle coins of what is owed{until}{_orders(rule)}"
        case Do.TOP_UP:
            then = "repay with them" if rule.then is Then.REPAY else "hold them"
            return f"bring coins from spot and {then} until the level is {target}{_budget(rule.budget)}"
        case Do.DELEVERAGE:
            return f"trade just enough to lift the level to {target}{_cap(rule)}{_orders(rule)}"
        case Do.UNWIND:
            home = "send what is left to spot" if rule.sweep_home else "leave what is left in the isolated wallet"
            return f"close everything, repay all debt and {home} {_LEFT_AS[rule.into]}{_cap(rule)}"
        case Do.SWEEP:
            return f"send to spot what is more than a level of {target} needs"
        case _ as never:
            assert_never(never)


def short(value: Decimal) -> str:
    """Four decimals at most, more for numbers that would vanish in them: `1.2531`, `0.00001235`."""
    return plain(half_up(value, max(4, 3 - value.adjusted())) if value else value)


@exact
def price_text(price: Decimal) -> str:
    """A price with seven digits."""
    return plain(half_up(price, max(0, 6 - price.adjusted())))


def duration(time: timedelta) -> str:
    """`7d`, `90s`, `2h`: the largest unit that leaves no rest, as it is written in a policy."""
    seconds = int(time.total_seconds())
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds and seconds % size == 0), (1, "s"))
    return f"{seconds // size}{unit}"


def _cap(rule: Rule) -> str:
    return f", at first no more than {plain(rule.max_slippage_bps)} bps off the index"


def _orders(rule: Rule) -> str:
    return "" if rule.open_orders is OpenOrders.CANCEL else ", leaving your own orders alone"


def _budget(budget: Budget) -> str:
    limits = ((budget.per_action, "at a time"), (budget.per_day, "a day"), (budget.total, "in all"))
    words = [f"at most {plain(value)} {how}" for value, how in limits if value is not None]
    if budget.keep_in_spot > 0:
        words.append(f"spot keeps {plain(budget.keep_in_spot)}")
    return f" ({', '.join(words)})" if words else ""
