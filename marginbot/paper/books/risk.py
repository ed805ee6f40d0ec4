"""Margin mathematics of one isolated pair: level, status, liquidation price, and what may be borrowed or taken out."""

from __future__ import annotations

from decimal import Decimal

from marginbot.paper.books.amounts import ZERO, floor8, half_up8
from marginbot.paper.books.config import Config
from marginbot.paper.books.listing import Listing
from marginbot.paper.books.tiers import Tier, tier_of, tiers_of
from marginbot.paper.books.wallets import Balance, IsolatedPair

NO_DEBT_LEVEL = Decimal(999)
LEVEL_CEILING = Decimal(999)


def assets_value(pair: IsolatedPair, index: Decimal) -> Decimal:
    """Everything held, in quote at the index price."""
    return pair.base.total * index + pair.quote.total


def debt_value(pair: IsolatedPair, index: Decimal) -> Decimal:
    """Everything owed with interest, in quote at the index price."""
    return pair.base.debt * index + pair.quote.debt


def margin_level(pair: IsolatedPair, index: Decimal) -> Decimal | None:
    """Assets / debt at the index price, not rounded; None when nothing is owed."""
    debt = debt_value(pair, index)
    return assets_value(pair, index) / debt if debt else None


def shown_level(level: Decimal | None) -> Decimal:
    """The level as the account answer shows it: 999 stands for "no debt"."""
    return NO_DEBT_LEVEL if level is None else min(LEVEL_CEILING, half_up8(level))


def pair_tier(listing: Listing, pair: IsolatedPair, config: Config) -> Tier:
    return tier_of(listing, pair.base.debt, pair.quote.debt, config)


def level_status(level: Decimal | None, tier: Tier, config: Config) -> str:
    """`marginLevelStatus` of the account answer. The borders of EXCESSIVE and PRE_LIQUIDATION are not published."""
    if level is None or level > config.excessive_level:
        return "EXCESSIVE"
    if level <= tier.liquidation_ratio and config.liquidates:
        return "FORCE_LIQUIDATION"
    if level <= tier.liquidation_ratio + config.pre_liquidation_gap:
        return "PRE_LIQUIDATION"
    return "MARGIN_CALL" if level <= tier.margin_call_ratio else "NORMAL"


def liquidation_price(pair: IsolatedPair, ratio: Decimal) -> Decimal:
    """The index price at which the level is `ratio`, half up at 8 decimals; 0 when no price does that."""
    slope = pair.base.total - ratio * pair.base.debt
    if not pair.owes() or not slope:
        return ZERO
    return max(ZERO, half_up8((ratio * pair.quote.debt - pair.quote.total) / slope))


def max_borrowable(listing: Listing, pair: IsolatedPair, index: Decimal, asset: str) -> Decimal:
    """Units of `asset` that may be borrowed on top of today's debts: the best of what each tier allows."""
    is_base = asset == listing.base
    price = index if is_base else Decimal(1)
    assets, debt = assets_value(pair, index), debt_value(pair, index)
    best = ZERO
    for tier in tiers_of(listing):
        own, other = (tier.base_max, tier.quote_max) if is_base else (tier.quote_max, tier.base_max)
        owed, other_owed = (pair.base.debt, pair.quote.debt) if is_base else (pair.quote.debt, pair.base.debt)
        if other_owed > other:
            continue
        ratio = tier.borrowing_ratio
        best = max(best, min((assets - ratio * debt) / (ratio - 1) / price, own - owed))
    return floor8(best)


def borrow_limit(listing: Listing, asset: str) -> Decimal:
    """The largest debt in `asset` that any tier allows."""
    last = tiers_of(listing)[-1]
    return last.base_max if asset == listing.base else last.quote_max


def max_transfer_out(pair: IsolatedPair, balance: Balance, price: Decimal, index: Decimal, level: Decimal) -> Decimal:
    """Units of an asset worth `price` quote that may leave: never locked ones, and what remains keeps `level`."""
    debt = debt_value(pair, index)
    if not debt:
        return balance.free
    excess = (assets_value(pair, index) - level * debt) / price
    return max(ZERO, min(balance.free, floor8(excess)))
