"""Where on the price axis a rule changes its verdict: the index price of its trigger, and of its way back."""

from __future__ import annotations

from decimal import Decimal

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import ONE, exact
from marginbot.domain.margin import danger_sign, deciding_level, liquidation_price, margin_level, price_at, tier_of
from marginbot.domain.policy import LevelAbove, LevelBelow, Rule, StatusAtLeast
from marginbot.domain.situation import Situation
from marginbot.rules.conditions import Gauge, Measure, gauge_of
from marginbot.rules.margin_call import status_level


def trigger_price(rule: Rule, situation: Situation) -> Decimal | None:
    """The index price at which the rule's condition begins to hold, by the account's own balances; None when no price does it.

    A price that the index has passed already is told all the same.
    """
    gauge = gauge_of(rule, situation)
    if gauge is None or not situation.account.owes:
        return None
    if isinstance(rule.when, StatusAtLeast):
        return _status_price(rule.when, situation)
    return _price(gauge, gauge.bound, situation)


@exact
def trigger_marks(rule: Rule, situation: Situation) -> tuple[Decimal, ...]:
    """The price at which a rule that may fire does.

    The level to act on is the lower of the computed and the reported one: where they differ, levels are reached earlier.
    """
    gauge = gauge_of(rule, situation)
    if gauge is None or isinstance(rule.when, StatusAtLeast):
        return _told(trigger_price(rule, situation))
    return _told(_price(gauge, gauge.bound, situation, lifted=True))


@exact
def way_back_marks(rule: Rule, situation: Situation) -> tuple[Decimal, ...]:
    """The prices at which a rule that fired may be over: its own way back, and the re-arm level that was asked for."""
    gauge, account = gauge_of(rule, situation), situation.account
    own = None if gauge is None else _price(gauge, gauge.back, situation, lifted=True)
    if rule.rearm_level is None or isinstance(rule.when, LevelBelow | LevelAbove):
        return _told(own)
    return _told(own, price_at(account, rule.rearm_level * _lift(account)))


def _told(*prices: Decimal | None) -> tuple[Decimal, ...]:
    return tuple(price for price in prices if price is not None)


@exact
def _price(gauge: Gauge, bound: Decimal, situation: Situation, lifted: bool = False) -> Decimal | None:
    account = situation.account
    match gauge.measure:
        case Measure.LEVEL:
            return price_at(account, bound * _lift(account) if lifted else bound)
        case Measure.PRICE:
            return bound
        case Measure.DISTANCE:
            return _price_at_distance(situation, bound)
        case _:
            return None


def _price_at_distance(situation: Situation, pct: Decimal) -> Decimal | None:
    """The price p with (p - edge) / p = pct / 100 for a long, (edge - p) / p for a short; edge: the liquidation price."""
    account = situation.account
    edge = liquidation_price(account, situation.tiers) if situation.tiers else None
    divisor = ONE - danger_sign(account) * pct / 100
    return None if edge is None or divisor <= 0 else edge / divisor


def _status_price(when: StatusAtLeast, situation: Situation) -> Decimal | None:
    """The exchange decides by levels of its own; this is where it is expected to."""
    if not situation.tiers:
        return None
    level = status_level(when.status, tier_of(situation.account, situation.tiers), situation.tiers)
    return None if level is None else price_at(situation.account, level)


def _lift(account: IsolatedAccount) -> Decimal:
    """How much higher the computed level stands than the one to act on, at least 1."""
    computed, deciding = margin_level(account), deciding_level(account)
    if computed is None or deciding is None or deciding <= 0:
        return ONE
    return max(ONE, computed / deciding)
