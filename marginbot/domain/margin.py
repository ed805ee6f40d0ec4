"""The mathematics of isolated margin: level, prices at a level, tiers, sizes. Pure functions over one account.

Letters as in the formulas: B, Q totals and b, q liabilities of base and quote; p the index price in quote per base.
Source: margin level and liquidation FAQ of the exchange; published figures are rounded half up at 8 digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from marginbot.domain.account import IsolatedAccount
from marginbot.domain.amounts import ONE, ZERO, Asset, ceil_step, exact
from marginbot.domain.market import Tier

HOURS_A_DAY = 24


@exact
def assets_value(account: IsolatedAccount, price: Decimal | None = None) -> Decimal:
    """B p + Q, in quote, at the account's index price unless another is given."""
    return account.base.total * _price(account, price) + account.quote.total


@exact
def liability_value(account: IsolatedAccount, price: Decimal | None = None) -> Decimal:
    """b p + q, in quote."""
    return account.base.liability * _price(account, price) + account.quote.liability


@exact
def equity_value(account: IsolatedAccount, price: Decimal | None = None) -> Decimal:
    """(B - b) p + Q - q, in quote; negative when insolvent."""
    return assets_value(account, price) - liability_value(account, price)


@exact
def margin_level(account: IsolatedAccount, price: Decimal | None = None) -> Decimal | None:
    """(B p + Q) / (b p + q); None when nothing is owed."""
    owed = liability_value(account, price)
    return None if owed == 0 else assets_value(account, price) / owed


def deciding_level(account: IsolatedAccount) -> Decimal | None:
    """The level to act on: the lower of the computed and the reported one; None when nothing is owed."""
    computed = margin_level(account)
    if computed is None or account.reported_level is None:
        return computed
    return min(computed, account.reported_level)


@exact
def level_disagreement(account: IsolatedAccount) -> Decimal:
    """How far the reported level lies from the computed one, as a share of the computed; 0 where one is missing."""
    computed = margin_level(account)
    if not computed or account.reported_level is None:
        return ZERO
    return abs(account.reported_level - computed) / computed


@exact
def interest_per_day(account: IsolatedAccount, hourly_rates: Mapping[Asset, Decimal]) -> Decimal | None:
    """What the principal of both debts costs a day, in quote; None without debt, or when the rate of an owed coin is unknown."""
    owed = [
        (side.borrowed * price, hourly_rates.get(side.asset))
        for side, price in ((account.base, account.index_price), (account.quote, ONE))
        if side.borrowed > 0
    ]
    known = [value * rate for value, rate in owed if rate is not None]
    return sum(known, ZERO) * HOURS_A_DAY if account.owes and len(known) == len(owed) else None


@exact
def daily_rate_pct(account: IsolatedAccount, hourly_rates: Mapping[Asset, Decimal]) -> Decimal | None:
    """The same in % of what is owed."""
    interest = interest_per_day(account, hourly_rates)
    return None if interest is None else interest / liability_value(account) * 100


@exact
def danger_sign(account: IsolatedAccount) -> int:
    """+1 when the level rises with the index price (a fall is dangerous), -1 when it falls with it, 0 when it does not move."""
    slope = account.base.total * account.quote.liability - account.quote.total * account.base.liability
    return (slope > 0) - (slope < 0)


@exact
def price_at(account: IsolatedAccount, level: Decimal) -> Decimal | None:
    """The index price at which the margin level is `level`: (T q - Q) / (B - T b); None when no positive price does it.

    The level runs from Q/q (price 0) to B/b (price without end); a side that owes nothing stands for infinity. It does not
    run at all when one coin is neither held nor owed, as after all base was sold.
    """
    base, quote = account.base, account.quote
    if danger_sign(account) == 0:
        return None
    low, high = sorted((_ratio(quote.total, quote.liability), _ratio(base.total, base.liability)))
    if not low < level < high:
        return None
    return (level * quote.liability - quote.total) / (base.total - level * base.liability)


def tier_of(account: IsolatedAccount, tiers: tuple[Tier, ...]) -> Tier:
    """The pair's tier: the higher of the tiers that hold each debt; beyond the last row, the last. Raises: ValueError."""
    if not tiers:
        raise ValueError(f"{account.symbol}: the exchange listed no margin tiers")
    rising = sorted(tiers, key=lambda tier: tier.tier)
    for tier in rising:
        if account.base.liability <= tier.base_max_borrowable and account.quote.liability <= tier.quote_max_borrowable:
            return tier
    return rising[-1]


