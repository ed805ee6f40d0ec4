"""Tiers of isolated pairs: how much debt allows which leverage, and at which levels the exchange warns and acts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from marginbot.paper.books.amounts import BPS, ZERO
from marginbot.paper.books.config import Config
from marginbot.paper.books.listing import Listing

PUBLISHED = Config()
MULTIPLES = {
    3: ("3", "2.14", "1.8", "1.61", "1.5"),
    5: ("5", "4.2", "3.67", "3.29", "3"),
    10: ("10", "8.91", "8.05", "7.36", "6.79", "6.31", "5.91", "5.57", "5.26", "5"),
}
INITIAL_RATIOS = {
    3: ("1.5", "1.875", "2.25", "2.625", "3"),
    5: ("1.25", "1.3125", "1.375", "1.4375", "1.5"),
    10: ("1.111", "1.1264", "1.1418", "1.1572", "1.1726", "1.188", "1.2034", "1.2188", "1.2342", "1.2496"),
}
LIQUIDATION_RATIOS = {3: Decimal("1.18"), 5: Decimal("1.15"), 10: Decimal("1.05")}
# Older tables of the same article: both ratios rise with the tier up to these, here in equal steps.
LAST_LIQUIDATION_RATIOS = {3: Decimal("1.25"), 5: Decimal("1.18"), 10: Decimal("1.15")}


@dataclass(frozen=True, slots=True)
class Tier:
    """One row of GET /sapi/v1/margin/isolatedMarginTier, and the margin-call ratio that the answer leaves out."""

    number: int
    multiple: Decimal
    initial_ratio: Decimal
    liquidation_ratio: Decimal
    margin_call_ratio: Decimal
    base_max: Decimal
    quote_max: Decimal

    @property
    def borrowing_ratio(self) -> Decimal:
        """The level a new loan must leave: L / (L - 1), of which the published initial ratio is a rounding."""
        published, exact = self.initial_ratio, self.multiple / (self.multiple - 1)
        return exact if abs(exact - published) < Decimal("0.0005") else published


def tiers_of(listing: Listing, config: Config = PUBLISHED) -> tuple[Tier, ...]:
    """The tiers of an isolated pair, the first allowing the least debt and the most leverage."""
    calls = {3: config.margin_call_3x, 5: config.margin_call_5x, 10: config.margin_call_10x}
    return _tiers(listing, calls[listing.leverage], config.rising_ratios)


@cache
def _tiers(listing: Listing, margin_call: Decimal, rising: bool) -> tuple[Tier, ...]:
    leverage = listing.leverage
    rows = zip(MULTIPLES[leverage], INITIAL_RATIOS[leverage], strict=True)
    first, last = LIQUIDATION_RATIOS[leverage], LAST_LIQUIDATION_RATIOS[leverage]
    step = (last - first) / (len(MULTIPLES[leverage]) - 1) if rising else ZERO
    rises = [(step * number).quantize(BPS) for number in range(len(MULTIPLES[leverage]))]
    return tuple(
        Tier(
            number,
            Decimal(multiple),
            Decimal(initial),
            first + rises[number - 1],
            margin_call + rises[number - 1],
            listing.tier_base * number,
            listing.tier_quote * number,
        )
        for number, (multiple, initial) in enumerate(rows, start=1)
    )


def tier_of(listing: Listing, base_debt: Decimal, quote_debt: Decimal, config: Config = PUBLISHED) -> Tier:
    """The tier of a position: the higher of the tiers of its two debts, the last one when it outgrew them all."""
    tiers = tiers_of(listing, config)
    for tier in tiers:
        if base_debt <= tier.base_max and quote_debt <= tier.quote_max:
            return tier
    return tiers[-1]
