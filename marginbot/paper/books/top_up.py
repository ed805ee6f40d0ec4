"""Auto top-up of an isolated account: at its margin call the exchange moves money in from the spot wallet.

Source: api FAQ on isolated margin auto top-up: quote asset first, enough to reach the initial ratio of the tier.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from marginbot.paper.books import risk, transfers
from marginbot.paper.books.amounts import ZERO, ceil8
from marginbot.paper.books.market import Market
from marginbot.paper.books.records import Scope
from marginbot.paper.books.wallets import Account, IsolatedPair

if TYPE_CHECKING:
    from marginbot.paper.books.world import World


def act(world: World, account: Account, pair: IsolatedPair, market: Market) -> None:
    """Move in what is missing, as far as the spot wallet goes; nothing above the margin call, nor at liquidation."""
    listing, index = market.listing, market.index
    tier, level = risk.pair_tier(listing, pair, world.config), risk.margin_level(pair, index)
    if level is None or pair.liquidating_until is not None or not listing.isolated:
        return
    if not tier.liquidation_ratio < level <= tier.margin_call_ratio:
        return
    missing = tier.initial_ratio * risk.debt_value(pair, index) - risk.assets_value(pair, index)
    for asset, price in ((listing.quote, Decimal(1)), (listing.base, index)):
        amount = min(ceil8(missing / price), _room(world, account, pair, asset))
        if amount > 0:
            transfers.move_in(world, account, pair.symbol, asset, amount)
            missing -= amount * price
        if missing <= 0:
            return


def _room(world: World, account: Account, pair: IsolatedPair, asset: str) -> Decimal:
    """What the spot wallet has; before a delisting no more than the debt may come in."""
    free = account.wallet(Scope.SPOT, asset).free
    if not world.is_delisting(Scope.ISOLATED, pair.symbol, asset):
        return free
    listing = world.market(pair.symbol).listing
    return max(ZERO, min(free, account.balance(Scope.ISOLATED, listing, asset).debt))