def liquidation_price(account: IsolatedAccount, tiers: tuple[Tier, ...]) -> Decimal | None:
    """The index price at which the exchange takes over; None without debt or when no price does it."""
    return price_at(account, tier_of(account, tiers).liquidation_level) if account.owes else None


@exact
def safety(account: IsolatedAccount, tiers: tuple[Tier, ...]) -> Decimal:
    """How many times the level at which the exchange takes over; of pairs with other tiers the smaller is nearer to it.

    Infinite without debt; the level itself before the pair's tiers are known.
    """
    level = deciding_level(account)
    if level is None:
        return Decimal("Infinity")
    return level / tier_of(account, tiers).liquidation_level if tiers else level


@exact
def distance_pct(account: IsolatedAccount, price: Decimal | None) -> Decimal | None:
    """How far the index must still move against the position to reach `price`, in % of the index; negative when passed."""
    if price is None:
        return None
    return (account.index_price - price) / account.index_price * 100 * (danger_sign(account) or 1)


@exact
def top_up_amount(account: IsolatedAccount, target: Decimal, then_repay: bool = True) -> Decimal:
    """Quote value to bring in from spot for the level to reach `target`: L - A/T when it repays, T L - A when it is held."""
    assets, owed = assets_value(account), liability_value(account)
    needed = owed - assets / target if then_repay else target * owed - assets
    return max(ZERO, needed)


@exact
def buy_back_quantity(liability: Decimal, next_interest: Decimal, free: Decimal, fee: Decimal, step: Decimal) -> Decimal:
    """Base to buy so that a base debt can be repaid although the fee comes off what is bought, rounded up to the step."""
    missing = liability + next_interest - free
    return ceil_step(missing / (ONE - fee), step) if missing > 0 else ZERO


@dataclass(frozen=True, slots=True)
class Deleverage:
    """A trade of gross `value` (quote) that lifts the level to the target once its proceeds are repaid; or why there is none."""

    value: Decimal | None
    because: str


@exact
def deleverage_value(
    account: IsolatedAccount, target: Decimal, cost: Decimal, tradable_value: Decimal, repayable_value: Decimal
) -> Deleverage:
    """s = (T L - A) / (T (1 - c) - 1): the gross value to trade, same form for a long (sell) and a short (buy back).

    cost: taker fee + expected slippage, as a share. tradable_value: the free coin to trade, in quote. repayable_value: the
    liability in the received asset, in quote. A `value` of None means: no such trade, unwind instead.
    """
    assets, owed, kept = assets_value(account), liability_value(account), ONE - cost
    if assets >= target * owed:
        return Deleverage(ZERO, f"the level is already at {target} or above")
    if assets * kept <= owed:
        return Deleverage(None, "after costs the assets would not cover the debt")
    value = (target * owed - assets) / (target * kept - ONE)  # above zero: the target is above the level, and that above 1 / kept
    if value > tradable_value:
        return Deleverage(None, f"it would take {value:.8f} and only {tradable_value:.8f} can be traded")
    if value * kept > repayable_value:
        return Deleverage(None, f"it would bring {value * kept:.8f} and only {repayable_value:.8f} is owed on that side")
    return Deleverage(value, f"trading {value:.8f} and repaying lifts the level to {target}")


@dataclass(frozen=True, slots=True)
class Fence:
    """The two prices nearest to now at which some rule changes its verdict; None where nothing waits on that side."""

    below: Decimal | None
    above: Decimal | None

    def crossed_by(self, price: Decimal) -> bool:
        """Whether a price lies on or beyond the fence."""
        return (self.below is not None and price <= self.below) or (self.above is not None and price >= self.above)


def fence(account: IsolatedAccount, levels: tuple[Decimal, ...], prices: tuple[Decimal, ...] = ()) -> Fence:
    """The fence in index terms around the account's index price, from rule levels and plain price triggers."""
    at_levels = (price_at(account, level) for level in levels)
    marks = [price for price in (*at_levels, *prices) if price is not None]
    now = account.index_price
    return Fence(
        max((mark for mark in marks if mark <= now), default=None),
        min((mark for mark in marks if mark > now), default=None),
    )


@exact
def in_book_terms(index_fence: Fence, book_mid: Decimal, index: Decimal) -> Fence:
    """A fence for prices of the exchange's own book: `index_fence x book_mid / index`, both of one look."""

    def moved(price: Decimal | None) -> Decimal | None:
        return None if price is None else price * book_mid / index

    return Fence(moved(index_fence.below), moved(index_fence.above))


def _price(account: IsolatedAccount, price: Decimal | None) -> Decimal:
    return account.index_price if price is None else price


def _ratio(total: Decimal, liability: Decimal) -> Decimal:
    return Decimal("Infinity") if liability == 0 else total / liability
