"""What the exchange does to pairs and accounts by its own will; actions of scenario files, one function each."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from marginbot.paper.books import cross_liquidation, liquidation, risk
from marginbot.paper.books.amounts import ZERO, half_up8
from marginbot.paper.books.listing import Delisting
from marginbot.paper.books.wallets import DEFAULT_UID

if TYPE_CHECKING:
    from marginbot.paper.books.world import World

HOUR = 3_600_000
MOST_HOURS = 10_000


def disable(world: World, symbol: str) -> None:
    """The exchange switches the customer's isolated account of the pair off, whatever is in it."""
    pair = world.pair(world.account(DEFAULT_UID), symbol)
    pair.enabled = pair.trade_enabled = False


def enable(world: World, symbol: str) -> None:
    pair = world.pair(world.account(DEFAULT_UID), symbol)
    pair.enabled = pair.trade_enabled = True


def delist(
    world: World, symbol: str | None = None, in_hours: str | float = 0, in_seconds: str | float = 0, asset: str | None = None
) -> None:
    """Announce that a pair leaves isolated margin, or an asset the cross account, so many hours and seconds from now.

    Parts of an hour may be text or a number. At that moment the exchange settles what is left by itself.
    """
    if (symbol is None) == (asset is None):
        raise ValueError("either a symbol leaves isolated margin, or an asset the cross account")
    if asset is not None and (world.terms(asset).asset == cross_liquidation.MONEY):
        raise ValueError(f"{asset} is what the cross account is settled in")
    if symbol is not None:
        world.market(symbol)
    at_ms = _moment(world, in_hours, in_seconds)
    world.announce(Delisting(at_ms, [asset] if asset else [], [symbol] if symbol else []))


def delist_spot(world: World, symbol: str, in_hours: str | float = 0, in_seconds: str | float = 0) -> None:
    """Announce that nothing can be traded on the pair any more so many hours and seconds from now."""
    world.market(symbol)
    world.announce(Delisting(_moment(world, in_hours, in_seconds), [], [], spot_symbols=[symbol]))


def auto_topup(world: World, symbol: str, on: bool = True) -> None:
    """The owner switches the exchange's own top-up of the pair on or off; a margin call is answered at once."""
    account = world.account(DEFAULT_UID)
    pair = world.pair(account, symbol)
    pair.auto_top_up = on
    liquidation.watch(world, account, pair, world.market(symbol))


def start_liquidation(world: World, symbol: str) -> None:
    """The price jumps to where the exchange takes the customer's position over; without debt nothing happens."""
    market, pair = world.market(symbol), world.pair(world.account(DEFAULT_UID), symbol)
    ratio = risk.pair_tier(market.listing, pair, world.config).liquidation_ratio
    price = risk.liquidation_price(pair, ratio)
    if not price or pair.liquidating_until is not None:
        return
    beyond = Decimal("0.999") if price < market.index else Decimal("1.001")
    world.set_price(symbol, half_up8(price * beyond))
    if liquidation.is_due(world, pair, market):
        liquidation.begin(world, world.account(DEFAULT_UID), pair)


def _moment(world: World, hours: str | float, seconds: str | float) -> int:
    ahead = Decimal(str(hours)) * HOUR + Decimal(str(seconds)) * 1000
    if not ZERO <= ahead <= MOST_HOURS * HOUR:
        raise ValueError(f"a delisting lies ahead, by at most {MOST_HOURS} hours")
    return world.now_ms + int(ahead)
